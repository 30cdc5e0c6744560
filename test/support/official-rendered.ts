/**
 * The official client's own merging and rendering (phoenix_live_view's `Rendered`), taken out of its npm package and
 * bundled at test start. Besides the HTML it checks the promise behind the root flag `r`: what the client skips, because
 * the server sent nothing for it, must really be unchanged.
 */
import { runInThisContext } from "node:vm";
import { build } from "esbuild";

const source = "./node_modules/phoenix_live_view/assets/js/phoenix_live_view";

interface Buffer {
  write(text: string): void;
  beginRoot(): void;
  endRoot(attributes: Record<string, unknown>, skip?: boolean): void;
}
type BufferClass = new (preMerge: unknown, cid: number | null) => Buffer;
interface Rendered {
  mergeDiff(diff: unknown): void;
  toString(cids?: readonly number[]): { buffer: string; streams: Set<unknown> };
  get(): Record<string, unknown>;
  componentCIDs(diff: object): number[];
  isComponentOnlyDiff(diff: object): boolean;
  recursiveCIDToString(components: object, cid: number, onlyCids: null): { buffer: string; streams: Set<unknown> };
  pruneCIDs(cids: readonly number[]): void;
  resetRender(cid: number): void;
}
interface Official {
  Rendered: new (viewId: string, rendered: unknown, bufferClass: () => BufferClass) => Rendered;
  modifyRoot(html: string, attributes: Record<string, unknown>, clear?: boolean): [string, string, string];
}

/** Bundles the package's sources. Once per test file. */
export async function loadOfficial(): Promise<Official> {
  const bundle = await build({
    stdin: {
      contents: `export { default as Rendered } from "${source}/rendered.js";
        export { modifyRoot } from "${source}/rendered/modify_root.ts";`,
      resolveDir: process.cwd(),
    },
    bundle: true,
    write: false,
    format: "iife",
    globalName: "official",
    define: { window: "globalThis" },
    logLevel: "error",
  });
  return runInThisContext(`${bundle.outputFiles[0]!.text};official`, { filename: "official-rendered.js" }) as Official;
}

/**
 * A view in the official client: same use as `WireClient`. What the page shows is put together from what the client renders
 * and from what it leaves as it is, since it skips it.
 */
export class OfficialClient {
  readonly #official: Official;
  #rendered: Rendered | null = null;
  /** The page: the HTML of each root element by its magic id, with marks for the roots in it. */
  readonly #roots = new Map<string, string>();
  #page = "";
  /** Stream operations of the last message, as the client puts them into effect. */
  streams: unknown[] = [];

  constructor(official: Official) {
    this.#official = official;
  }

  receive(text: string): this {
    if (text === "") return this;
    const diff = JSON.parse(text) as Record<string, unknown>;
    for (const key of ["e", "t"]) delete diff[key];
    if (typeof diff["r"] === "object") delete diff["r"]; // a reply
    if (this.#rendered === null) {
      this.#rendered = new this.#official.Rendered("v", diff, () => this.#bufferClass());
      this.#render(this.#rendered.toString());
      return this;
    }
    this.#rendered.mergeDiff(diff);
    const cids = this.#rendered.componentCIDs(diff);
    // As the client's view does it: see `update` of its view.ts.
    if (this.#rendered.isComponentOnlyDiff(diff)) {
      for (const cid of this.#outermost(cids)) {
        const { streams } = this.#rendered.recursiveCIDToString(this.#rendered.get()["c"] as object, cid, null);
        this.streams = [...streams];
      }
    } else if (Object.keys(diff).length > 0) this.#render(this.#rendered.toString(cids));
    return this;
  }

  #render({ buffer, streams }: { buffer: string; streams: Set<unknown> }): void {
    this.#page = buffer;
    this.streams = [...streams];
  }

  html(): string {
    return this.#shown(this.#page);
  }

  /** Takes items of streams out of the page, as `WireClient` does once they were rendered: elements with such ids. */
  forget(idPrefix: string): void {
    const item = new RegExp(`<li id="${idPrefix}[^"]*">[^<]*</li>`, "g");
    for (const [id, html] of this.#roots) this.#roots.set(id, html.replace(item, ""));
    this.#page = this.#page.replace(item, "");
  }

  /** They have left the page: should they come back, nothing of them can be skipped. */
  left(cids: readonly number[]): void {
    for (const cid of cids) this.#rendered!.resetRender(cid);
  }

  /** The server has deleted them. */
  prune(cids: readonly number[]): void {
    this.#rendered!.pruneCIDs(cids);
  }

  #shown(html: string): string {
    return html.replace(rootMark, (_mark, id: string) => this.#shown(this.#roots.get(id)!));
  }

  /** Those that are in the page, and in none of the others. */
  #outermost(cids: readonly number[]): number[] {
    const found: number[] = [];
    const visit = (html: string): void => {
      for (const [, id] of html.matchAll(rootMark)) {
        const cid = Number(/^c(\d+)-/.exec(id!)?.[1]);
        if (cids.includes(cid)) found.push(cid);
        else visit(this.#roots.get(id!)!);
      }
    };
    visit(this.#page);
    return found;
  }

  #bufferClass(): BufferClass {
    const roots = this.#roots;
    const { modifyRoot } = this.#official;
    return class implements Buffer {
      #html = "";
      #outer: string[] = [];

      write(text: string): void {
        this.#html += text;
      }

      beginRoot(): void {
        this.#outer.push(this.#html);
        this.#html = "";
      }

      endRoot(attributes: Record<string, unknown>, skip?: boolean): void {
        const outer = this.#outer.pop()!;
        const id = attributes["data-phx-id"];
        // The client's own code must find the start tag, and its id, in what a root renders to.
        const stub = modifyRoot(this.#html, {}, true)[0];
        const hasId = /^\s*<[^>]*? id="[^"]/.test(this.#html);
        if (hasId !== stub.includes(" id=")) throw new Error(`the client does not find the id in ${this.#html}`);
        if (id === undefined) {
          this.#html = outer + this.#html;
          return;
        }
        if (!skip) roots.set(String(id), this.#html);
        else if (!roots.has(String(id))) throw new Error(`the client skips what is not there: ${this.#html}`);
        this.#html = `${outer}\u0001${id}\u0001`;
      }

      enter(): void {}
      exit(): void {}
      beginKeyedEntry(): void {}
      endKeyedEntry(): void {}

      toString(): string {
        return this.#html;
      }
    };
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: a character that HTML never contains
const rootMark = /\u0001([^\u0001]+)\u0001/g;
