/** An application's life under `serve`, in the test's own program: its hooks, its end in order, and its giving up. */
import type { Report } from "lintel/kernel";
import { serve } from "lintel/liveview";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startServer } from "../support/server.ts";
import { secret } from "../support/setups.ts";
import { until } from "../support/until.ts";
import { visit } from "../support/wire-client.ts";
import { appUrl, LifeLog } from "./serving.ts";

let life: LifeLog;
beforeEach(() => {
  life = new LifeLog();
});
afterEach(() => {
  life[Symbol.dispose]();
  delete process.env["STOP"];
  delete process.env["ON"];
  process.exitCode = undefined;
});

describe.each([0, 1, 2])("schedulers: %i", (schedulers) => {
  async function start(options: Partial<Parameters<typeof serve>[1]> = {}) {
    const reports: Report[] = [];
    const report = (one: Report): void => void reports.push(one);
    const server = await serve(appUrl("lifecycle"), {
      port: 0,
      secret,
      schedulers,
      transport: "ws",
      report,
      ...options,
    });
    return { server, reports };
  }

  test("O1: start, children, and at the end prepStop, children in reverse, stop", async () => {
    const { server, reports } = await start();
    expect(life.lines).toEqual(["app start", "start first", "start second"]);
    life.clear();
    await server.close();
    expect(life.lines).toEqual(["prepStop", "stop second", "stop first", "app stop"]);
    expect(reports).toEqual([]);
  });

  test("O1, S7: children that run on another thread stop in their order, before any thread ends", async () => {
    if (schedulers < 2) return; // there is no other
    process.env["ON"] = "2";
    const { server, reports } = await start();
    expect(await server.tree()).toMatch(/first \(Child\) <2\.\S+>/);
    life.clear();
    await server.close();
    expect(life.lines).toEqual(["prepStop", "stop second", "stop first", "app stop"]);
    expect(reports).toEqual([]);
  });

  test("O3: who does not stop in time is reported by name, and does not hold up the rest for ever", async () => {
    process.env["STOP"] = "stuck";
    const { server, reports } = await start({ stopTimeoutMs: 100 });
    await server.close();
    expect(reports).toEqual([
      expect.objectContaining({
        event: "stopTimeout",
        detail: expect.stringMatching(/^not stopped within 100 ms: child "first" <\S+> \(shutdown: infinity\)$/),
      }),
    ]);
  });

  test("S17: giving up once more than it may closes the server, says why, and shows in the exit code", async () => {
    const { server, reports } = await start({ rootRestarts: { maxRestarts: 1, maxSeconds: 30 } });
    for (const round of [1, 2]) {
      const starts = (): number => life.lines.filter((line) => line === "start second").length;
      await until(`it is up, ${round}`, () => starts() === round && server.threads.length === Math.max(1, schedulers));
      const { page, wire } = await visit(server, "/");
      wire.send(["4", "5", page.topic, "event", { type: "click", event: "giveUp", value: {} }]);
      const failures = (): number => reports.filter((one) => "event" in one && one.event === "failed").length;
      await until(`it has given up, ${round}`, () => failures() === round);
      await wire[Symbol.asyncDispose]();
    }
    await until("the exit code says so", () => process.exitCode === 1);
    expect(reports).toContainEqual({
      kind: "thread",
      thread: 0,
      event: "gaveUp",
      detail: expect.stringContaining("the application gave up more than 1 times within 30 s; at last: "),
    });
    expect(life.lines.filter((line) => line === "app start")).toHaveLength(2);
  });

  test("S17: whoever passes onGiveUp is told in place of the exit code", async () => {
    const told: string[] = [];
    const { server } = await start({
      rootRestarts: { maxRestarts: 0, maxSeconds: 1 },
      onGiveUp: (why) => told.push(why),
    });
    const { page, wire } = await visit(server, "/");
    wire.send(["4", "5", page.topic, "event", { type: "click", event: "giveUp", value: {} }]);
    await until("it is told", () => told.length === 1);
    expect(process.exitCode).toBeUndefined();
    await wire[Symbol.asyncDispose]();
    // The port is free again.
    const again = await start({ port: server.port });
    await again.server.close();
  });
});

describe.each([0, 2])("views, with schedulers: %i", (schedulers) => {
  const told = (life: LifeLog): string[] => life.lines.filter((line) => line.startsWith("view"));

  test("O1, O3: they are waited for: the children stop when the last one has ended", async () => {
    const reports: Report[] = [];
    const server = await serve(appUrl("configured"), {
      port: 0,
      secret,
      schedulers,
      report: (one) => reports.push(one),
    });
    for (const end of ["slow", "quick", "slow"]) await visit(server, `/?end=${end}`);
    await server.close();
    expect(told(life).sort()).toEqual([
      ...["view quick ends", "view quick is told", "view slow ends"],
      ...["view slow ends", "view slow is told", "view slow is told"],
    ]);
    expect(life.lines.slice(-3)).toEqual(["Shop prepStop", "Jobs ends", "Jobs ends"]);
    expect(reports).toEqual([]);
  });

  test("O3: one that does not end in time is named, and killed; the children have their turn", async () => {
    const reports: Report[] = [];
    const server = await serve(appUrl("configured"), {
      ...{ port: 0, secret, schedulers, report: (one) => reports.push(one), viewStopMs: 300 },
    });
    await visit(server, "/?end=stuck");
    await server.close();
    expect(reports).toEqual([
      expect.objectContaining({
        event: "stopTimeout",
        detail: expect.stringMatching(/^not stopped within 300 ms, and killed: view LiveView \/ <\d+\.\d+>$/),
      }),
    ]);
    expect(life.lines.slice(-4)).toEqual(["view stuck is told", "Shop prepStop", "Jobs ends", "Jobs ends"]);
  });
});

describe("handleSignals", () => {
  const run = (env: Record<string, string>) =>
    startServer({
      script: "test/fixtures/app-server.js",
      env: { APP: "test/fixtures/apps/lifecycle.js", SIGNALS: "yes", ...env },
    });

  test.each(["SIGTERM", "SIGINT"] as const)(
    "O3: %s, and once more at the same moment: all stops in order, exit code 0",
    async (signal) => {
      const server = await run({});
      process.kill(server.pid, signal);
      process.kill(server.pid, signal); // as npm does, that passes a terminal's Ctrl+C on
      expect(await server.stop()).toBe(0);
      expect(life.lines.slice(-4)).toEqual(["prepStop", "stop second", "stop first", "app stop"]);
    },
  );

  test("O3: a second one, later, ends it at once with 1", async () => {
    const server = await run({ STOP: "stuck" });
    process.kill(server.pid, "SIGTERM");
    await until("it waits for a child", () => life.lines.at(-1) === "stop first");
    const insisting = setInterval(() => process.kill(server.pid, "SIGTERM"), 50);
    expect(await server.stop().finally(() => clearInterval(insisting))).toBe(1);
  });
});

test("options that make no sense are refused", async () => {
  const refused = (options: object): Promise<unknown> => serve(appUrl("lifecycle"), { port: 0, secret, ...options });
  await expect(refused({ stopTimeoutMs: 0 })).rejects.toMatchObject({ code: "ERR_OPTION" });
  await expect(refused({ viewStopMs: 0 })).rejects.toMatchObject({ code: "ERR_OPTION" });
  await expect(refused({ maxLingerMs: Number.POSITIVE_INFINITY })).rejects.toMatchObject({ code: "ERR_OPTION" });
  await expect(refused({ rootRestarts: { maxRestarts: -1, maxSeconds: 1 } })).rejects.toMatchObject({
    code: "ERR_OPTION",
  });
  await expect(refused({ sharePort: true })).rejects.toMatchObject({ code: "ERR_OPTION" });
});
