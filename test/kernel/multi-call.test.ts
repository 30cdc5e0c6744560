import { describe, expect, test } from "vitest";
import { MessageError } from "../../kernel/errors.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import { processGroups } from "../../kernel/names/process-groups.ts";
import type { ProtocolOf } from "../../kernel/protocol.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { abcast, multiCall } from "../../kernel/server/multi-call.ts";
import { noreply, reply } from "../../kernel/server/outcome.ts";
import { sys } from "../../kernel/server/sys.ts";
import { actor, simKernel, simKernels } from "../support/kernels.ts";

const Cell = genServer({
  name: "Cell",
  init: (value: number) => value,
  calls: {
    get: (value) => reply(value, value),
    plus: (value, n: number) => reply(value + n, value),
    never: (value) => noreply(value),
    crash: (): never => {
      throw new Error("crash");
    },
  },
  casts: { set: (_value, next: number) => noreply(next) },
});

describe("multiCall", () => {
  test("G4: every server is in the replies or in the failures, in the order given, after one timeout for all", async () => {
    const { world, kernel } = simKernel();
    const [a, c] = [await world.until(Cell.start(kernel, 1)), await world.until(Cell.start(kernel, 3))];
    await world.until(Cell.start(kernel, 2, { name: "b" }));
    const dead = await world.until(Cell.start(kernel, 4));
    kernel.exit(dead, "kill");
    await world.until(sys.suspend(kernel, a));
    const fromMs = world.nowMs;
    const result = await world.until(multiCall(kernel, [a, Cell.named("b"), dead, c], "plus", 10, { timeout: 100 }));
    expect(result).toEqual({
      replies: [
        { server: "b", value: 12 },
        { server: c, value: 13 },
      ],
      failures: [
        { server: a, reason: "timeout" },
        { server: dead, reason: "noproc" },
      ],
    });
    expect(world.nowMs - fromMs).toBeLessThan(110);
    expect(kernel.timers.size).toBe(0);
  });

  test("G4: asks the members of a group, on all threads", async () => {
    const { world, kernels } = simKernels(2);
    const [here, there] = kernels as [Kernel, Kernel];
    const Cells = processGroups<string, ProtocolOf<typeof Cell>>("cells");
    for (const [kernel, value] of [
      [here, 1],
      [there, 2],
    ] as const) {
      const pid = await world.until(Cell.start(kernel, value));
      Cells.join(kernel.localProcess(pid.serial)!, "all");
    }
    await world.runAsync();
    const asker = actor(here);
    const { replies, failures } = await world.until(multiCall(asker.self, Cells.getMembers(here, "all"), "get"));
    expect(replies.map(({ value }) => value).sort()).toEqual([1, 2]);
    expect(failures).toEqual([]);
  });

  test("G4: a server that crashes fails with its reason, and nobody else does; nobody to ask is fine", async () => {
    const { world, kernel } = simKernel();
    const pid = await world.until(Cell.start(kernel, 1));
    expect(await world.until(multiCall(kernel, [pid], "crash"))).toMatchObject({
      replies: [],
      failures: [{ server: pid, reason: { error: { message: "crash" } } }],
    });
    expect(await world.until(multiCall(kernel, [], "get"))).toEqual({ replies: [], failures: [] });
  });

  test("a request that is not data is an error of who asks", async () => {
    const { world, kernel } = simKernel();
    const pid = await world.until(Cell.start(kernel, 1));
    const asked = multiCall(kernel, [pid], "plus", (() => 1) as unknown as number);
    await expect(world.until(asked)).rejects.toThrow(MessageError);
  });
});

describe("abcast", () => {
  test("G4: reaches all that are there, and never fails", async () => {
    const { world, kernel } = simKernel();
    const cells = [await world.until(Cell.start(kernel, 1)), await world.until(Cell.start(kernel, 2))];
    abcast(kernel, [...cells, Cell.named("nobody")], "set", 7);
    const { replies } = await world.until(multiCall(kernel, cells, "get"));
    expect(replies.map(({ value }) => value)).toEqual([7, 7]);
  });
});
