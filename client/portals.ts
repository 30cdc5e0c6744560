/**
 * Portals: content of a view that stands elsewhere on the page.
 *
 *   in the view    <template id="p" data-phx-portal="#target"><div id="w">...</div></template>
 *   elsewhere      <div id="target">... <div id="w" data-phx-teleported="<view id>" data-phx-teleported-src="p">...</div></div>
 *
 * After each patch what a template holds is brought to the end of its target, or morphed there. It belongs to the view of
 * the template in all that it does, and goes with the template.
 */

/** Portals in portals. */
const maxDepth = 5;

export type PortalTemplate = HTMLTemplateElement;

export function isPortal(el: Element): el is PortalTemplate {
  return el instanceof HTMLTemplateElement && el.hasAttribute("data-phx-portal");
}

/** The template that the content around this element comes from; null: it is where it belongs. */
export function portalSource(el: Element): Element | null {
  const id = el.closest("[data-phx-teleported-src]")?.getAttribute("data-phx-teleported-src");
  return id ? document.getElementById(id) : null;
}

/** The element with the content of this template, if it is on the page. */
export function teleported(template: PortalTemplate): Element | null {
  const id = template.content.firstElementChild?.id;
  const el = id ? document.getElementById(id) : null;
  return el?.getAttribute("data-phx-teleported-src") === template.id ? el : null;
}

/** Everything of this view that stands elsewhere. */
export function teleportedOf(viewId: string): Element[] {
  return [...document.querySelectorAll(`[data-phx-teleported="${CSS.escape(viewId)}"]`)];
}

/** Whether the element contains the other one, also by way of a portal. */
export function containsThroughPortals(el: Element, other: Element): boolean {
  for (let at: Element | null = other; at !== null; at = portalSource(at)) if (el.contains(at)) return true;
  return false;
}

/** What was found to be moved during a patch. */
export class Portals {
  #waiting = new Set<PortalTemplate>();

  /** A template came, or its content is another. */
  note(template: PortalTemplate): void {
    this.#waiting.add(template);
  }

  /**
   * Brings the content of the templates to where it goes, and that of those in it.
   *
   * @param morph brings an element on the page to what another says
   * @param added called with elements that are new
   */
  move(viewId: string, morph: (el: Element, to: Element) => void, added: (el: Element) => void): void {
    for (let depth = 0; this.#waiting.size > 0; depth++) {
      if (depth === maxDepth) throw new Error(`Portals: expected at most ${maxDepth} within each other, got more.`);
      const templates = this.#waiting;
      this.#waiting = new Set();
      for (const template of templates) if (template.isConnected) this.#teleport(template, viewId, morph, added);
    }
  }

  #teleport(
    template: PortalTemplate,
    viewId: string,
    morph: (el: Element, to: Element) => void,
    added: (el: Element) => void,
  ): void {
    const selector = template.getAttribute("data-phx-portal")!;
    const target = document.querySelector(selector);
    if (target === null)
      throw new Error(`Portal "${template.id}": expected an element to match "${selector}", got none.`);
    const content = template.content.firstElementChild;
    if (content === null || content.hasAttribute("data-phx-skip")) return;
    if (!content.id) throw new Error(`Portal "${template.id}": expected its one element to have an id, got none.`);
    const next = document.importNode(content, true);
    next.setAttribute("data-phx-teleported", viewId);
    next.setAttribute("data-phx-teleported-src", template.id);
    const present = document.getElementById(content.id);
    if (present === null) {
      target.append(next);
      for (const el of [next, ...next.querySelectorAll("*")]) added(el);
      return;
    }
    if (!target.contains(present)) target.append(present);
    morph(present, next);
  }
}
