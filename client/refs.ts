/**
 * Refs: what the user did and the server has not answered yet, as it shows on the elements involved.
 *
 *   click ──▶ hold(ref 7) ──▶ element: class phx-click-loading, locked
 *                                │
 *                                │   patches meanwhile go to a copy beside the page
 *                                ▼
 *   reply to 7 ──▶ release(7) ──▶ class removed, copy morphed in
 *
 * A release of ref n releases all that is held by n or an earlier ref; what a later event holds stays held. Of locks
 * inside of each other the outermost one has the copy, and the inner element lives on in it.
 * Cost: an entry per held element; a copy only if a patch comes while it is locked.
 */

/** One element's part in an event. */
export interface Hold {
  el: Element;
  /** Class shown until the reply. */
  loading: string;
  /** Keep patches away until the reply. */
  lock: boolean;
  /** Buttons disabled and inputs read-only until the reply: a form that is being submitted. */
  freeze?: boolean;
}

interface Held {
  loadingRef: number;
  lockRef: number | null;
  classes: Set<string>;
  /** Undoes what the hold changed beyond classes, on this element or on a copy of it. */
  restore: ((el: Element) => void)[];
  copy: Element | null;
}

/** Values that copies had when they were made, to tell later whether a patch changed them. */
type FieldValues = WeakMap<Element, { value: string; checked: boolean }>;

export class Refs {
  readonly #container: Element;
  readonly #held = new Map<Element, Held>();
  readonly #copiedFields: FieldValues = new WeakMap();
  #lastRef = -1;

  /** @param container element of the view that the events belong to */
  constructor(container: Element) {
    this.#container = container;
  }

  /** Starts an event that involves these elements. */
  hold(holds: readonly Hold[]): number {
    this.#lastRef += 1;
    const ref = this.#lastRef;
    for (const { el, loading, lock, freeze } of holds) {
      const held = this.#entry(el);
      held.loadingRef = ref;
      if (lock) held.lockRef = ref;
      held.classes.add(loading);
      if (held.restore.length === 0) held.restore = [...(freeze ? freezeField(el) : []), ...showDisableText(el)];
      el.classList.add(loading);
      el.setAttribute("data-phx-ref-src", this.#container.id);
      el.setAttribute("data-phx-ref-loading", String(ref));
      if (lock) el.setAttribute("data-phx-ref-lock", String(ref));
    }
    return ref;
  }

  /**
   * The server has answered the event, and so all before it.
   *
   * @param unlock called with each element that got unlocked and the copy that took its patches
   */
  release(ref: number, unlock: (el: Element, copy: Element) => void): void {
    for (const [el, held] of this.#held) {
      if (held.loadingRef > ref) continue;
      this.#held.delete(el);
      undo(el, held);
      if (held.copy && el.isConnected) unlock(el, held.copy);
    }
  }

  /** The view starts anew: nothing is awaited any more, copies are dropped. */
  releaseAll(): void {
    for (const [el, held] of this.#held) undo(el, held);
    this.#held.clear();
  }

  isHeld(el: Element): boolean {
    return this.#held.has(el);
  }

  /** The outermost locked element that is or contains this one. */
  outermostLock(el: Element): Element | null {
    let outermost: Element | null = null;
    for (let at: Element | null = el; at && at !== this.#container; at = at.parentElement) {
      if (this.isLocked(at)) outermost = at;
    }
    return outermost;
  }

  isLocked(el: Element): boolean {
    return (this.#held.get(el)?.lockRef ?? null) !== null;
  }

  /** The copy that takes the patches of a locked element; made by the first of them. */
  copyOf(locked: Element): Element {
    const held = this.#held.get(locked)!;
    held.copy ??= this.#copy(locked);
    return held.copy;
  }

  /** The copies that exist. */
  copies(): Element[] {
    return [...this.#held.values()].flatMap(({ copy }) => (copy ? [copy] : []));
  }

  /** Before a patch of a held element: what is shown while waiting is no business of the server's HTML. */
  carryOver(el: Element, to: Element): void {
    const held = this.#held.get(el);
    if (!held) return;
    for (const name of held.classes) to.classList.add(name);
    for (const name of ["data-phx-ref-src", "data-phx-ref-loading", "data-phx-ref-lock"]) {
      const value = el.getAttribute(name);
      if (value !== null) to.setAttribute(name, value);
    }
  }

  /** Before a copy is morphed in: fields that no patch changed keep what the user entered since the copy was made. */
  keepUserInput(el: Element, copy: Element): void {
    const before = this.#copiedFields.get(copy);
    if (!before || !isField(el) || !isField(copy) || copy.value !== before.value) return;
    if (copy.value !== el.value) copy.value = el.value;
    if (isCheckable(el) && isCheckable(copy) && copy.checked === before.checked) copy.checked = el.checked;
  }

  #entry(el: Element): Held {
    let held = this.#held.get(el);
    if (!held) {
      held = { loadingRef: 0, lockRef: null, classes: new Set(), restore: [], copy: null };
      this.#held.set(el, held);
    }
    return held;
  }

  #copy(locked: Element): Element {
    const copy = locked.cloneNode(true) as Element;
    const originals = [locked, ...locked.querySelectorAll("*")];
    [copy, ...copy.querySelectorAll("*")].forEach((el, i) => {
      const original = originals[i]!;
      const held = this.#held.get(original);
      if (held) undo(el, held);
      if (isField(el)) {
        if (isField(original) && el.value !== original.value) el.value = original.value;
        this.#copiedFields.set(el, { value: el.value, checked: isCheckable(el) && el.checked });
      }
    });
    return copy;
  }
}

/** @param el the held element, or the copy of it */
function undo(el: Element, held: Held): void {
  el.classList.remove(...held.classes);
  if (el.classList.length === 0 && el.getAttribute("class") === "") el.removeAttribute("class");
  for (const name of ["data-phx-ref-src", "data-phx-ref-loading", "data-phx-ref-lock"]) el.removeAttribute(name);
  for (const restore of held.restore) restore(el);
}

function freezeField(el: Element): ((el: Element) => void)[] {
  const name = freezingAttribute(el);
  if (name === null || el.hasAttribute(name)) return [];
  el.setAttribute(name, "");
  el.setAttribute(`data-phx-${name}`, "false");
  return [
    (frozen) => {
      frozen.removeAttribute(name);
      frozen.removeAttribute(`data-phx-${name}`);
    },
  ];
}

/** Fields stay readable while they wait; what can only be pressed is disabled. */
function freezingAttribute(el: Element): "readonly" | "disabled" | null {
  if (el instanceof HTMLTextAreaElement) return "readonly";
  if (el instanceof HTMLButtonElement) return "disabled";
  if (!(el instanceof HTMLInputElement)) return null;
  return /^(?:file|submit|button|reset|image)$/.test(el.type) ? "disabled" : "readonly";
}

function showDisableText(el: Element): ((el: Element) => void)[] {
  const text = el.getAttribute("phx-disable-with");
  if (text === null) return [];
  const shown = el.textContent ?? "";
  const disabled = el.hasAttribute("disabled") && !el.hasAttribute("data-phx-disabled");
  if (text !== "") el.textContent = text;
  el.setAttribute("disabled", "");
  el.setAttribute("data-phx-disable-with-restore", shown);
  return [
    (waiting) => {
      if (waiting.textContent === text) waiting.textContent = shown;
      if (!disabled) waiting.removeAttribute("disabled");
      waiting.removeAttribute("data-phx-disable-with-restore");
    },
  ];
}

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

function isField(el: Element): el is Field {
  return el instanceof HTMLInputElement || el instanceof HTMLTextAreaElement || el instanceof HTMLSelectElement;
}

function isCheckable(el: Element): el is HTMLInputElement {
  return el instanceof HTMLInputElement && (el.type === "checkbox" || el.type === "radio");
}
