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
  toString(): { buffer: string; streams: Set<unknown> };
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

/** A view in the official client: same use as `WireClient`. */
export class OfficialClient {
  readonly #official: Official;
  #rendered: Rendered | null = null;
  /** What was rendered last below each magic id. */
  readonly #seen = new Map<string, string>();

  constructor(official: Official) {
    this.#official = official;
  }

  receive(text: string): this {
    if (text === "") return this;
    if (this.#rendered === null) {
      this.#rendered = new this.#official.Rendered("v", JSON.parse(text), () => this.#bufferClass());
    } else this.#rendered.mergeDiff(JSON.parse(text));
    return this;
  }

  html(): string {
    return this.#rendered!.toString().buffer;
  }

  #bufferClass(): BufferClass {
    const seen = this.#seen;
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
        const id = String(attributes["data-phx-id"]);
        if (skip && seen.get(id) !== this.#html) throw new Error(`the client skips what changed: ${this.#html}`);
        seen.set(id, this.#html);
        // The client's own code must find the start tag, and its id, in what a root renders to.
        const stub = modifyRoot(this.#html, {}, true)[0];
        const hasId = /^\s*<[^>]*? id="[^"]/.test(this.#html);
        if (hasId !== stub.includes(" id=")) throw new Error(`the client does not find the id in ${this.#html}`);
        this.#html = this.#outer.pop()! + this.#html;
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
