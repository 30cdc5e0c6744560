/**
 * Browser clients that test pages load in place of the demo's: the official one, `phoenix` and `phoenix_live_view` as npm
 * publishes them, and ours with options that its own bundle has not.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export interface BundledClient extends AsyncDisposable {
  /** A fresh directory with `assets/client.js`: for CLIENT of test/fixtures/page-server.ts. */
  readonly directory: string;
}

/** Bundles a client of test/fixtures. Disposing of it removes the directory. */
export async function bundleClient(script: "official-client.js" | "msgpack-client.js"): Promise<BundledClient> {
  const directory = await mkdtemp(join(tmpdir(), "lintel-client-"));
  await build({
    entryPoints: [fileURLToPath(new URL(`../fixtures/${script}`, import.meta.url))],
    outfile: join(directory, "assets", "client.js"),
    bundle: true,
    format: "iife",
    target: "es2022",
    logLevel: "error",
  });
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) };
}
