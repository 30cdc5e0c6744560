/**
 * Focus: what the user is typing in is the user's. A patch leaves its value and selection alone.
 */

/** Where the focus was before a patch. */
export interface FocusMemory {
  el: HTMLElement;
  selection: [start: number, end: number] | null;
}

/** The focused element and its selection, or null when nothing in particular has the focus. */
export function rememberFocus(): FocusMemory | null {
  const el = document.activeElement;
  if (!(el instanceof HTMLElement) || el === document.body) return null;
  return { el, selection: selectionOf(el) };
}

/** Gives the focus back, if a patch took it and the element is still there. */
export function restoreFocus(memory: FocusMemory | null): void {
  if (!memory?.el.isConnected) return;
  const { el, selection } = memory;
  if (document.activeElement !== el) el.focus({ preventScroll: true });
  const now = selectionOf(el);
  if (selection && now && (now[0] !== selection[0] || now[1] !== selection[1])) {
    (el as HTMLInputElement).setSelectionRange(...selection);
  }
}

/** Whether a patch must leave the state of this element alone while it has the focus. */
export function isEditable(el: Element): boolean {
  if (el instanceof HTMLInputElement) return el.type !== "button";
  if (el instanceof HTMLTextAreaElement || el instanceof HTMLSelectElement) return true;
  return (el.constructor as { formAssociated?: boolean }).formAssociated === true;
}

/** A select whose list of options is not what it was: its user has to see that. */
export function hasOtherOptions(el: Element, to: Element): boolean {
  if (!(el instanceof HTMLSelectElement) || el.multiple || !(to instanceof HTMLSelectElement)) return false;
  return [...el.options].map(optionKey).join("\n") !== [...to.options].map(optionKey).join("\n");
}

/** Patches a focused field: attributes only, and not those that hold the user's input. */
export function mergeFocused(el: Element, to: Element): void {
  if (el instanceof HTMLSelectElement) return; // browsers drop the highlighted option at any change
  const value = (el as HTMLInputElement).value;
  for (const { name, value: next } of to.attributes) {
    if (name === "value" && next !== value) continue;
    if (el.getAttribute(name) !== next) el.setAttribute(name, next);
  }
  for (const { name } of [...el.attributes]) {
    if (name !== "value" && !to.hasAttribute(name)) el.removeAttribute(name);
  }
}

function optionKey(option: HTMLOptionElement): string {
  return `${option.value}\t${option.text}`;
}

function selectionOf(el: Element): [number, number] | null {
  if (!(el instanceof HTMLInputElement || el instanceof HTMLTextAreaElement)) return null;
  const { selectionStart, selectionEnd } = el; // null for types without a text selection
  return selectionStart === null || selectionEnd === null ? null : [selectionStart, selectionEnd];
}
