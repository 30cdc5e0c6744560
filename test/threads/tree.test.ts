/** `lintel tree`, `server.tree()`: what runs, as text. */
import { lstatSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, describe, expect, test } from "vitest";
import { lintel, startParent } from "../support/parent.ts";
import { freePort } from "../support/server.ts";
import { until } from "../support/until.ts";
import { getPage, http, responseOf, visit } from "../support/wire-client.ts";
import { LifeLog, serveApp } from "./serving.ts";

const directory = mkdtempSync(join(tmpdir(), "lintel-tree-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** Pids, ports and numbers of processes differ. */
const plain = (tree: string): string =>
  tree.replace(/<\d+\.\d+>/g, "<pid>").replace(/:\d+ {2}process \d+/g, ":port  process n");

const applications = [
  "   ├─ Jobs <pid>  oneForOne",
  "   │  └─ Worker <pid>  permanent",
  "   ├─ Shop <pid>  oneForOne",
  "   │  └─ Inner <pid>  permanent, oneForOne",
  "   │     └─ inner worker (Worker) <pid>  permanent",
];

describe("server.tree", () => {
  test("supervisors, their children, and views, of every thread", async () => {
    await using served = await serveApp("configured", { schedulers: 2, transport: "ws" });
    await visit(served, "/");
    const lines = plain(await served.server.tree()).split("\n");
    expect(lines.slice(0, 7)).toEqual([
      "Lintel http://127.0.0.1:port  process n, ws",
      "├─ thread 1",
      ...applications.map((line) => line.replace("   ", "│  ")),
    ]);
    expect(lines.filter((line) => line.includes("LiveViewHost"))).toHaveLength(2);
    expect(lines.filter((line) => line.includes("LiveView / <pid>  temporary"))).toHaveLength(1);
    expect(lines).toContain("└─ thread 2");
  });

  test("says how often a child was started again", async () => {
    await using served = await serveApp("configured", { schedulers: 0 });
    const { page, wire } = await visit(served, "/");
    expect(responseOf(await wire.click(page, "5", "crash"))).toEqual({});
    await until("it is up again", async () => (await served.server.tree()).includes("permanent, restarted once"));
  });
});

describe("lintel tree", () => {
  const control = (name: string): string[] => ["--control", join(directory, name)];

  test("shows all processes of an app that runs", async () => {
    await using server = await startParent({ app: "configured", args: ["--processes", "2", ...control("both")] });
    const { code, stdout } = await lintel("tree", ...control("both"));
    expect(code).toBe(0);
    const root = expect.stringMatching(/^Lintel http:\/\/127\.0\.0\.1:port {2}process n, (?:uws|ws)$/);
    const one = [root, "└─ thread 1", ...applications, "   └─ LiveViewHost <pid>  0 views"];
    expect(plain(stdout).split("\n")).toEqual([...one, ...one, ""]);
    expect(server.lines).toEqual([]);
  });

  test("by its port; the socket is its owner's alone, and goes with the app", async () => {
    const env = { XDG_RUNTIME_DIR: directory };
    const server = await startParent({ app: "configured", env });
    const path = join(directory, `lintel-${server.port}.sock`);
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
    expect(await lintel("tree", "--port", String(server.port), env)).toMatchObject({ code: 0 });
    await server[Symbol.asyncDispose]();
    expect(() => lstatSync(path)).toThrow("ENOENT");
    expect(await lintel("tree", "--port", String(server.port), env)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^lintel tree: nothing answers at .*Does an app of yours run on port \d+, by lintel start/,
      ),
    });
  });

  test("a process that hangs or is away does not keep the others from answering", async () => {
    await using server = await startParent({
      app: "lifecycle",
      args: ["--processes", "2", "--hang-timeout", "0", ...control("away")],
    });
    const pid = Number(/(\d+) 0/.exec((await getPage(server, "/")).inner)![1]);
    process.kill(pid, "SIGKILL");
    await until("one has gone, or is back", async () => {
      const { stdout } = await lintel("tree", ...control("away"));
      return stdout.includes("Lintel http") && !stdout.includes(`process ${pid},`);
    });
  });

  test("what is left of one that was killed is taken over; a socket that somebody answers is not", async () => {
    const port = await freePort();
    const first = await startParent({ args: control("left"), port });
    first.signal("SIGKILL");
    await first.ended;
    await using second = await startParent({ args: control("left") });
    await using third = await startParent({ args: control("left") });
    expect(second.lines).toEqual([]);
    expect(third.lines).toEqual([expect.stringContaining("lintel tree cannot ask: another program answers at")]);
    expect((await http(third, "/")).status).toBe(200);
  });

  test("a directory that others may enter is refused; the app runs without", async () => {
    const open = mkdtempSync(join(directory, "open-"));
    const { chmodSync } = await import("node:fs");
    chmodSync(open, 0o755);
    await using server = await startParent({ env: { XDG_RUNTIME_DIR: open } });
    expect(server.lines).toEqual([expect.stringContaining("a directory that we own and nobody else may enter")]);
    await using none = await startParent({ args: ["--control", "none"], env: { XDG_RUNTIME_DIR: open } });
    expect(none.lines).toEqual([]);
  });

  test.each([
    ["frob\n", /^expected tree, got "frob\\n"/],
    ["x".repeat(1000), /^$/],
  ])("what it does not know it refuses: %#", async (request, answer) => {
    await using _server = await startParent({ args: control("rude") });
    const socket = createConnection(join(directory, "rude"));
    socket.write(request);
    const told = await text(socket).catch(() => ""); // it may be cut off
    expect(told).toMatch(answer);
    expect(await lintel("tree", ...control("rude"))).toMatchObject({ code: 0 });
  });
});

describe("lintel start --env-file", () => {
  test("O2, O3: a config from a file, and SIGHUP when it has changed; one that is wrong is refused, and says why", async () => {
    using life = new LifeLog();
    const file = join(directory, "shop.env");
    writeFileSync(file, "GREETING=welcome\nLIMIT=7\n");
    await using server = await startParent({ app: "configured", args: ["--env-file", file, "--control", "none"] });
    const { page, wire, joined } = await visit(server, "/");
    expect(joined).toContain('"0":"welcome"');

    writeFileSync(file, "GREETING=good day\nLIMIT=7\n");
    server.signal("SIGHUP");
    await until("it is told", () => life.lines.at(-1) === "Shop: greeting -> good day");
    expect(responseOf(await wire.click(page, "5", "look"))).toEqual({ diff: { 0: "good day" } });
    await until("it says so", () => server.lines.length === 1);

    writeFileSync(file, "GREETING=x\n");
    server.signal("SIGHUP");
    await until("it says so", () => server.lines.length === 2);
    expect(server.lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: "info", kind: "config", event: "changed", keys: ["greeting"] },
      {
        level: "error",
        kind: "config",
        event: "refused",
        detail: expect.stringContaining("environment variable GREETING"),
      },
    ]);
  });
});
