/** Scroll: how far a page is scrolled, kept for the way back, and where a page begins that one has come to. */

/** Quiet time after which a scroll position is kept; milliseconds. */
const settleMs = 100;

/** Tells of each position that the page was left at for a moment; for the life of the page. */
export function keepScroll(keep: (scroll: number) => void): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  window.addEventListener("scroll", () => {
    clearTimeout(timer);
    timer = setTimeout(() => keep(window.scrollY), settleMs);
  });
}

/**
 * Scrolls once the page has been drawn: to a position that was kept, else to where the fragment of the address points.
 *
 * @param otherwise to scroll to when there is neither; undefined: the page stays where it is
 */
export function scrollTo(kept: number | undefined, otherwise?: number): void {
  requestAnimationFrame(() => {
    const target = kept === undefined && fragmentTarget();
    const position = kept ?? otherwise;
    if (target) target.scrollIntoView();
    else if (position !== undefined) window.scrollTo(0, position);
  });
}

function fragmentTarget(): Element | null {
  const name = window.location.hash.slice(1);
  if (name === "") return null;
  const id = decoded(name);
  return document.getElementById(id) ?? document.querySelector(`a[name="${CSS.escape(id)}"]`);
}

function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment; // a lone percent sign
  }
}
