/**
 * Time, randomness and turns come from the World, so that a seed replays a run (kernel/world.ts). This looks for whatever
 * would go around it, in the code as it runs: types and comments are stripped first.
 */
import { transformSync } from "esbuild";
import { describe, expect, test } from "vitest";
import { sourcesIn } from "../support/sources.ts";

const forbidden: Readonly<Record<string, RegExp>> = {
  "Date.now": /\bDate\s*\.\s*now\b/,
  "new Date()": /\bDate\(\s*\)|\bnew Date\b(?!\()/,
  "performance.now": /\bperformance\s*\.\s*(?:now|timeOrigin|mark|measure)\b/,
  "process.hrtime": /\bhrtime\b/,
  "Math.random": /\bMath\s*\.\s*random\b/,
  // Not a method of something else, such as `response.setTimeout` of node:http; but that of the global object.
  setTimeout: /(?:(?<![.\w#])|\bglobalThis\.)setTimeout\b/,
  setInterval: /(?:(?<![.\w#])|\bglobalThis\.)setInterval\b/,
  setImmediate: /(?:(?<![.\w#])|\bglobalThis\.)setImmediate\b/,
  queueMicrotask: /\bqueueMicrotask\b/,
  "process.nextTick": /\bprocess\s*\.\s*nextTick\b/,
  "node:timers": /["']node:timers/,
  "random bytes":
    /\bimport\s*\{[^}]*\brandom(?:Bytes|UUID|Int|Fill|FillSync)\b[^}]*\}|\bcrypto\s*\.\s*(?:random|getRandom)/,
};

/** Where it is right, and why. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  // The machine's own world: the only place that asks it.
  "kernel/real-world.ts": [
    "Date.now",
    "performance.now",
    "Math.random",
    "setTimeout",
    "setImmediate",
    "queueMicrotask",
    "random bytes",
  ],
  // Lets native promises settle between two steps; nothing depends on when that is.
  "kernel/testing/sim-world.ts": ["setImmediate"],
};

function found(text: string): string[] {
  const code = transformSync(text, { loader: "ts", format: "esm", legalComments: "none" }).code;
  return Object.keys(forbidden).filter((name) => forbidden[name]!.test(code));
}

describe("determinism", () => {
  test("no product code goes around the World", () => {
    const offences = ["kernel", "supervisor", "liveview"].flatMap((room) =>
      sourcesIn(room).flatMap(({ file, text }) =>
        found(text)
          .filter((name) => allowed[file]?.includes(name) !== true)
          .map((name) => `${file}: ${name}`),
      ),
    );
    expect(offences).toEqual([]);
  });

  test("every exception is still needed", () => {
    const sources = sourcesIn("kernel");
    for (const [file, names] of Object.entries(allowed)) {
      const text = sources.find((source) => source.file === file)?.text ?? "";
      expect([file, found(text).sort()]).toEqual([file, [...names].sort()]);
    }
  });

  test.each([
    ["Date.now", "const a = Date.now();"],
    ["Date.now", "const now = Date.now;"],
    ["new Date()", "log(new Date());"],
    ["new Date()", "log(new Date);"],
    ["performance.now", "const t = performance.now();"],
    ["Math.random", "if (Math.random() < 0.5) go();"],
    ["setTimeout", "setTimeout(run, 5);"],
    ["setTimeout", "globalThis.setTimeout(run, 5);"],
    ["setImmediate", "await new Promise(setImmediate);"],
    ["process.nextTick", "process.nextTick(run);"],
    ["node:timers", 'import { setTimeout as sleep } from "node:timers/promises"; sleep(1);'],
    ["random bytes", 'import { createHmac, randomBytes } from "node:crypto"; randomBytes(createHmac);'],
    ["random bytes", "crypto.getRandomValues(bytes);"],
  ])("finds %s in: %s", (name, code) => {
    expect(found(code)).toContain(name);
  });

  test.each([
    "// Date.now() is what the World is for",
    "/** setTimeout, Math.random */ export const x = 1;",
    "new Date(0); new Date(world.systemMs());",
    "response.setTimeout(500); world.randomBytes(6);",
    'import type { randomBytes } from "node:crypto"; export type Bytes = typeof randomBytes;',
  ])("does not mind: %s", (code) => {
    expect(found(code)).toEqual([]);
  });
});
