/**
 * WireClient: what a browser makes of a view's messages, written from the wire protocol's section 6 alone, so that it
 * shares no mistake with the encoder.
 *
 *   receive(full) -> html()      receive(diff) -> html()      ... each message must be rendered before the next comes
 *
 * Lists of a stream are forgotten once rendered, as in a browser. `streams` are the operations of the last message.
 */

type Dynamic = string | number | Node;
interface Node {
  [key: string]: unknown;
  s?: string[] | number;
  k?: Record<string, unknown> & { kc: number; km?: boolean };
}

export type StreamOps = [ref: string, inserts: unknown[], deletes: string[], reset?: boolean];

export class WireClient {
  #tree: Node = {};
  #components = new Map<number, Node>();
  streams: StreamOps[] = [];

  /** @param text JSON of a full tree or a diff; "" is no message, and changes nothing */
  receive(text: string): this {
    if (text === "") return this;
    const message = JSON.parse(text) as Node & { p?: Record<string, string[]>; c?: Record<string, Node> };
    const components = Object.entries(message.c ?? {}).map(([cid, node]) => [Number(cid), node] as const);
    const templates = message.p ?? {};
    for (const key of ["p", "c", "e", "t"]) delete message[key];
    if (typeof message["r"] === "object") delete message["r"]; // a reply
    resolveStatics(message, templates);
    for (const [, node] of components) resolveComponent(node);
    if (message.s !== undefined) {
      this.#tree = message;
      this.#components = new Map();
    } else merge(this.#tree, message);
    this.#mergeComponents(new Map(components));
    return this;
  }

  /** The server has deleted them. */
  prune(cids: readonly number[]): void {
    for (const cid of cids) this.#components.delete(cid);
  }

  #mergeComponents(changes: ReadonlyMap<number, Node>): void {
    const before = new Map(this.#components);
    const done = new Map<number, Node>();
    const resolve = (cid: number): Node => {
      const change = changes.get(cid);
      const known = done.get(cid);
      if (known !== undefined) return known;
      if (change === undefined) throw new Error(`component ${cid} is a source, but not in this message`);
      const merged = fresh(cid, change);
      done.set(cid, merged);
      return merged;
    };
    const fresh = (cid: number, change: Node): Node => {
      if (typeof change.s === "number") {
        const source = change.s > 0 ? resolve(change.s) : before.get(-change.s);
        if (source === undefined)
          throw new Error(`component ${cid} has the statics of ${change.s}, which is not there`);
        const copy = structuredClone(source);
        const { s: _reference, ...rest } = change;
        merge(copy, rest as Node);
        return copy;
      }
      if (change.s !== undefined) return change;
      const old = before.get(cid);
      if (old === undefined) throw new Error(`component ${cid} is changed, but was never sent`);
      const copy = structuredClone(old);
      merge(copy, change);
      return copy;
    };
    for (const cid of changes.keys()) resolve(cid);
    for (const [cid, node] of done) this.#components.set(cid, node);
  }

  /** @param around written in front of each component: for tests that want to know where they are */
  html(around: (cid: number) => string = () => ""): string {
    this.streams = [];
    this.#around = around;
    return this.#node(this.#tree);
  }

  #around: (cid: number) => string = () => "";

  #component(cid: number): string {
    const node = this.#components.get(cid);
    if (node === undefined) throw new Error(`component ${cid} is in the page, but was never sent`);
    if (node["r"] !== 1) throw new Error(`component ${cid} is not marked as one element`);
    return this.#around(cid) + this.#node(node);
  }

  #node(node: Node): string {
    if (node.k === undefined) return this.#filled(node.s as string[], node);
    let html = "";
    for (let i = 0; i < node.k.kc; i++) {
      const entry = node.k[i];
      if (typeof entry !== "object" || entry === null || Array.isArray(entry))
        throw new Error(`entry ${i} is no object`);
      html += this.#filled(node.s as string[], entry as Node);
    }
    const extra = Object.keys(node.k).filter((key) => /^\d+$/.test(key) && Number(key) >= node.k!.kc);
    if (extra.length > 0) throw new Error(`entries beyond kc: ${extra.join()}`);
    if (node.stream !== undefined) {
      this.streams.push(node.stream as StreamOps);
      delete node.stream;
      node.k = { kc: 0 };
    }
    return html;
  }

  #filled(statics: string[], dynamics: Node): string {
    if (!Array.isArray(statics)) throw new Error(`statics are ${JSON.stringify(statics)}`);
    let html = statics[0]!;
    for (let i = 1; i < statics.length; i++) {
      const dynamic = dynamics[i - 1] as Dynamic | undefined;
      if (typeof dynamic === "string") html += dynamic;
      else if (typeof dynamic === "number") html += this.#component(dynamic);
      else if (typeof dynamic === "object") html += this.#node(dynamic);
      else throw new Error(`dynamic ${i - 1} is ${JSON.stringify(dynamic)}`);
      html += statics[i]!;
    }
    return html;
  }
}

function resolveStatics(value: unknown, templates: Record<string, string[]>): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) resolveStatics(item, templates);
    return;
  }
  const node = value as Node;
  if (typeof node.s === "number") {
    if (templates[node.s] === undefined) throw new Error(`template ${node.s} is not in p`);
    node.s = templates[node.s]!;
  }
  for (const key of Object.keys(node)) if (key !== "s" && key !== "stream") resolveStatics(node[key], templates);
}

/** In a component no templates are in force, but those of a list in it, for its entries. */
function resolveComponent(node: Node): void {
  for (const [key, value] of Object.entries(node)) if (key !== "s") resolveInComponent(value);
  if (node.k !== undefined) throw new Error("a component is a list");
}

function resolveInComponent(value: unknown): void {
  if (!isNode(value)) return;
  if (typeof value.s === "number") throw new Error(`template ${value.s} is named where none are in force`);
  if (value.k === undefined) {
    for (const [key, inner] of Object.entries(value)) if (key !== "s") resolveInComponent(inner);
    return;
  }
  const { p, k } = value as Node & { p?: Record<string, string[]> };
  delete value["p"];
  resolveStatics(k, p ?? {});
}

function merge(target: Node, source: Node): void {
  if (source.k !== undefined) return mergeList(target, source as Node & { k: NonNullable<Node["k"]> });
  for (const [key, value] of Object.entries(source)) {
    const old = target[key];
    if (isNode(value) && value.s === undefined && isNode(old)) merge(old, value);
    else target[key] = value;
  }
}

function mergeList(target: Node, source: Node & { k: NonNullable<Node["k"]> }): void {
  if (target.k === undefined) throw new Error("a list's diff for what is no list");
  const { kc, km, ...entries } = source.k;
  const before = structuredClone(target.k) as Record<string, Node>;
  for (const [position, entry] of Object.entries(entries)) {
    if (typeof entry === "number" || Array.isArray(entry)) {
      if (km !== true) throw new Error("an entry moved without km");
      const [from, change] = Array.isArray(entry) ? (entry as [number, Node]) : [entry, null];
      const moved = before[from];
      if (moved === undefined) throw new Error(`moved from ${from}, which was not there`);
      target.k[position] = structuredClone(moved);
      if (change !== null) merge(target.k[position] as Node, change);
    } else {
      target.k[position] ??= {};
      merge(target.k[position] as Node, entry as Node);
    }
  }
  for (const position of Object.keys(target.k)) {
    if (/^\d+$/.test(position) && Number(position) >= kc) delete target.k[position];
  }
  target.k.kc = kc;
  if (source.stream !== undefined) target.stream = source.stream;
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
