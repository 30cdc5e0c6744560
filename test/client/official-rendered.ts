/**
 * The official client's tree, bundled from its sources: what ours is compared with.
 */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** The part of the official `Rendered` class that tests use. */
export interface OfficialRendered {
  mergeDiff(diff: unknown): void;
  toString(): { buffer: string };
}

const sources = new URL("../../node_modules/phoenix_live_view/assets/js/phoenix_live_view", import.meta.url);

const bundle = await build({
  stdin: { contents: `export { default } from "./rendered.js"`, resolveDir: fileURLToPath(sources) },
  bundle: true,
  format: "esm",
  write: false,
  banner: { js: "const window = globalThis;" },
  logLevel: "error",
});

const code = Buffer.from(bundle.outputFiles[0]!.contents).toString("base64");

export const { default: Rendered } = (await import(`data:text/javascript;base64,${code}`)) as {
  default: new (viewId: string, rendered: unknown) => OfficialRendered;
};

/** The official tree as HTML in full: everything marked as newly rendered. */
export function officialHtml(rendered: OfficialRendered): string {
  rendered.toString(); // resolves templates
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    if ("r" in node) (node as Record<string, unknown>)["newRender"] = true;
    Object.values(node).forEach(visit);
  };
  visit((rendered as unknown as { rendered: unknown }).rendered);
  return bareHtml(rendered.toString().buffer);
}

/** HTML without the attributes that only clients add. */
export function bareHtml(html: string): string {
  return html.replace(/ data-phx-(?:id|component|view)="[^"]*"| data-phx-skip(?:="")?/g, "");
}
