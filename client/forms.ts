/**
 * Forms: what a form says, as the server reads it.
 *
 *   name "user[email]", never touched   ->   _unused_user[email]=&user[email]=
 *   name "user[name]", typed "a"        ->   user[name]=a
 *
 * The markers tell the server which fields not to complain about yet.
 */

/** What the rule of the markers needs to know about one control. */
export interface FieldInfo {
  name: string;
  hidden: boolean;
  /** The user has changed it, or submitted its form, or it wants no markers. */
  used: boolean;
}

export interface EncodeOptions {
  /** Name of the button that submitted the form: never marked. */
  submitter?: string | undefined;
  /** Only the pairs of this name. */
  only?: string | undefined;
  /** No markers at all. */
  unmarked?: boolean;
}

/**
 * Encodes name-value pairs as `application/x-www-form-urlencoded`, with a marker before each pair whose name was not
 * used yet: no control of that name was, and they are not all hidden.
 */
export function encodePairs(
  pairs: Iterable<readonly [name: string, value: string]>,
  fields: Iterable<FieldInfo>,
  { submitter, only, unmarked = false }: EncodeOptions = {},
): string {
  const quiet = new Set<string>(); // names that get no marker
  const visible = new Set<string>();
  for (const { name, hidden, used } of fields) {
    if (used) quiet.add(name);
    if (!hidden) visible.add(name);
  }
  const encoded = new URLSearchParams();
  for (const [name, value] of pairs) {
    if (only !== undefined && name !== only) continue;
    const marked = !unmarked && visible.has(name) && !quiet.has(name) && name !== submitter;
    if (marked) encoded.append(unusedName(name), "");
    encoded.append(name, value);
  }
  return encoded.toString();
}

/** `user[tags][]` -> `user[_unused_tags][]`: the marker stands before the last segment that has a name. */
export function unusedName(name: string): string {
  return name.replace(/([^[\]]+)(\]?(?:\[\])*)$/, "_unused_$1$2");
}

const used = new WeakSet<Element>();

/** The user has changed this control. */
export function markUsed(input: Element): void {
  used.add(input);
}

/** The user has submitted the form: all of it counts as used. */
export function markAllUsed(form: HTMLFormElement): void {
  for (const input of form.elements) used.add(input);
}

/** The form was reset: nothing in it was used. */
export function forgetUsed(form: HTMLFormElement): void {
  for (const input of form.elements) used.delete(input);
}

/** Whether the user has changed this control, or submitted its form. */
export function isUsedInput(input: Element): boolean {
  return used.has(input);
}

/**
 * The form's present content, files left out.
 *
 * @param submitter the button that submits it; takes part, at its place
 * @param only the name of the only field to take
 */
export function serializeForm(form: HTMLFormElement, submitter?: HTMLElement | null, only?: string): string {
  const pairs = [...formData(form, submitter).entries()].filter(
    (pair): pair is [string, string] => typeof pair[1] === "string",
  );
  const fields: FieldInfo[] = [];
  for (const input of form.elements) {
    const { name, type } = input as HTMLInputElement;
    if (!name) continue;
    const isUsed = used.has(input) || input.hasAttribute("phx-no-unused-field");
    fields.push({ name, hidden: type === "hidden", used: isUsed });
  }
  return encodePairs(pairs, fields, {
    submitter: submitter?.getAttribute("name") || undefined,
    only,
    unmarked: form.hasAttribute("phx-no-unused-field"),
  });
}

function formData(form: HTMLFormElement, submitter?: HTMLElement | null): FormData {
  try {
    return new FormData(form, submitter);
  } catch {
    // Browsers before 2023 know no second argument; some scripts name a submitter that is none of this form's.
    const data = new FormData(form);
    const name = submitter?.getAttribute("name");
    if (name) data.append(name, submitter?.getAttribute("value") ?? "");
    return data;
  }
}

const submitters = new WeakMap<HTMLFormElement, HTMLElement>();

/** Remembers which button submitted the form last, for `submitNatively`. */
export function rememberSubmitter(form: HTMLFormElement, submitter: HTMLElement | null): void {
  if (submitter) submitters.set(form, submitter);
  else submitters.delete(form);
}

/** Submits over HTTP, with the button that submitted the form last. */
export function submitNatively(form: HTMLFormElement): void {
  const submitter = submitters.get(form);
  const name = submitter?.getAttribute("name");
  if (submitter?.isConnected && name) {
    const stand = document.createElement("input");
    stand.type = "hidden";
    stand.name = name;
    stand.value = submitter.getAttribute("value") ?? "";
    if (submitter.hasAttribute("form")) stand.setAttribute("form", submitter.getAttribute("form")!);
    submitter.before(stand);
  }
  // Not form.submit(): a control named "submit" would be in the way.
  HTMLFormElement.prototype.submit.call(form);
}
