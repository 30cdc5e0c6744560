/** The official browser client, `phoenix` and `phoenix_live_view` as npm publishes them, bundled for a test page. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export interface OfficialClient extends AsyncDisposable {
  /** A fresh directory with `assets/official.js`: for OFFICIAL_CLIENT of test/fixtures/page-server.ts. */
  readonly directory: string;
}

/** Bundles the client. Disposing of it removes the directory. */
export async function bundleOfficialClient(): Promise<OfficialClient> {
  const directory = await mkdtemp(join(tmpdir(), "lintel-official-client-"));
  await build({
    entryPoints: [fileURLToPath(new URL("../fixtures/official-client.js", import.meta.url))],
    outfile: join(directory, "assets", "official.js"),
    bundle: true,
    format: "iife",
    target: "es2022",
    logLevel: "error",
  });
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) };
}
