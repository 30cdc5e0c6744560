/** `lintel start`: what a process keeps up that no thread could. */
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lintel, type RunningParent, runParent, startParent } from "../support/parent.ts";
import { freePort } from "../support/server.ts";
import { until } from "../support/until.ts";
import { connect, getPage, http, type Page, responseOf, type Visit, visit } from "../support/wire-client.ts";
import { LifeLog } from "./serving.ts";

const transports = ["ws", "uws"] as const;

/** Number of the runtime process that a page or a join's reply comes from. */
const processOf = (text: string): number => Number(/(?:<p>|"0":")(\d+)/.exec(text)![1]);

/** Tries again until it works: as a browser does, whose server is away for a moment. */
async function comesBack<T>(attempt: () => Promise<T>, withinMs: number): Promise<T> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await pause(20);
    }
  }
}

/** The same page, with the tokens and cookie that it has, on a new socket. */
async function rejoin(server: RunningParent, page: Page): Promise<Visit> {
  const wire = await connect(server, page);
  return { page, wire, joined: await wire.join(page) };
}

/** Joins anew, and has an event answered. @returns the process that did */
async function isServed(server: RunningParent, page: Page): Promise<number> {
  const { wire, joined } = await rejoin(server, page);
  expect(responseOf(await wire.click(page, "5", "inc"))).toEqual({ diff: { 1: "1" } });
  return processOf(joined);
}

/** Sends a signal again and again until the process has ended. */
async function insist(server: RunningParent, signal: NodeJS.Signals): Promise<number | string> {
  let how: number | string | undefined;
  void server.ended.then((ended) => {
    how = ended;
  });
  while (how === undefined) {
    server.signal(signal);
    await pause(50);
  }
  return how;
}

describe.each(transports)("over %s", (transport) => {
  test.each([1, 2])(
    "%i processes: one is killed, and its clients join again with the tokens that they have",
    async (processes) => {
      await using server = await startParent({ args: ["--transport", transport, "--processes", String(processes)] });
      expect(server.greeting).toBe(`Lintel: http://127.0.0.1:${server.port} (processes: ${processes})`);
      // How connections are spread is up to the system: until there are clients of every process.
      const visits: Visit[] = [];
      const reached = (): number => new Set(visits.map(({ joined }) => processOf(joined))).size;
      while (visits.length < 20 || reached() < processes) {
        expect(visits.length).toBeLessThan(200);
        visits.push(await visit(server, "/"));
      }
      const victim = processOf(visits[0]!.joined);

      process.kill(victim, "SIGKILL");
      const lost = visits.filter(({ joined }) => processOf(joined) === victim);
      await Promise.all(lost.map(({ wire }) => wire.closed));
      const back = await Promise.all(lost.map(({ page }) => comesBack(() => rejoin(server, page), 5000)));
      for (const { page, wire, joined } of back) {
        expect(processOf(joined)).not.toBe(victim);
        expect(responseOf(await wire.click(page, "5", "inc"))).toEqual({ diff: { 1: "1" } });
      }
      for (const { page, wire } of visits.filter((one) => !lost.includes(one))) {
        expect(responseOf(await wire.click(page, "5", "inc"))).toEqual({ diff: { 1: "1" } });
      }
      expect(server.lines.filter((line) => line.includes('"kind":"parent"'))).toEqual([
        expect.stringContaining(`process ${victim} ended (SIGKILL); started again at once`),
      ]);
      server.signal("SIGTERM");
      expect(await server.ended).toBe(0);
    },
  );
});

describe("heap bombs", () => {
  const small = { NODE_OPTIONS: "--max-old-space-size=64" };
  const bomb = ({ page, wire }: Visit, shape: string): void =>
    wire.send(["4", "5", page.topic, "event", { type: "click", event: "bomb", value: { shape } }]);

  /** Whether V8 ends the thread or the whole process is up to it: that is what the parent is for. */
  test.each(["numbers", "filled", "map", "arrays", "promises", "text"])(
    "%s: at the most the process ends; all clients are back within 5 s",
    async (shape) => {
      await using server = await startParent({ env: small });
      const visits = await Promise.all(Array.from({ length: 20 }, () => visit(server, "/")));
      const before = processOf(visits[0]!.joined);
      const startMs = performance.now();
      bomb(visits[0]!, shape);
      await Promise.race([visits[0]!.wire.closed, visits[0]!.wire.push("phx_error")]);
      // Back is who is served. A thread that is ended in the middle of a call of V8's own may take its process with it
      // half a second later, when its clients are on another thread already: they come back once more.
      const back = await Promise.all(visits.map(({ page }) => comesBack(() => isServed(server, page), 5000)));
      expect(performance.now() - startMs).toBeLessThan(5000);
      const ends = (): string[] => server.lines.filter((line) => line.includes('"kind":"parent"'));
      if (!back.includes(before)) await until("its end is told", () => ends().length > 0);
      // If any, it was this process, once, and V8's doing.
      expect(ends()).toEqual(ends().length === 0 ? [] : [expect.stringContaining(`process ${before} ended (SIGABRT)`)]);
    },
  );
});

describe("the end", () => {
  let life: LifeLog;
  beforeEach(() => {
    life = new LifeLog();
  });
  afterEach(() => life[Symbol.dispose]());

  test.each(["SIGTERM", "SIGINT"] as const)(
    "O1, O3: %s stops the app in order, and the exit code is 0",
    async (signal) => {
      await using server = await startParent();
      const { wire } = await visit(server, "/");
      server.signal(signal);
      expect(await wire.closed).toBe(1012);
      expect(await server.ended).toBe(0);
      expect(life.lines).toEqual([
        ...["app start", "start first", "start second"],
        ...["prepStop", "stop second", "stop first", "app stop"],
      ]);
      expect(server.lines).toEqual([]);
    },
  );

  test("O3: what does not stop in time is reported by name, and the exit code is 0 still", async () => {
    await using server = await startParent({ args: ["--stop-timeout", "300"], env: { STOP: "stuck" } });
    server.signal("SIGTERM");
    expect(await server.ended).toBe(0);
    expect(server.lines).toEqual([
      expect.stringMatching(/stopTimeout.*not stopped within 300 ms: child \\"first\\" </),
    ]);
    expect(life.lines.at(-1)).toBe("stop first");
  });

  test("a second SIGTERM forces it", async () => {
    await using server = await startParent({ env: { STOP: "stuck" } });
    const page = await getPage(server, "/");
    expect(await insist(server, "SIGTERM")).toBe(1);
    expect(server.lines.join("\n")).toContain("is killed: a second signal came");
    await until("its process has gone", () => hasEnded(processOf(page.inner)));
  });

  test("the parent is killed: its process notices, and ends in order", async () => {
    await using server = await startParent();
    const page = await getPage(server, "/");
    server.signal("SIGKILL");
    await until("its process has gone", () => hasEnded(processOf(page.inner)));
    expect(life.lines.slice(-4)).toEqual(["prepStop", "stop second", "stop first", "app stop"]);
  });

  test("SIGUSR2 is passed on: each process shows its counters", async () => {
    await using server = await startParent({ args: ["--processes", "2"] });
    server.signal("SIGUSR2");
    await until("both have", () => server.lines.filter((line) => line.includes('"kind":"stats"')).length === 2);
  });
});

describe("a process that hangs", () => {
  test("is killed and started again, with the reason; its clients join again", async () => {
    await using server = await startParent({ args: ["--schedulers", "0", "--hang-timeout", "400"] });
    const { page, wire } = await visit(server, "/");
    const before = processOf(page.inner);
    wire.send(["4", "5", page.topic, "event", { type: "click", event: "spin", value: {} }]);
    await wire.closed;
    const back = await comesBack(() => rejoin(server, page), 5000);
    expect(processOf(back.joined)).not.toBe(before);
    expect(server.lines.join("\n")).toMatch(
      new RegExp(
        `process ${before} ended \\(SIGKILL: its main thread stood still for \\d+ ms\\); started again at once`,
      ),
    );
  });

  test("that does not run any more (SIGSTOP) is killed as well", async () => {
    await using server = await startParent({ args: ["--hang-timeout", "400"] });
    const before = processOf((await getPage(server, "/")).inner);
    process.kill(before, "SIGSTOP");
    await until("it is replaced", () => server.lines.some((line) => line.includes(`process ${before} ended (SIGKILL`)));
    const page = await comesBack(() => getPage(server, "/"), 5000);
    expect(processOf(page.inner)).not.toBe(before);
  });

  test("with --hang-timeout 0 it is left alone", async () => {
    await using server = await startParent({ args: ["--hang-timeout", "0"] });
    const before = processOf((await getPage(server, "/")).inner);
    process.kill(before, "SIGSTOP");
    await pause(1000);
    process.kill(before, "SIGCONT");
    expect(processOf((await getPage(server, "/")).inner)).toBe(before);
    expect(server.lines).toEqual([]);
  });
});

describe("an app that cannot run", () => {
  test.each([
    ["throws at its start", "lifecycle", { START: "throws" }, "no database"],
    ["throws at import", "throws-at-import", {}, "cannot be loaded"],
    ["has a child that does not start", "child-fails", {}, "did not start"],
  ])("%s: the parent ends with 1, and the reason", async (_what, app, env, reason) => {
    const { how, lines } = await runParent({ app, env, args: ["--processes", "2"] });
    expect(how).toBe(1);
    expect(lines.join("\n")).toContain(reason);
    expect(lines.at(-1)).toContain("no process could start");
  });

  test("starts in one process, and not in another: that is tried again, and both serve in the end", async () => {
    using life = new LifeLog();
    await using server = await startParent({ env: { START: "throws once" }, args: ["--processes", "2"] });
    expect(server.lines.join("\n")).toContain("no database");
    expect(life.lines.filter((line) => line === "app start")).toHaveLength(3);
    server.signal("SIGTERM");
    expect(await server.ended).toBe(0);
  });

  test("a port that is taken: 1, before anything starts", async () => {
    await using server = await startParent();
    const { how, lines } = await runParent({ port: server.port });
    expect(how).toBe(1);
    expect(lines).toEqual([expect.stringContaining("EADDRINUSE")]);
  });

  test("lintel help lists the commands; one that there is not is refused", async () => {
    expect(await lintel("help")).toMatchObject({ code: 0, stdout: expect.stringContaining("lintel tree [options]") });
    expect(await lintel("frob")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('expected start, dev, tree or help, got "frob"'),
    });
  });

  test.each([
    ["no secret", { LINTEL_SECRET: "" }, [], "LINTEL_SECRET"],
    ["a number that is none", {}, ["--processes", "many"], "--processes"],
  ])("%s: 2, and how it is used", async (_what, env, args, text) => {
    const { how, lines } = await runParent({ env, args, port: await freePort() });
    expect(how).toBe(2);
    expect(lines[0]).toContain(text);
    expect(lines).toContain("Usage: lintel start APP [options]");
  });

  test("more ends than it may: it gives up, stops the others in order, and ends with 1", async () => {
    using life = new LifeLog();
    await using server = await startParent({ args: ["--max-restarts", "1", "--processes", "2"] });
    for (const round of [1, 2]) {
      const starts = (): number => life.lines.filter((line) => line === "start second").length;
      await until(`both are up, ${round}`, () => starts() === 1 + round);
      const page = await comesBack(() => getPage(server, "/"), 5000);
      process.kill(processOf(page.inner), "SIGKILL");
      await until(
        `its end is noticed, ${round}`,
        () => server.lines.filter((l) => l.includes("ended (")).length === round,
      );
    }
    expect(await server.ended).toBe(1);
    expect(server.lines.join("\n")).toContain("more than 1 restarts within 600 s; stopping");
    expect(life.lines.slice(-4)).toEqual(["prepStop", "stop second", "stop first", "app stop"]);
  });

  test("S17: an app that gives up again and again ends its process, which the parent starts anew", async () => {
    await using server = await startParent();
    const first = processOf((await getPage(server, "/")).inner);
    const endMs = performance.now() + 20_000;
    while (!server.lines.some((line) => line.includes("started again"))) {
      expect(performance.now()).toBeLessThan(endMs);
      try {
        const { page, wire } = await visit(server, "/");
        wire.send(["4", "5", page.topic, "event", { type: "click", event: "giveUp", value: {} }]);
        await Promise.race([wire.push("phx_error"), wire.closed]);
        await wire[Symbol.asyncDispose]();
      } catch {
        await pause(20); // its thread was just away
      }
    }
    const told = server.lines.join("\n");
    expect(told).toContain('"event":"gaveUp"');
    expect(told).toContain(
      `process ${first} ended (exit code 1: the application gave up more than 5 times within 30 s`,
    );
    const page = await comesBack(() => getPage(server, "/"), 5000);
    expect(processOf(page.inner)).not.toBe(first);
    expect((await http(server, "/")).status).toBe(200);
  });
});

/** One that has ended, and that nobody has waited for yet (Z), does not count any more. */
function hasEnded(pid: number): boolean {
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}
