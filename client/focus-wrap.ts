/**
 * Focus wraps: elements that keep the focus within, as dialogs do.
 *
 *   <div id="w" phx-hook="Phoenix.FocusWrap">
 *     <div id="w-start" tabindex="0">    gets the focus from inside (shift-tab): the last one takes it
 *       ...
 *     <div id="w-end" tabindex="0">      gets it from inside (tab): the first one takes it
 *
 * From outside, both give it to the nearest of what is between them. A wrap that comes to the page takes the focus.
 */

const wrapSelector = "[phx-hook='Phoenix.FocusWrap']";
const focusable = "a,area,input,select,textarea,button,iframe,[tabindex]";

const seen = new WeakSet<Element>();

/** Starts to keep the focus where it belongs, for the life of the page. */
export function bindFocusWraps(): void {
  window.addEventListener("focusin", ({ target, relatedTarget }) => {
    const wrap = target instanceof HTMLElement ? target.parentElement : null;
    if (!wrap?.matches(wrapSelector)) return;
    const isStart = target === wrap.firstElementChild;
    if (!isStart && target !== wrap.lastElementChild) return;
    const fromInside = relatedTarget instanceof Node && wrap.contains(relatedTarget);
    // From inside the focus goes round; from outside it goes on in its direction.
    focusIn(wrap, isStart !== fromInside);
  });
}

/** After a patch: wraps that are new, and shown, take the focus, unless it is in them already. */
export function focusNewWraps(): void {
  for (const wrap of document.querySelectorAll(wrapSelector)) {
    if (seen.has(wrap)) continue;
    seen.add(wrap);
    if (wrap.contains(document.activeElement)) continue;
    wrap.addEventListener("phx:show-end", () => focusIn(wrap, true));
    if (getComputedStyle(wrap).display !== "none") focusIn(wrap, true);
  }
}

/** Focuses the first of what can have the focus between the wrap's two ends, or the last. */
function focusIn(wrap: Element, first: boolean): void {
  const inside = [...wrap.querySelectorAll<HTMLElement>(focusable)].slice(1, -1);
  for (const el of first ? inside : inside.reverse()) {
    if (el.ariaHidden === "true") continue;
    el.focus(); // in vain on what is disabled or not shown
    if (document.activeElement === el) return;
  }
}
