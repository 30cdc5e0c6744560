/**
 * ComponentWriter: the components of one message, `c`.
 *
 *   "c":{"1":{"0":"a","r":1,"s":["<p>","</p>"]},     in full
 *        "2":{"0":"b","s":1},                        in full, statics (also those nested in it) as in 1, of this message
 *        "3":{"0":"c","s":-7},                       in full, statics as in 7, as the client had it before this message
 *        "4":{"0":"d"}}                              what changed
 *
 * A source must be what the client has when it copies: in this message one that is sent in full, or one that the client
 * has got and that is not in this message so far. Where a nested template is the source's at the same place, its statics
 * are left out; lists leave out their own, and send their entries in full.
 *
 * What was written and then dropped (its boundary has seen a crash) or replaced in the same message may be a source all
 * the same: then it is sent, under a cid of its own if it must be, and never shown.
 * Source: wire protocol, 6.8.
 */
import { type TemplateNode as Node, patchTemplate, place, placeCells, TemplateNode } from "../diff/cells.ts";
import { refreshCells } from "../diff/computed.ts";
import { jsonKey } from "../diff/json-keys.ts";
import { ListNode, mixedStatics } from "../diff/list-diff.ts";
import type { Pass } from "../diff/pass.ts";
import { TrackedRender } from "../diff/tracked-render.ts";
import { Rendered } from "../template/rendered.ts";
import type { Template } from "../template/template.ts";
import type { ComponentTable } from "./component-table.ts";
import type { ComponentOutput } from "./cycle.ts";
import type { Instance } from "./instance.ts";
import { withoutPlaces } from "./without-places.ts";

/** A component's part of the message. */
interface Written {
  readonly instance: Instance;
  /** Of a JSON object, without statics. */
  readonly members: string;
  /** Null: a change to what the client has. */
  readonly template: Template | null;
  /** Whose statics it uses: another part, or what the client has of that component; null: it brings its own. */
  readonly source: Written | Instance | null;
  /** All that it says is where components stand that have changed. */
  readonly namesOnly: boolean;
}

export class ComponentWriter implements ComponentOutput {
  readonly #table: ComponentTable;
  readonly #written = new Map<Instance, Written>();
  readonly #pass: Pass;

  constructor(table: ComponentTable, pass: Pass) {
    this.#table = table;
    this.#pass = pass;
  }

  write(instance: Instance, assigns: object, render: (assigns: object) => Rendered): void {
    const pass = this.#pass;
    pass.enter(instance);
    instance.shown = null;
    // A second time in one message: the first is replaced, not added to.
    if (this.#written.has(instance)) {
      instance.node = null;
      pass.forgetStreams(instance);
    }
    const isNew = instance.node === null;
    if (isNew) instance.tracked = new TrackedRender(instance.definition.hasFunctions);
    const { changes } = pass;
    const change = instance.tracked.run(pass, assigns, render, (rendered) => this.#show(instance, rendered));
    const live = (instance.node as Node | null)?.live === true;
    instance.tracked.keep(live);
    if (isNew) instance.definition.hasFunctions = live;
    if (change === "") return;
    const namesOnly = pass.changes === changes;
    this.#written.set(instance, { instance, members: change.slice(1, -1), template: null, source: null, namesOnly });
  }

  /** Returns `{changes}`, or "" when nothing changed or when it was written in full. */
  #show(instance: Instance, rendered: Rendered | null): string {
    const pass = this.#pass;
    const { node } = instance;
    if (rendered === null) return refreshCells(pass, node!.template, node!.cells, 0);
    if (node !== null && node.template === rendered.template) return patchTemplate(pass, node, rendered);
    const { template, values } = rendered;
    const fresh = new TemplateNode(template);
    const source = this.#source(template, instance);
    const { functions } = pass;
    const members =
      source === null
        ? placeCells(pass, template, fresh.cells, 0, values)
        : placeLike(pass, template, fresh.cells, values, sourceNode(source).cells);
    fresh.live = pass.functions !== functions;
    instance.node = fresh;
    if (source === null) this.#table.sources.set(template, instance);
    this.#written.set(instance, { instance, members, template, source, namesOnly: false });
    return "";
  }

  /** The last one that was sent in full; where that has gone, or changes in this message, another one of its kind. */
  #source(template: Template, user: Instance): Written | Instance | null {
    const { sources } = this.#table;
    const last = sources.get(template);
    const source = last === undefined ? null : this.#asSource(last, template, user);
    if (source !== null) return source;
    for (const instance of this.#table.ofKind(user.definition)) {
      const other = this.#asSource(instance, template, user);
      if (other === null) continue;
      sources.set(template, instance);
      return other;
    }
    return null;
  }

  /** What the client has of it when it copies; null: nothing that has this template. */
  #asSource(source: Instance, template: Template, user: Instance): Written | Instance | null {
    if (source === user || source.gone || source.marked || source.node?.template !== template) return null;
    const written = this.#written.get(source);
    if (written === undefined) return source;
    return written.template === template ? written : null;
  }

  /**
   * The message: the view's own tree, and `c`.
   *
   * The official client skips an element in which it sees no change, and with it the components inside. So where anything
   * around a changed component is sent, the way to that component is sent, too: the numbers of components on it, although
   * they have not changed. Where nothing is, it would only make the client render more.
   *
   * @param tree JSON text of what changed in the view's own tree, or ""
   * @param namesOnly all that it says is where components stand
   * @param named components whose unchanged places are named somewhere
   */
  finish(tree: string, namesOnly: boolean, named: readonly Instance[]): string {
    const kept = this.#kept(!namesOnly);
    const unchanged = new Set<number>();
    for (const instance of named) if (!kept.has(instance)) unchanged.add(instance.cid);
    const ownTree = namesOnly ? "" : withoutPlaces(tree, unchanged);
    const components = this.#json(kept.values(), unchanged);
    if (components === "") return ownTree;
    return ownTree === "" || ownTree === "{}" ? `{${components}}` : `${ownTree.slice(0, -1)},${components}}`;
  }

  /** Without those that name places, and for nothing: all that is around them, or all that they name, is as it was. */
  #kept(isTreeKept: boolean): Map<Instance, Written> {
    const kept = new Map<Instance, Written>();
    const waysTo = new Set<Instance>();
    const parts = [...this.#written.values()].filter(({ instance }) => !instance.gone);
    for (const { instance, namesOnly } of parts) {
      if (namesOnly) continue;
      for (let { owner } = instance; owner !== null && !waysTo.has(owner); owner = owner.owner) waysTo.add(owner);
    }
    const isAroundKept = isTreeKept ? () => true : this.#aroundKept();
    for (const part of parts) {
      const { instance, namesOnly } = part;
      if (!namesOnly || (waysTo.has(instance) && isAroundKept(instance))) kept.set(instance, part);
    }
    return kept;
  }

  /** Is a component within one of which something is sent? Each way up is gone once. */
  #aroundKept(): (instance: Instance) => boolean {
    const known = new Map<Instance | null, boolean>([[null, false]]);
    return (instance) => {
      const way: Instance[] = [];
      let { owner } = instance;
      while (!known.has(owner)) {
        way.push(owner!);
        if (this.#written.get(owner!)?.namesOnly === false) break;
        owner = owner!.owner;
      }
      const isKept = known.get(owner) ?? true;
      for (const passed of way) known.set(passed, isKept);
      return isKept;
    };
  }

  #json(parts: Iterable<Written>, unchanged: ReadonlySet<number>): string {
    const cids = new Map<Written, number>();
    const members: string[] = [];
    const need = (part: Written): number => {
      let cid = cids.get(part);
      if (cid !== undefined) return cid;
      // One that was replaced in this message is only a source: nobody shows it.
      cid = this.#written.get(part.instance) === part ? part.instance.cid : this.#table.newCid();
      cids.set(part, cid);
      members.push(`"${cid}":${partJson(part, unchanged, need)}`);
      return cid;
    };
    for (const part of parts) need(part);
    return members.length === 0 ? "" : `"c":{${members.join(",")}}`;
  }
}

function partJson(
  { members, template, source }: Written,
  unchanged: ReadonlySet<number>,
  need: (source: Written) => number,
): string {
  if (template === null) return withoutPlaces(`{${members}}`, unchanged);
  const comma = members === "" ? "" : ",";
  if (source === null) return `{${members}${comma}"r":1,"s":${template.wire}}`;
  return `{${members}${comma}"s":${isWritten(source) ? need(source) : -source.cid}}`;
}

function isWritten(source: Written | Instance): source is Written {
  return "members" in source;
}

/** Its tree as the client has it, or will have it. */
function sourceNode(source: Written | Instance): Node {
  return (isWritten(source) ? source.instance : source).node!;
}

/** As `placeCells`, without the statics that the source has at the same place. */
function placeLike(
  pass: Pass,
  template: Template,
  cells: unknown[],
  values: readonly unknown[],
  like: readonly unknown[],
): string {
  let members = "";
  for (let i = 0; i < template.holes.length; i++) {
    members += `${i === 0 ? "" : ","}${jsonKey(i)}${placeValueLike(pass, template, i, cells, values[i], like[i])}`;
  }
  return members;
}

function placeValueLike(
  pass: Pass,
  owner: Template,
  hole: number,
  cells: unknown[],
  value: unknown,
  like: unknown,
): string {
  if (like instanceof TemplateNode && value instanceof Rendered && value.template === like.template) {
    const node = new TemplateNode(value.template);
    const { functions } = pass;
    const members = placeLike(pass, value.template, node.cells, value.values, like.cells);
    node.live = pass.functions !== functions;
    cells[hole] = node;
    return `{${members}}`;
  }
  const wire = place(pass, owner, hole, cells, hole, value);
  const placed = cells[hole];
  if (!(like instanceof ListNode && placed instanceof ListNode) || like.template !== placed.template) return wire;
  const statics = `,"s":${like.template === null ? mixedStatics : like.template.wire}}`;
  return wire.endsWith(statics) ? `${wire.slice(0, -statics.length)}}` : wire;
}
