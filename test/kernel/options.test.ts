/** Wrong and unknown options, of everything in the kernel that takes some: refused by name before anything has begun. */
import { describe, expect, test } from "vitest";
import { OptionError, ReceiveError } from "../../kernel/errors.ts";
import { Kernel } from "../../kernel/kernel.ts";
import { registry } from "../../kernel/names/registry.ts";
import { StatsTable } from "../../kernel/observe/stats.ts";
import type { Process } from "../../kernel/process.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { Task } from "../../kernel/task/task.ts";
import { actor, simKernel } from "../support/kernels.ts";

/** What must throw, and what the sentence says. `any`: these are mistakes that the compiler finds, made without it. */
// biome-ignore lint/suspicious/noExplicitAny: see above
type Mistake = [string, (self: any, kernel: any) => unknown, RegExp];

const mistakes: Mistake[] = [
  ["Kernel", () => new Kernel({ maxProcess: 1 } as object), /Kernel: there is no option "maxProcess", expected one of/],
  ["Kernel thread", () => new Kernel({ thread: 0.5 }), /thread to be a whole number of at least 0, got 0.5/],
  ["Kernel report", () => new Kernel({ report: "stderr" as never }), /report to be a function, got "stderr"/],
  ["Kernel sliceMs", () => new Kernel({ sliceMs: 0 }), /sliceMs: expected a number above 0, got 0/],
  ["Kernel statsRow", () => new Kernel({ statsTable: new StatsTable(2), statsRow: 2 }), /statsTable's 2 rows.*got 2/],
  ["spawn", (self) => self.spawn(() => {}, undefined, { trapExits: true }), /there is no option "trapExits"/],
  ["spawn link", (self) => self.spawn(() => {}, undefined, { link: "yes" }), /link to be true or false, got "yes"/],
  ["spawn trapExit", (_, kernel) => kernel.spawn(() => {}, undefined, { trapExit: 1 }), /trapExit to be true or false/],
  ["spawn label", (self) => self.spawn(() => {}, undefined, { label: 7 }), /label to be a string, got 7/],
  ["spawn null", (self) => self.spawn(() => {}, undefined, null), /expected options { on, link, .* }, got null/],
  [
    "mailbox",
    (self) => self.spawn(() => {}, undefined, { mailbox: { limit: 1 } }),
    /mailbox: there is no option "limit"/,
  ],
  ["receive", (self) => self.receive({ timeout: 5 }), /receive of <0.1>: there is no option "timeout"/],
  ["receive match", (self) => self.receive({ match: "x" }), /match to be a function, got "x"/],
  ["alias", (self) => self.alias({ once: true }), /alias: there is no option "once", expected one of mode, priority/],
  ["alias priority", (self) => self.alias({ priority: "high" }), /priority to be true or false, got "high"/],
  ["link", (self) => self.link(self.pid, { urgent: true }), /link of <0.1>: there is no option "urgent"/],
  ["call", (self) => self.call("nobody", "name", 1, { timeOut: 5 }), /Call "name": there is no option "timeOut"/],
  ["trace", (_, kernel) => kernel.trace({ pid: 1 }, () => {}), /trace: there is no option "pid"/],
  ["trace match", (_, kernel) => kernel.trace({ match: 1 }, () => {}), /match to be a function, got 1/],
  ["systemMonitor", (_, kernel) => kernel.systemMonitor({ longTurn: 1 }, () => {}), /there is no option "longTurn"/],
  [
    "registry",
    () => registry({ name: "r", keys: "unique", partitions: 2 } as never),
    /there is no option "partitions"/,
  ],
  [
    "Task.await",
    (self) => Task.await(self, Task.completed(self, 1), { ms: 1 } as never),
    /Task.await of <0.1>: .* "ms"/,
  ],
  [
    "Task.yield",
    (self) => Task.yield(self, Task.completed(self, 1), { ms: 1 } as never),
    /Task.yield of <0.1>: .* "ms"/,
  ],
  ["Task.awaitMany", (self) => Task.awaitMany(self, [], { ms: 1 } as never), /Task.awaitMany of <0.1>: .* "ms"/],
  ["Task.yieldMany", (self) => Task.yieldMany(self, [], { max: 1 } as never), /Task.yieldMany of <0.1>: .* "max"/],
  [
    "asyncStream",
    (self) => Task.asyncStream(self, [], () => 1, { limit: 1 } as never),
    /asyncStream of <0.1>: .* "limit"/,
  ],
  ["genServer", () => genServer({ init: () => 0, handleInfo: () => 0 } as never), /there is no option "handleInfo"/],
  [
    "genServer init",
    () => genServer({ name: "Stock" } as never),
    /genServer "Stock": expected init to be a function, got/,
  ],
  [
    "genServer calls",
    () => genServer({ init: () => 0, calls: { get: 1 } } as never),
    /calls.get to be a function, got 1/,
  ],
  ["genServer casts", () => genServer({ init: () => 0, casts: [1] } as never), /casts.0 to be a function/],
  ["genServer info", () => genServer({ init: () => 0, info: {} } as never), /info to be a function, got {}/],
  ["genServer name", () => genServer({ name: "", init: () => 0 }), /name to be a string with at least one character/],
];

describe("options", () => {
  test.each(mistakes)("%s is refused by name, and leaves nothing behind", async (_what, make, message) => {
    const { world, kernel } = simKernel();
    const { self } = actor(kernel);
    world.run();
    const before = [kernel.processes().length, kernel.timers.size];
    let thrown: unknown;
    try {
      const made = make(self as Process, kernel);
      await world.runAsync();
      await made;
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(OptionError);
    expect((thrown as OptionError).code).toBe("ERR_OPTION");
    expect((thrown as OptionError).message).toMatch(message);
    expect([kernel.processes().length, kernel.timers.size]).toEqual(before);
  });

  test("two receives at one time are refused by name", async () => {
    const { world, kernel } = simKernel();
    const errors: unknown[] = [];
    kernel.spawn(async (self) => {
      void self.receive();
      await self.receive().catch((error: unknown) => errors.push(error));
    });
    await world.runAsync();
    expect(errors[0]).toBeInstanceOf(ReceiveError);
    expect(errors[0]).toMatchObject({ code: "ERR_RECEIVE", message: expect.stringContaining("Await it first") });
  });
});
