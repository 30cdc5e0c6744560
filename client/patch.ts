/**
 * Patch: brings the page to what the HTML says, and leaves alone what is not the HTML's to say.
 *
 *   locked element            the copy beside the page is patched instead (refs.ts)
 *   data-phx-skip             untouched
 *   phx-update="ignore"       only its data attributes
 *   phx-update="stream"       its items by the stream's operations (streams.ts)
 *   a portal's template       its content, which then is morphed where it stands on the page (portals.ts)
 *   another view's container  its attributes; never its content, session and connection state
 *   the focused field         its attributes; never what the user entered (focus.ts)
 *   anything else             as the server says, attributes and children
 *
 * Cost: morphdom looks at the whole of what it is given, twice; so it is given the smallest root that changed.
 */
import type { WireStream } from "../liveview/protocol.ts";
import { mergeContainer } from "./container.ts";
import { hasOtherOptions, isEditable, mergeFocused, rememberFocus, restoreFocus } from "./focus.ts";
import { morph as morphTree } from "./morph.ts";
import { isPortal, Portals, teleported, teleportedOf } from "./portals.ts";
import type { Refs } from "./refs.ts";
import { StreamOps } from "./streams.ts";
import type { Mark } from "./templates.ts";
import type { Patch } from "./tree.ts";

/** What a patch did, beyond changing the page. */
export interface PatchOutcome {
  /** Components whose elements left the page with this patch; they may be elsewhere on it. */
  removedCids: Set<number>;
  /** The page did not have what the patch took for granted: the view must be rendered in full. */
  incomplete: boolean;
  /** A form that the patch asks to submit natively. */
  triggered: HTMLFormElement | null;
}

interface Morph {
  /** The page comes from elsewhere (first HTML, earlier connection): only ids tell what is what. */
  join: boolean;
  /** null while a lock's copy is morphed in: there a stream's children are ordinary children. */
  streams: StreamOps | null;
  focused: Element | null;
  portals: Portals;
  outcome: PatchOutcome;
}

export class Patcher {
  readonly #container: Element;
  readonly #refs: Refs;
  /** By magic id, what earlier patches of the same message have taken from the page: a later one may show it elsewhere. */
  readonly #taken = new Map<string, Element>();

  /** @param container the view's element; its content is patched, itself never */
  constructor(container: Element, refs: Refs) {
    this.#container = container;
    this.#refs = refs;
  }

  /** The element on the page that was rendered with this mark. */
  find(mark: Mark): Element | null {
    const byId = mark.domId && document.getElementById(mark.domId);
    if (byId && byId.getAttribute("data-phx-id") === mark.magicId) return byId;
    const within = this.#container.querySelector(markSelector(mark));
    if (within) return within;
    for (const el of teleportedOf(this.#container.id)) {
      const found = el.matches(markSelector(mark)) ? el : el.querySelector(markSelector(mark));
      if (found) return found;
    }
    return null;
  }

  /** @param joined after a join: the patch's HTML, from `parse` */
  apply({ root, html, streams }: Patch, joined: Element | null = null): PatchOutcome {
    const morph = this.#begin(joined !== null, streams);
    const onPage = root ? this.find(root) : this.#container;
    const target = root && onPage ? this.#unlessLocked(onPage, root) : onPage;
    if (!onPage || !target) {
      morph.outcome.incomplete = true;
      return morph.outcome;
    }
    const focus = rememberFocus();
    const source = root
      ? parse(html, onPage.parentElement!).firstElementChild!
      : (joined ?? parse(html, this.#container));
    for (const id of morph.streams!.deletes) this.#deleteItem(id, morph);
    morph.streams!.prepare(source, (item) => this.#removedTree(item, morph));
    if (root && keyOf(target, morph.join) !== keyOf(source, morph.join)) this.#replace(target, source, morph);
    else this.#morph(target, source, morph, root === null);
    this.#movePortals(morph);
    restoreFocus(focus);
    return morph.outcome;
  }

  /** All patches of a message have been applied. */
  settle(): void {
    this.#taken.clear();
  }

  /** The view leaves the page: so does what it has elsewhere. */
  removeTeleported(): void {
    for (const el of teleportedOf(this.#container.id)) el.remove();
  }

  /** Brings an element that was locked up to date with the copy that took its patches. */
  unlock(el: Element, copy: Element): PatchOutcome {
    const morph = this.#begin(false, null);
    const focus = rememberFocus();
    this.#morph(el, copy, morph, false);
    this.#movePortals(morph);
    restoreFocus(focus);
    return morph.outcome;
  }

  /** The HTML as elements that are not part of the page: nothing in them loads or runs. */
  parse(html: string): Element {
    return parse(html, this.#container);
  }

  #begin(join: boolean, streams: readonly WireStream[] | null): Morph {
    const outcome: PatchOutcome = { removedCids: new Set(), incomplete: false, triggered: null };
    return {
      join,
      streams: streams && new StreamOps(streams),
      focused: document.activeElement,
      portals: new Portals(),
      outcome,
    };
  }

  /** What to patch for an element: itself, or its counterpart in the copy of the lock around it. */
  #unlessLocked(el: Element, mark: Mark): Element | null {
    const lock = this.#refs.outermostLock(el);
    if (!lock) return el;
    const copy = this.#refs.copyOf(lock);
    return lock === el ? copy : copy.querySelector(markSelector(mark));
  }

  #morph(target: Element, source: Element, morph: Morph, childrenOnly: boolean): void {
    morphTree(target, source, {
      childrenOnly,
      getNodeKey: (node) => (node instanceof Element ? keyOf(node, morph.join) : null),
      onBeforeElUpdated: (el, to) => this.#beforeUpdate(el, to, morph),
      onElUpdated: (el) => noteTrigger(el, morph),
      onBeforeElChildrenUpdated: (el, to) => {
        if (!morph.streams || el.getAttribute("phx-update") !== "stream") return true;
        this.#patchStream(el, to, morph);
        return false;
      },
      onNodeAdded: (node) => this.#added(node, morph),
      // What a portal has brought here is not the server's HTML of this place.
      onBeforeNodeDiscarded: (node) => !(node instanceof Element && node.hasAttribute("data-phx-teleported")),
      onNodeDiscarded: (node) => this.#removed(node, morph),
    });
  }

  #movePortals(morph: Morph): void {
    morph.portals.move(
      this.#container.id,
      (el, to) => this.#morph(el, to, morph, false),
      (el) => this.#added(el, morph),
    );
  }

  /** @returns false to leave the element alone, or the element to go on with */
  #beforeUpdate(el: Element, to: Element, morph: Morph): false | Element {
    if (to.hasAttribute("data-phx-skip")) return false;
    if (isPortal(el) && isPortal(to)) return mergePortal(el, to, morph);
    if (el.hasAttribute("data-phx-session")) return mergeContainer(el, to);
    if (isIgnored(el)) return mergeDataset(el, to);
    if (el instanceof HTMLInputElement && el.type === "number" && el.validity.badInput) return false;
    if (morph.streams && this.#refs.isLocked(el)) return this.#refs.copyOf(el);
    this.#refs.carryOver(el, to);
    if (!morph.streams) this.#refs.keepUserInput(el, to);
    const stream = el.getAttribute("data-phx-stream");
    if (stream !== null && !to.hasAttribute("data-phx-stream")) to.setAttribute("data-phx-stream", stream);
    if (el === morph.focused && isEditable(el) && !isOpenToPatches(el, to)) {
      if (!hasOtherOptions(el, to)) {
        mergeFocused(el, to);
        return false;
      }
      (el as HTMLElement).blur(); // or the browser's own list would go on showing the old options
    }
    return el;
  }

  #patchStream(container: Element, to: Element, morph: Morph): void {
    morph.streams!.patch(container, to, morph.join, {
      update: (item, next) => this.#morph(item, next, morph, false),
      added: (item) => {
        for (const el of [item, ...item.querySelectorAll("*")]) this.#added(el, morph);
      },
      removed: (item) => this.#removedTree(item, morph),
    });
  }

  #deleteItem(id: string, morph: Morph): void {
    const item = document.getElementById(id);
    const lock = item && this.#refs.outermostLock(item);
    if (lock) this.#refs.copyOf(lock);
    else if (item && this.#owns(item)) {
      item.remove();
      this.#removedTree(item, morph);
    }
    for (const copy of this.#refs.copies()) copy.querySelector(`#${CSS.escape(id)}`)?.remove();
  }

  /** Is it in this view's own HTML, where that stands or where a portal has taken it? Nested views have their own. */
  #owns(item: Element): boolean {
    const root = item.parentElement?.closest("[data-phx-session], [data-phx-teleported]");
    return (root?.getAttribute("data-phx-teleported") ?? root?.id) === this.#container.id;
  }

  #replace(target: Element, source: Element, morph: Morph): void {
    target.replaceWith(source);
    this.#removedTree(target, morph);
    for (const el of [source, ...source.querySelectorAll("*")]) this.#added(el, morph);
  }

  #added(node: Node, morph: Morph): void {
    if (!(node instanceof Element)) return;
    if (node.hasAttribute("data-phx-skip")) this.#bring(node, morph);
    if (isPortal(node)) morph.portals.note(node);
    noteTrigger(node, morph);
  }

  /** A placeholder has come to where nothing stood: what it stands for is elsewhere, or has just been taken away. */
  #bring(placeholder: Element, morph: Morph): void {
    const magicId = placeholder.getAttribute("data-phx-id")!;
    const within = (root: Element): Element | undefined =>
      [...root.querySelectorAll(`[data-phx-id="${CSS.escape(magicId)}"]`)].find((one) => one !== placeholder);
    // In the copy of a lock it is not to be taken from the page, as long as the copy has it too.
    let top = placeholder;
    while (top.parentElement) top = top.parentElement;
    const el = within(top) ?? within(this.#container) ?? this.#taken.get(magicId);
    if (el) placeholder.replaceWith(el);
    else morph.outcome.incomplete = true;
  }

  #removed(node: Node, morph: Morph): void {
    if (!(node instanceof Element)) return;
    const magicId = node.getAttribute("data-phx-id");
    if (magicId) this.#taken.set(magicId, node);
    if (isPortal(node)) this.#removePortal(node, morph);
    const { outcome } = morph;
    if (node.getAttribute("data-phx-view") !== this.#container.id) return;
    outcome.removedCids.add(Number(node.getAttribute("data-phx-component")));
  }

  #removedTree(root: Element, morph: Morph): void {
    for (const el of [root, ...root.querySelectorAll("[data-phx-component], [data-phx-portal]")])
      this.#removed(el, morph);
  }

  #removePortal(template: HTMLTemplateElement, morph: Morph): void {
    const content = teleported(template);
    content?.remove();
    if (content) this.#removedTree(content, morph);
  }
}

function keyOf(el: Element, join: boolean): string | null {
  return el.id || (join ? null : el.getAttribute("data-phx-id"));
}

function markSelector({ magicId }: Mark): string {
  return `[data-phx-id="${CSS.escape(magicId)}"]`;
}

/** Parsed as content of the given element: rows in a table body, shapes in an SVG. */
function parse(html: string, context: Element): Element {
  // The document behind templates: nothing in it loads, runs or is upgraded.
  const root = document.createElement("template").content.ownerDocument.importNode(context, false);
  root.innerHTML = html;
  return root;
}

function isIgnored(el: Element): boolean {
  return el.getAttribute("phx-update") === "ignore" || el.getAttribute("data-phx-update") === "ignore";
}

/** The exceptions from "what the user is editing is the user's". */
function isOpenToPatches(el: Element, to: Element): boolean {
  return el.getAttribute("type") === "hidden" || to.hasAttribute("phx-patch-focused");
}

function mergeDataset(el: Element, to: Element): false {
  for (const { name, value } of to.attributes) {
    if (name.startsWith("data-") && el.getAttribute(name) !== value) el.setAttribute(name, value);
  }
  for (const { name } of [...el.attributes]) {
    if (name.startsWith("data-") && !name.startsWith("data-phx-") && !to.hasAttribute(name)) el.removeAttribute(name);
  }
  return false;
}

/** The template on the page keeps the content last sent for it: where that was skipped, what is shown is left alone. */
function mergePortal(el: HTMLTemplateElement, to: HTMLTemplateElement, { portals }: Morph): false {
  for (const { name, value } of to.attributes) if (el.getAttribute(name) !== value) el.setAttribute(name, value);
  el.content.replaceChildren(to.content.cloneNode(true));
  portals.note(el);
  return false;
}

function noteTrigger(el: Element, { outcome }: Morph): void {
  if (el instanceof HTMLFormElement && el.hasAttribute("phx-trigger-action")) outcome.triggered = el;
}
