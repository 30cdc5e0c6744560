/**
 * Pass: what one message gathers on its way: the statics it names, the streams whose operations it carries, and the
 * components that its trees show.
 *
 *   view's tree      statics are shared through the message's `p`
 *   component        statics stand inline, for no `p` is in force there;
 *     a list in it   has a `p` of its own, for its entries
 */
import type { ComponentTable } from "../component/component-table.ts";
import { ComponentWriter } from "../component/component-writer.ts";
import { Cycle } from "../component/cycle.ts";
import type { Instance } from "../component/instance.ts";
import type { NestedTable } from "../nested/nested-table.ts";
import type { Template } from "../template/template.ts";
import { StreamError } from "../template/template-errors.ts";
import { SharedStatics } from "./shared-statics.ts";
import type { Stream } from "./stream.ts";
import type { StreamRefs } from "./stream-refs.ts";
import type { TrackedRender } from "./tracked-render.ts";

interface ShownStream {
  readonly stream: Stream<unknown>;
  readonly owner: Instance | null;
}

/** How far a pass has come, for `rewind`. */
export interface PassMark {
  readonly streams: number;
  readonly components: number;
}

const noAssigns: object = Object.freeze({});

export class Pass {
  readonly #table: ComponentTable | null;
  #components: { readonly cycle: Cycle; readonly writer: ComponentWriter } | null = null;
  /** Changes written so far to what the client has; places of components that are only named do not count. */
  changes = 0;
  /** What is written now is an item of a stream: its cells are not kept. */
  inStream = false;
  /** Functions in holes that were run so far. */
  functions = 0;
  /** Whose assigns they get; null: those of a template that stands alone, which has none. */
  tracked: TrackedRender | null = null;
  readonly nested: NestedTable | null;
  readonly #streamRefs: StreamRefs;
  #streams: ShownStream[] | null = null;
  /** Their names, by owner. */
  #streamNames: Map<Instance | null, Set<string>> | null = null;
  /** Whose tree is being written; null: the view's. */
  #owner: Instance | null = null;
  /** Statics stand inline at this place: nothing is in force that would share them. */
  #inline = false;
  /** Those that are shared at this place, once there are any. */
  #statics: SharedStatics | null = null;

  /**
   * @param streamRefs the view's
   * @param table the view's components; null: it can show none
   * @param nested the views that are nested in it; null: it can show none
   */
  constructor(streamRefs: StreamRefs, table: ComponentTable | null = null, nested: NestedTable | null = null) {
    this.#streamRefs = streamRefs;
    this.#table = table;
    this.nested = nested;
  }

  /** Of the components, made when the first one is shown. Null: none can be. */
  get cycle(): Cycle | null {
    return this.#table === null ? null : this.components().cycle;
  }

  /** Components are shown, or are to be rendered anew. */
  get hasComponents(): boolean {
    return this.#components !== null || (this.#table !== null && this.#table.dirty.size > 0);
  }

  components(): { readonly cycle: Cycle; readonly writer: ComponentWriter } {
    if (this.#components === null) {
      const writer = new ComponentWriter(this.#table!, this);
      this.#components = { cycle: new Cycle(this.#table!, writer), writer };
    }
    return this.#components;
  }

  /** The client's tree is to be replaced as a whole. */
  replaceAll(): void {
    this.#table?.forgetClient();
    this.changes++;
  }

  /** The assigns that functions in holes get. */
  get view(): object {
    return this.tracked === null ? noAssigns : this.tracked.view;
  }

  /** What is written from now on belongs to this component. The view's own tree is `finish`ed. */
  enter(component: Instance): void {
    this.#owner = component;
    this.inStream = false;
    this.#inline = true;
    this.#statics = null;
  }

  /** A template's statics, as JSON; or a mark for them, filled in by `finish` and `closeList`. */
  statics(template: Template): string {
    if (this.#inline) return template.wire;
    this.#statics ??= new SharedStatics();
    return this.#statics.mark(template);
  }

  /** A list's entries are written from now on. @returns whether statics are shared among them, for `closeList` */
  openList(): boolean {
    const opened = this.#inline;
    this.#inline = false;
    return opened;
  }

  /** @param list its JSON text; the list's own statics were asked for before `openList` */
  closeList(opened: boolean, list: string): string {
    if (!opened) return list;
    const filled = this.fill(list);
    this.#inline = true;
    this.#statics = null;
    return filled;
  }

  /** Notes that a stream is shown by this message. Returns its ref. */
  show(stream: Stream<unknown>): string {
    this.#streams ??= [];
    this.#streamNames ??= new Map();
    const owner = this.#owner;
    let names = this.#streamNames.get(owner);
    if (names === undefined) this.#streamNames.set(owner, (names = new Set()));
    if (names.has(stream.name)) {
      const whose = owner === null ? "a view" : `${owner.use}`;
      throw new StreamError(`Stream "${stream.name}": ${whose} can show a stream, or streams of one name, only once.`);
    }
    names.add(stream.name);
    this.#streams.push({ stream, owner });
    return (owner === null ? this.#streamRefs : owner.streamRefs).of(stream);
  }

  /** How many streams are shown so far; of a component that is written once more, only the second time. */
  get streams(): number {
    return this.#streams?.length ?? 0;
  }

  /** Those that were shown since there were so many. Null: none. */
  streamsSince(count: number): Stream<unknown>[] | null {
    return this.streams === count ? null : this.#streams!.slice(count).map(({ stream }) => stream);
  }

  /** A component is written once more, in place of what was. */
  forgetStreams(owner: Instance): void {
    if (this.#streamNames?.delete(owner)) this.#streams = this.#streams!.filter((shown) => shown.owner !== owner);
  }

  mark(): PassMark {
    return { streams: this.streams, components: this.#components?.cycle.count ?? 0 };
  }

  /** Forgets what was shown since then: its place is written anew. */
  rewind({ streams, components }: PassMark): void {
    const taken = this.#streams?.splice(streams) ?? [];
    for (const { stream, owner } of taken) this.#streamNames?.get(owner)?.delete(stream.name);
    this.#components?.cycle.rewind(components);
  }

  /** Fills in the statics of the view's own tree, before any component is entered. */
  fill(tree: string): string {
    return tree === "" || this.#statics === null ? tree : this.#statics.fill(tree);
  }

  /** The message is complete: what it carried of streams is not pending any more. */
  flush(): void {
    if (this.#streams !== null) for (const { stream } of this.#streams) stream.flush();
  }

  /** `flush`, and `fill` of a message that is the view's tree alone. */
  finish(tree: string): string {
    this.flush();
    return this.fill(tree);
  }
}
