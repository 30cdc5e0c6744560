/**
 * Morph: the library that brings one DOM tree to the shape of another, behind the one type we rely on.
 */
import morphdom from "morphdom";

export interface MorphOptions {
  childrenOnly: boolean;
  /** What identifies an element among its like. */
  getNodeKey(node: Node): string | null;
  /** false leaves the element alone; an element is gone on with, in place of the one on the page. */
  onBeforeElUpdated(el: Element, to: Element): false | Element;
  onElUpdated(el: Element): void;
  /** false leaves the children alone. */
  onBeforeElChildrenUpdated(el: Element, to: Element): boolean;
  onNodeAdded(node: Node): void;
  /** false leaves the node where it is. */
  onBeforeNodeDiscarded(node: Node): boolean;
  onNodeDiscarded(node: Node): void;
}

/** Morphs `from` into `to`, using up `to`. */
// The library's own types know neither its default export under ESM nor what `onBeforeElUpdated` may return.
export const morph = morphdom as unknown as (from: Element, to: Element, options: MorphOptions) => Node;
