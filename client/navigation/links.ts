/**
 * Live links: which clicks on which links are ours to follow, and which are the browser's.
 *
 *   <a href="/rows?page=2" data-phx-link="patch" data-phx-link-state="push">     same view, other params
 *   <a href="/rows/1" data-phx-link="redirect" data-phx-link-state="replace">    another view
 *
 * The browser's: a click with another button or a modifier key, which wants a new tab or a download; a link with
 * `download`, with a `target` other than its own tab, or to another site.
 */

/** Where a live link leads. */
export interface LiveLink {
  readonly kind: "patch" | "redirect";
  /** What becomes of the present entry of the browser's history. */
  readonly history: "push" | "replace";
  /** Absolute address. */
  readonly href: string;
}

type Click = Pick<MouseEvent, "button" | "ctrlKey" | "shiftKey" | "metaKey" | "altKey" | "defaultPrevented">;

/** Follow the link here, and nothing else: what a click without further ado asks for. */
export function isPlainClick({ button, ctrlKey, shiftKey, metaKey, altKey, defaultPrevented }: Click): boolean {
  return button === 0 && !(ctrlKey || shiftKey || metaKey || altKey || defaultPrevented);
}

/**
 * @param el an element with `data-phx-link`
 * @param baseUrl completes its address
 * @returns null when the browser should follow it
 * @throws {Error} when its attributes have values that nothing is known by
 */
export function liveLink(el: Pick<Element, "getAttribute" | "hasAttribute">, baseUrl: string): LiveLink | null {
  const kind = oneOf(el, "data-phx-link", ["patch", "redirect"]);
  const history = oneOf(el, "data-phx-link-state", ["push", "replace"]);
  const href = el.getAttribute("href") ?? el.getAttribute("xlink:href"); // the latter in an SVG
  if (href === null || el.hasAttribute("download") || !/^(?:_self)?$/i.test(el.getAttribute("target") ?? "")) {
    return null;
  }
  const url = new URL(href, baseUrl);
  return url.origin === new URL(baseUrl).origin ? { kind, history, href: url.href } : null;
}

function oneOf<const Value extends string>(
  el: Pick<Element, "getAttribute">,
  name: string,
  values: readonly [Value, Value],
): Value {
  const value = el.getAttribute(name);
  const known = values.find((one) => one === value);
  if (known === undefined) throw new Error(`Link: expected ${name} to be "${values.join('" or "')}", got "${value}".`);
  return known;
}
