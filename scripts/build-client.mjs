/**
 * Bundles the browser client: client/auto-start.ts -> dist/client/lintel.min.js, with its source map beside it.
 *
 *   node scripts/build-client.mjs      prints the sizes; fails above the budget
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = new URL("..", import.meta.url);
const outfile = fileURLToPath(new URL("dist/client/lintel.min.js", root));
const MAX_GZIP_BYTES = 24_000;
/** The browsers that have all that the sources call: `Object.hasOwn` is the youngest of it. */
const target = ["chrome93", "firefox92", "safari15.4"];

/**
 * Builds the bundle.
 *
 * @returns {Promise<{ outfile: string, minBytes: number, gzipBytes: number }>} where it is, and its sizes
 * @throws {Error} when it is larger than what a page should have to load
 */
export async function buildClient() {
  await build({
    entryPoints: [fileURLToPath(new URL("client/auto-start.ts", root))],
    outfile,
    bundle: true,
    format: "iife",
    minify: true,
    target,
    sourcemap: "linked",
    legalComments: "none",
    logLevel: "warning",
  });
  const bundle = await readFile(outfile);
  const gzipBytes = gzipSync(bundle, { level: 9 }).length;
  if (gzipBytes > MAX_GZIP_BYTES) {
    throw new Error(`Client bundle: expected at most ${MAX_GZIP_BYTES} bytes gzipped, got ${gzipBytes}.`);
  }
  return { outfile, minBytes: bundle.length, gzipBytes };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { minBytes, gzipBytes } = await buildClient();
  console.log(`dist/client/lintel.min.js  ${minBytes} bytes, ${gzipBytes} gzipped`);
}
