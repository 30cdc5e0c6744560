/** Whose exit signal ends a server that traps exits: its parent's, and the kernel's when that has started it. */
import { describe, expect, test } from "vitest";
import { genStatem } from "../../kernel/gen-statem/gen-statem.ts";
import { keepState, nextState } from "../../kernel/gen-statem/transitions.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Process } from "../../kernel/process.ts";
import { Agent } from "../../kernel/server/agent.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { noreply } from "../../kernel/server/outcome.ts";
import { simKernel } from "../support/kernels.ts";

function traps(told: unknown[]) {
  return {
    genServer: genServer({
      init: () => 0,
      trapExit: true,
      info: (state, message) => {
        told.push(message);
        return noreply(state);
      },
      terminate: (_state, reason) => void told.push(reason),
    }),
    genStatem: genStatem({
      init: () => nextState("on", 0),
      trapExit: true,
      states: {
        on: {
          info: (data, message) => {
            told.push(message);
            return keepState(data);
          },
        },
      },
      terminate: (_data, reason) => void told.push(reason),
    }),
  };
}

describe.each(["genServer", "genStatem"] as const)("%s that traps exits", (kind) => {
  test("G8: ends by kernel.exit when code that is no process has started it, and terminates", async () => {
    const { world, kernel } = simKernel();
    const told: unknown[] = [];
    const pid = await world.until(traps(told)[kind].start(kernel, undefined));
    kernel.exit(pid, "shutdown");
    world.run();
    expect(told).toEqual(["shutdown"]);
    expect(kernel.isAlive(pid)).toBe(false);
  });

  test("G8: is only told when any other process says so, or the kernel of a server with a parent", async () => {
    const { world, kernel } = simKernel();
    const told: unknown[] = [];
    const server = traps(told)[kind];
    const alone = await world.until(server.start(kernel, undefined));
    kernel.spawn((self) => self.exit(alone, "shutdown"));
    world.run();
    expect(told).toMatchObject([{ type: "exit", reason: "shutdown" }]);
    expect(kernel.isAlive(alone)).toBe(true);
    const child = await world.until(startedByProcess(kernel, (self) => server.startLink(self, undefined)));
    kernel.exit(child as typeof alone, "shutdown");
    world.run();
    expect(told).toHaveLength(2);
    expect(kernel.isAlive(child as typeof alone)).toBe(true);
  });
});

test("G8: an agent that the kernel started ends by kernel.exit", async () => {
  const { world, kernel } = simKernel();
  const pid = await world.until(Agent.start(kernel, () => 0, { trapExit: true }));
  kernel.exit(pid, "shutdown");
  world.run();
  expect(kernel.isAlive(pid)).toBe(false);
});

function startedByProcess<T>(kernel: Kernel, run: (self: Process) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    kernel.spawn(async (self) => {
      run(self).then(resolve, reject);
      await self.receive();
    });
  });
}
