import { describe, expect, test } from "vitest";
import { OptionError } from "../../kernel/errors.ts";
import type { Pid, Ref } from "../../kernel/pid.ts";
import type { Process } from "../../kernel/process.ts";
import { type ReceiveOptions, timedOut } from "../../kernel/receive.ts";
import { DownMessage } from "../../kernel/system-messages.ts";
import { actor, scene, simKernel } from "../support/kernels.ts";

interface Request {
  readonly pid: Pid;
  readonly ref: Ref;
}
const isGo = (message: unknown): message is string => message === "go";

/** Answers every request with its ref. */
const echo = { label: "echo", handle: (self: Process, { pid, ref }: never) => self.send(pid as Pid, { ref }) };

describe("the receive marker", () => {
  test("K6: an answer is found in O(1) behind a backlog of 100,000 messages", async () => {
    const sim = simKernel({ maxMailbox: 200_000 });
    const server = sim.kernel.spawn(echo);
    let looked = 0;
    const ask = async (self: Process, marked: boolean): Promise<number> => {
      const before = looked;
      const ref = self.makeRef();
      self.send(server, { pid: self.pid, ref } satisfies Request);
      const match = (message: unknown): message is Request => ++looked > 0 && (message as Request).ref === ref;
      await self.receive(marked ? { since: ref, match } : { match });
      return looked - before;
    };
    const { pid, seen } = await scene(sim, async (self, seen) => {
      await self.receive({ match: isGo });
      for (let i = 0; i < 3; i++) seen.push(await ask(self, true));
      seen.push(await ask(self, false));
    });
    for (let n = 0; n < 100_000; n++) sim.kernel.send(pid, n);
    sim.kernel.send(pid, "go");
    await sim.world.runAsync();
    expect(seen).toEqual([1, 1, 1, 100_001]);
  });

  test("K6: a down message is found so, too; the backlog keeps its order", async () => {
    const sim = simKernel();
    const other = actor(sim.kernel);
    let looked = 0;
    const { pid, seen } = await scene(sim, async (self, seen) => {
      await self.receive({ match: isGo });
      const ref = self.monitor(other.pid);
      self.exit(other.pid, "over");
      const match = (message: unknown): message is DownMessage => ++looked > 0 && message instanceof DownMessage;
      seen.push((await self.receive({ since: ref, match })).reason);
      for (let i = 0; i < 3; i++) seen.push(await self.receive());
    });
    for (const message of [1, 2, 3, "go"]) sim.kernel.send(pid, message);
    await sim.world.runAsync();
    expect(seen).toEqual(["over", 1, 2, 3]);
    expect(looked).toBe(1);
  });

  test("K6: what was taken meanwhile, before the marker or behind it, loses nothing", async () => {
    const sim = simKernel();
    const { pid, seen } = await scene(sim, async (self, seen) => {
      await self.receive({ match: isGo });
      const ref = self.makeRef();
      for (const message of [4, "answer", 5]) self.send(self.pid, message);
      const number =
        (n: number) =>
        (message: unknown): message is number =>
          message === n;
      for (const n of [2, 4, 1, 5]) seen.push(await self.receive({ match: number(n) }));
      seen.push(await self.receive({ since: ref, match: (m): m is string => m === "answer" }));
      seen.push(await self.receive({ since: ref, after: 0 }), await self.receive({ after: 0 }));
    });
    for (const message of [1, 2, 3, "go"]) sim.kernel.send(pid, message);
    await sim.world.runAsync();
    expect(seen.slice(0, 5)).toEqual([2, 4, 1, 5, "answer"]);
    expect(seen.filter((message) => message === 3)).toHaveLength(1);
  });

  test("a ref that is forgotten, or of somebody else, looks at everything", async () => {
    const sim = simKernel();
    const { pid, seen } = await scene(sim, async (self, seen) => {
      await self.receive({ match: isGo });
      const old = self.makeRef();
      for (let i = 0; i < 16; i++) self.makeRef();
      seen.push(await self.receive({ since: old, after: 0 }));
      seen.push(await self.receive({ since: sim.kernel.newRef(), after: 0 }));
    });
    for (const message of [1, 2, "go"]) sim.kernel.send(pid, message);
    await sim.world.runAsync();
    expect(seen).toEqual([1, 2]);
  });

  test("hibernation forgets the markers, and nothing else", async () => {
    const sim = simKernel();
    const { pid, seen } = await scene(sim, async (self, seen) => {
      await self.receive({ match: isGo });
      const ref = self.makeRef();
      self.hibernate();
      seen.push(await self.receive({ since: ref, after: 0 }), await self.receive({ since: ref, after: 0 }));
    });
    for (const message of [1, "go"]) sim.kernel.send(pid, message);
    await sim.world.runAsync();
    expect(seen).toEqual([1, timedOut]);
  });
});

describe("receive options", () => {
  test.each([Number.NaN, -1, "10"])("refuses after: %s", async (after) => {
    const sim = simKernel();
    const { seen } = await scene(sim, async (self, seen) => {
      const options = { after } as ReceiveOptions<unknown>;
      seen.push(await self.receive(options).catch((error: unknown) => error));
    });
    expect(seen[0]).toBeInstanceOf(OptionError);
    expect((seen[0] as Error).message).toContain(
      "expected receive's after to be milliseconds of at least 0, or Infinity, got",
    );
  });
});
