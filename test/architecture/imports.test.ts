/** Dependencies point one way: liveview -> supervisor -> kernel; the client takes types alone, examples what users get. */
import { describe, expect, test } from "vitest";
import { readJson, type Source, sourcesIn } from "../support/sources.ts";

const rooms = ["kernel", "supervisor", "liveview", "client", "cli"] as const;
const product = rooms.flatMap((room) => sourcesIn(room));
const manifest = readJson("package.json") as {
  exports: Record<string, unknown>;
  dependencies: Record<string, string>;
  peerDependencies?: Record<string, string>;
};

/** `file -> import` for every import that is not allowed. */
function offences(
  sources: readonly Source[],
  allowed: (to: string, typeOnly: boolean, from: string) => boolean,
): string[] {
  return sources.flatMap(({ file, imports }) =>
    imports
      .filter((to) => to.file !== undefined && !allowed(to.file, to.typeOnly, file))
      .map((to) => `${file} -> ${to.file}`),
  );
}

function inside(...folders: string[]): (file: string) => boolean {
  return (file) => folders.some((folder) => file.startsWith(`${folder}/`));
}

/** Imports nothing: the parent process counts its restarts by it, as supervisors do. */
const restartWindow = "supervisor/restart-window.ts";

describe("rooms", () => {
  test("there is something to look at", () => {
    for (const room of rooms) expect(sourcesIn(room).length).toBeGreaterThan(3);
    expect(product.find(({ file }) => file === "kernel/crossing/peers.ts")?.imports).toContainEqual({
      specifier: "../pid.ts",
      file: "kernel/pid.ts",
      typeOnly: false,
    });
    expect(product.find(({ file }) => file === "kernel/crossing/peers.ts")?.imports).toContainEqual({
      specifier: "../kernel.ts",
      file: "kernel/kernel.ts",
      typeOnly: true,
    });
  });

  test("kernel imports nothing of ours", () => {
    expect(offences(sourcesIn("kernel"), inside("kernel"))).toEqual([]);
  });

  test("supervisor imports the kernel", () => {
    expect(offences(sourcesIn("supervisor"), inside("supervisor", "kernel"))).toEqual([]);
  });

  test("liveview imports the kernel and supervisors", () => {
    expect(offences(sourcesIn("liveview"), inside("liveview", "supervisor", "kernel"))).toEqual([]);
  });

  test("client imports nothing but the types of the protocol", () => {
    const allowed = (to: string, typeOnly: boolean): boolean =>
      inside("client")(to) || (to === "liveview/protocol.ts" && typeOnly);
    expect(offences(sourcesIn("client"), allowed)).toEqual([]);
  });

  test("inside a room, files import each other and not the index", () => {
    const index = (file: string): boolean => /^(?:kernel|supervisor|liveview|client)\/index\.ts$/.test(file);
    const others = product.filter(({ file }) => !file.startsWith("cli/"));
    expect(offences(others, (to) => !index(to))).toEqual([]);
  });

  test("cli imports the public faces of the others", () => {
    const faces = ["kernel/index.ts", "supervisor/index.ts", "liveview/index.ts"];
    const allowed = [...faces, restartWindow];
    expect(offences(sourcesIn("cli"), (to) => inside("cli")(to) || allowed.includes(to))).toEqual([]);
  });

  test("the parent process loads nothing but Node, and so nothing native, and no code of an app's", () => {
    const reached = new Set(["cli/main.ts"]);
    for (const file of reached) {
      for (const to of product.find((source) => source.file === file)?.imports ?? []) {
        if (!to.typeOnly) reached.add(to.file ?? to.specifier);
      }
    }
    const isItsOwn = (to: string): boolean => to.startsWith("cli/") || to.startsWith("node:") || to === restartWindow;
    expect([...reached].filter((to) => !isItsOwn(to))).toEqual([]);
    expect(reached).toContain("cli/parent.ts");
  });

  test("product code knows nothing of the testing world", () => {
    const others = product.filter(({ file }) => !file.startsWith("kernel/testing/"));
    expect(offences(others, (to) => !inside("kernel/testing")(to))).toEqual([]);
  });
});

describe("examples and benchmarks", () => {
  const users = [...sourcesIn("examples"), ...sourcesIn("bench")];
  const entries = Object.keys(manifest.exports).map((entry) => entry.replace(/^\./, "lintel"));

  test("import what users can import, their own folder, and the pages that demo and benchmark share", () => {
    const home = (file: string): string =>
      file.startsWith("bench/") ? "bench" : file.split("/").slice(0, 2).join("/");
    const ownFolder = (to: string, _typeOnly: boolean, from: string): boolean =>
      to === "examples/pages/index.ts" || home(to) === home(from);
    expect(offences(users, ownFolder)).toEqual([]);
  });

  test("know only entries that the package exports", () => {
    const unknown = users.flatMap(({ file, imports }) =>
      imports
        .filter(({ specifier }) => /^lintel(?:\/|$)/.test(specifier) && !entries.includes(specifier))
        .map(({ specifier }) => `${file} -> ${specifier}`),
    );
    expect(unknown).toEqual([]);
    expect(users.some(({ imports }) => imports.some(({ specifier }) => specifier === "lintel/liveview"))).toBe(true);
  });
});

describe("npm dependencies", () => {
  test("msgpackr is imported where threads are crossed and where frames are written", () => {
    const files = product.filter(({ imports }) => imports.some((to) => to.specifier === "msgpackr"));
    expect(files.map(({ file }) => file).sort()).toEqual(["kernel/crossing/codec.ts", "liveview/wire/frame-writer.ts"]);
  });

  test.each(["ws", "uWebSockets.js", "morphdom", "cookie", "mrmime"])(
    "%s is imported in one file, and its types in files beside that one at the most",
    (name) => {
      const importing = (typesToo: boolean): string[] =>
        product
          .filter(({ imports }) => imports.some((to) => to.specifier === name && (typesToo || !to.typeOnly)))
          .map(({ file }) => file);
      expect(importing(false)).toHaveLength(1);
      expect(new Set(importing(true).map((file) => file.slice(0, file.lastIndexOf("/")))).size).toBe(1);
    },
  );

  test("what product code imports at run time, the package depends on", () => {
    const known = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
    const unknown = product.flatMap(({ file, imports }) =>
      imports
        .filter(
          ({ specifier, file: own, typeOnly }) => own === undefined && !typeOnly && !specifier.startsWith("node:"),
        )
        .filter(({ specifier }) => !known.includes(specifier.replace(/^(@[^/]+\/[^/]+|[^/]+)\/.*$/, "$1")))
        .map(({ specifier }) => `${file} -> ${specifier}`),
    );
    expect(unknown).toEqual([]);
  });
});
