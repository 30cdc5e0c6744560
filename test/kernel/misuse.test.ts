/** What is wrong is said at once, by a named error: who, expected, got; and nothing that somebody throws ends the program. */
import { describe, expect, test } from "vitest";
import { OptionError } from "../../kernel/errors.ts";
import { reasonText } from "../../kernel/exit-reason.ts";
import type { Pid } from "../../kernel/pid.ts";
import type { Process } from "../../kernel/process.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { noreply, ok, reply } from "../../kernel/server/outcome.ts";
import { DownMessage } from "../../kernel/system-messages.ts";
import { supervisor } from "../../supervisor/supervisor.ts";
import { actor, scene, simKernel } from "../support/kernels.ts";

/** What the process gets for it. */
function thrownBy(run: (self: Process) => unknown): unknown {
  const { self } = actor(simKernel().kernel);
  try {
    run(self);
  } catch (error) {
    return error;
  }
  return undefined;
}

const nobody = "nobody" as never;

describe("misuse", () => {
  test.each<[string, (self: Process) => unknown, string]>([
    ["a link to a name", (self) => self.link(nobody), 'link of <0.1>: expected a pid, got "nobody". Look the name up'],
    ["an exit to a name", (self) => self.exit(nobody, "kill"), 'exit by <0.1>: expected a pid, got "nobody". Look'],
    ["the kernel's exit to a name", (self) => self.kernel.exit(nobody, "kill"), 'exit: expected a pid, got "nobody"'],
    ["a link to nothing", (self) => self.link(undefined as never), "expected a pid, got undefined."],
    ["a send to nothing", (self) => self.send(undefined as never, 1), "expected a pid, a name or an alias to send to"],
    ["a spawn of a number", (self) => self.spawn(42 as never), "spawn: expected a function, or a behaviour"],
    ["a spawn of nothing", (self) => self.spawn(undefined as never), "spawn: expected a function, or a behaviour"],
    [
      "trapExit that is no flag",
      (self) => Object.assign(self, { trapExit: "yes" }),
      'expected trapExit to be true or false, got "yes"',
    ],
    [
      "a subscription to nothing",
      (self) => self.subscribe(undefined as never),
      "subscribe: expected a topic, got undefined",
    ],
    [
      "a broadcast to nothing",
      (self) => self.broadcast(undefined as never, 1),
      "broadcast: expected a topic, got undefined",
    ],
    [
      "info about nothing",
      (self) => self.kernel.processInfo(undefined as never),
      "processInfo: expected a pid, got undefined",
    ],
    [
      "options of noreply",
      () => noreply(0, { timout: 10 } as never),
      'noreply: there is no option "timout", expected one of',
    ],
    ["options of reply", () => reply(1, 0, { after: 10 } as never), 'reply: there is no option "after"'],
    ["options of ok", () => ok(0, { continues: 1 } as never), 'ok: there is no option "continues"'],
    [
      "a server without a name",
      () => genServer({ init: 1 as never }),
      "genServer: expected init to be a function, got 1",
    ],
    ["a delay that is no number", (self) => self.sendAfter(Number.NaN, 1), "got NaN"],
  ])("%s", (_what, run, sentence) => {
    const error = thrownBy(run);
    expect(error).toBeInstanceOf(OptionError);
    expect((error as Error).message).toContain(sentence);
  });

  test("startLink from code that is no process says so, and starts nothing", async () => {
    const { kernel } = simKernel();
    const Server = genServer({ name: "Server", init: () => 0 });
    for (const definition of [Server, supervisor([Server], { name: "Top" })]) {
      const started = (async () => definition.startLink(kernel as never, undefined))();
      await expect(started).rejects.toThrow(
        `${definition.label}.startLink: expected the process that it is linked to, got a kernel. Code that is no process calls start.`,
      );
    }
    expect(kernel.processes()).toEqual([]);
  });

  test("what the self of a process that has ended throws can be read", async () => {
    const sim = simKernel();
    const pid = sim.kernel.spawn(() => {});
    const self = sim.kernel.localProcess(pid.serial)!;
    await sim.world.runAsync();
    expect(() => self.send(self.pid, 1)).toThrow();
    try {
      self.send(self.pid, 1);
    } catch (error) {
      expect(String(error)).toBe("ProcessExit: the process ends, or has ended: noproc. Let it through.");
    }
  });
});

describe("a pid of another kernel of the same thread", () => {
  test.each<[string, (self: Process, pid: Pid) => unknown]>([
    ["send", (self, pid) => self.send(pid, 1)],
    ["call", (self, pid) => self.call(pid as never, "get" as never)],
    ["cast", (self, pid) => self.cast(pid as never, "get" as never)],
    ["link", (self, pid) => self.link(pid)],
    ["monitor", (self, pid) => self.monitor(pid)],
    ["exit", (self, pid) => self.exit(pid, "kill")],
  ])("%s refuses it, and both kernels go on", async (_what, run) => {
    const [one, two] = [simKernel(), simKernel()];
    const { pid } = actor(two.kernel);
    const { seen } = await scene(one, async (self, seen) => {
      const error = await (async () => run(self, pid))().catch((thrown: unknown) => thrown);
      seen.push(error, await self.receive({ after: 10 }));
    });
    expect(seen[0]).toBeInstanceOf(OptionError);
    expect((seen[0] as Error).message).toBe(
      `${pid} belongs to another kernel of this thread: expected a pid of this one. Make one kernel, and import it where it is needed.`,
    );
    expect(seen).toHaveLength(2);
    expect(two.kernel.isAlive(pid)).toBe(true);
  });
});

const throwing = (): never => {
  throw new Error("evil");
};

describe("whatever is thrown", () => {
  test.each<[string, () => unknown]>([
    [
      "a proxy that throws at everything",
      () => new Proxy({}, { get: throwing, getPrototypeOf: throwing, has: throwing }),
    ],
    ["an error whose message throws", () => Object.defineProperty(new Error("x"), "message", { get: throwing })],
    [
      "an error whose cause is such a proxy",
      () => new Error("x", { cause: new Proxy({}, { getPrototypeOf: throwing }) }),
    ],
  ])("%s ends its process alone", async (_what, make) => {
    const sim = simKernel();
    const { seen } = await scene(sim, async (self, seen) => {
      const runs: ((self: Process) => void | Promise<void>)[] = [
        () => {
          throw make();
        },
        async () => {
          throw make();
        },
      ];
      for (const run of runs) {
        self.spawnMonitor(run);
        seen.push((await self.receive({ match: (m): m is DownMessage => m instanceof DownMessage })).reason);
      }
    });
    expect(seen).toHaveLength(2);
    for (const reason of seen) expect(reason).toMatchObject({ error: { message: expect.any(String) } });
  });
});

describe("reasonText", () => {
  const error = { name: "TypeError", message: "x is not y", stack: "TypeError: x is not y\n    at z" };
  test.each<[unknown, string]>([
    [{ error }, "TypeError: x is not y"],
    [{ shutdown: { failedToStart: "a", reason: { error } } }, 'child "a" did not start: TypeError: x is not y'],
    [
      { shutdown: { failedToStart: "a", reason: { shutdown: { failedToStart: "b", reason: "timeout" } } } },
      'child "a" did not start: child "b" did not start: timeout',
    ],
    [{ why: [{ error }] }, '{"why":["TypeError: x is not y"]}'],
    [{ error: 7 }, '{"error":7}'],
    [{ shutdown: "why" }, '{"shutdown":"why"}'],
  ])("%j", (reason, text) => {
    expect(reasonText(reason)).toBe(text);
  });
});

test("a sentence in a sentence ends with one full stop", async () => {
  const { world, kernel } = simKernel();
  const Server = genServer({ name: "Server", init: () => 0, calls: { odd: () => 42 as never } });
  const pid: Pid = await world.until(Server.start(kernel, undefined));
  const error = await world.until(kernel.call(pid as never, "odd" as never).catch((thrown: unknown) => thrown));
  expect((error as Error).message).toMatch(/got 42\.$/);
  expect((error as Error).message).not.toMatch(/\.\.$/);
});
