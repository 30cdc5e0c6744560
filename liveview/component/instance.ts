/**
 * Instance: one component of one view, from its first render until the browser has forgotten it.
 *
 *   new ──mount──▷ running ──crash inside its boundary──▷ failed ──restart──▷ new, under the same cid
 *                     │ shown no more: the browser says "will destroy"
 *                     ▼
 *                  marked ──shown again──▷ running: sent in full, for the browser may have dropped it
 *                     │ "destroyed"
 *                     ▼
 *                   gone
 */
import type { Process } from "../../kernel/process.ts";
import type { TemplateNode } from "../diff/cells.ts";
import { StreamRefs } from "../diff/stream-refs.ts";
import { TrackedRender } from "../diff/tracked-render.ts";
import type { Failure, Guard } from "./boundary.ts";
import type { ComponentSocket } from "./component-socket.ts";
import type { ComponentUse, Props } from "./component-use.ts";

export class Instance {
  readonly cid: number;
  /** As it was last shown. */
  use: ComponentUse;
  /** What `update` gets: those of `use`, and what was sent since. */
  props: Props;
  /** In whose tree it stands; null: the view's own. */
  owner: Instance | null;
  /**
   * How deep it stands: 1 in the view's own tree. Those in items of a stream, of which no tree is kept, learn that they
   * have moved along with that only when they are shown again; it says in which order to render, and no more.
   */
  depth: number;
  /** It has been an owner. */
  hasShown = false;
  /** Null: not mounted, or crashed. */
  socket: ComponentSocket | null = null;
  /** Its own, for messages; null: it takes none. */
  process: Process | null = null;
  /** What the client has; null: nothing that could be relied on. */
  node: TemplateNode | null = null;
  /** Components in its tree, once that was asked for since the last render. */
  shown: ReadonlySet<Instance> | null = null;
  /** It stands in an item of a stream, of which no tree is kept. */
  inStream = false;
  /** Its props are others than those of the last update. */
  updateDue = true;
  /** It has a boundary of its own, and this is what that remembers. */
  guard: Guard | null = null;
  /** Its boundary shows the fallback, for this. */
  failure: Failure | null = null;
  /** Restarts so far: a timer of an earlier crash means nothing. */
  incarnation = 0;
  /** The client has announced that it will forget it. */
  marked = false;
  gone = false;
  /** The cycles in which it was last shown, and rendered; the level on which it waits for that now; -1: it does not. */
  shownIn = 0;
  renderedIn = 0;
  level = -1;
  /** What its render reads. */
  tracked = new TrackedRender();
  #streamRefs: StreamRefs | null = null;

  constructor(cid: number, use: ComponentUse, owner: Instance | null) {
    this.cid = cid;
    this.use = use;
    this.props = use.props;
    this.owner = owner;
    this.depth = depthWithin(owner);
  }

  get definition(): ComponentUse["definition"] {
    return this.use.definition;
  }

  get streamRefs(): StreamRefs {
    this.#streamRefs ??= new StreamRefs(`${this.cid}-`);
    return this.#streamRefs;
  }

  /** It is mounted anew, and makes its streams anew. */
  forgetStreams(): void {
    this.#streamRefs = null;
  }

  isWithin(other: Instance): boolean {
    for (let owner = this.owner; owner !== null; owner = owner.owner) if (owner === other) return true;
    return false;
  }

  toString(): string {
    return `${this.use} (cid ${this.cid})`;
  }
}

/** How deep something stands in the tree of an owner. */
export function depthWithin(owner: Instance | null): number {
  return owner === null ? 1 : owner.depth + 1;
}
