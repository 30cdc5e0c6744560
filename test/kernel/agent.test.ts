import { describe, expect, test } from "vitest";
import { CallError, MessageError } from "../../kernel/errors.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Pid } from "../../kernel/pid.ts";
import { Agent } from "../../kernel/server/agent.ts";
import { DownMessage, ExitMessage } from "../../kernel/system-messages.ts";
import { childSpec } from "../../supervisor/child-spec.ts";
import { supervisor } from "../../supervisor/supervisor.ts";
import { actor, simKernel, simKernels } from "../support/kernels.ts";

async function reasonOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect.fail("the call did not fail"),
    (error: unknown) => {
      expect(error).toBeInstanceOf(CallError);
      return (error as CallError).reason;
    },
  );
}

describe("Agent", () => {
  test("G13: get, update, getAndUpdate and cast work on one state, in order", async () => {
    const { world, kernel } = simKernel();
    const counter = await world.until(Agent.start(kernel, () => 1));
    Agent.cast(kernel, counter, (n) => n + 1);
    const updated = Agent.update(kernel, counter, (n) => n * 10);
    const taken = Agent.getAndUpdate(kernel, counter, (n) => [`was ${n}`, n + 1]);
    const last = Agent.get(kernel, counter, (n) => n);
    expect(await world.until(Promise.all([updated, taken, last]))).toEqual([undefined, "was 20", 21]);
  });

  test("G13: an async init and async functions hold back what follows", async () => {
    const { world, kernel } = simKernel();
    const soon = <T>(value: T): Promise<T> => new Promise((resolve) => world.alarm(100, () => resolve(value)));
    const agent = await world.until(Agent.start(kernel, () => soon(["init"])));
    const slow = Agent.update(kernel, agent, (list) => soon([...list, "slow"]));
    const quick = Agent.getAndUpdate(kernel, agent, async (list) => [list.length, [...list, "quick"]]);
    const read = Agent.get(kernel, agent, async (list) => list.join());
    expect(await world.until(Promise.all([slow, quick, read]))).toEqual([undefined, 2, "init,slow,quick"]);
  });

  test("G13: the function runs inside the agent: long work blocks it, and the default timeout is 5 s", async () => {
    const { world, kernel } = simKernel();
    const agent = await world.until(Agent.start(kernel, () => 0));
    const work = Agent.update(
      kernel,
      agent,
      (n) => new Promise<number>((done) => world.alarm(6000, () => done(n + 1))),
      {
        timeout: Number.POSITIVE_INFINITY,
      },
    );
    const startMs = world.nowMs;
    expect(await world.until(reasonOf(Agent.get(kernel, agent, (n) => n)))).toBe("timeout");
    expect(world.nowMs - startMs).toBeGreaterThanOrEqual(5000);
    expect(world.nowMs - startMs).toBeLessThan(5002);
    expect(await world.until(reasonOf(Agent.get(kernel, agent, (n) => n, { timeout: 10 })))).toBe("timeout");
    await world.until(work);
    expect(await world.until(Agent.get(kernel, agent, (n) => n))).toBe(1); // it lives, and answers
  });

  test("G13: a function that throws ends the agent, its caller and those who are linked hear of it", async () => {
    const { world, kernel, reports } = simKernel();
    const owner = actor(kernel, { trapExit: true });
    const agent = await world.until(Agent.startLink(owner.self, () => 0));
    const boom = Agent.update(owner.self, agent, () => {
      throw new Error("boom");
    });
    const behind = Agent.get(kernel, agent, (n) => n);
    expect(await world.until(Promise.all([reasonOf(boom), reasonOf(behind)]))).toMatchObject([
      { error: { message: "boom" } },
      { error: { message: "boom" } },
    ]);
    await world.runAsync();
    expect(owner.messages).toMatchObject([{ type: "exit", from: agent, reason: { error: { message: "boom" } } }]);
    expect(reports).toMatchObject([{ kind: "crash", label: "Agent" }]);
  });

  test("G13: stop waits for the end, gives the reason, and has freed the name", async () => {
    const { world, kernel } = simKernel();
    const watcher = actor(kernel);
    const agent = await world.until(Agent.start(kernel, () => 0, { name: "counter" }));
    const ref = watcher.self.monitor(agent);
    const alive = world
      .until(Agent.stop(kernel, "counter", { shutdown: "moving" }))
      .then(() => [kernel.isAlive(agent), kernel.names.whereis("counter")]);
    expect(await alive).toEqual([false, undefined]);
    await world.runAsync();
    expect(watcher.messages).toEqual([new DownMessage(ref, agent, { shutdown: "moving" })]);
    expect(await reasonOf(Agent.stop(kernel, agent))).toBe("noproc");
    const other = await world.until(Agent.start(kernel, () => 0));
    await world.until(Agent.stop(watcher.self, other));
    expect(kernel.isAlive(other)).toBe(false);
  });

  test("G13: works by name; a cast to nobody is dropped, a get from nobody fails", async () => {
    const { world, kernel } = simKernel();
    const settings = Agent.named<{ theme: string }>("settings");
    Agent.cast(kernel, settings, (state) => state);
    expect(await reasonOf(Agent.get(kernel, settings, (state) => state.theme))).toBe("noproc");
    await world.until(Agent.start(kernel, () => ({ theme: "dark" }), { name: "settings" }));
    expect(await world.until(Agent.get(kernel, settings, (state) => state.theme))).toBe("dark");
  });

  test("G13: is a child of a supervisor, which starts it afresh", async () => {
    const { world, kernel } = simKernel();
    const counter = Agent.named<number>("counter");
    await world.until(supervisor([childSpec(Agent, () => 7, { name: "counter" })]).start(kernel));
    await world.until(Agent.update(kernel, counter, (n) => n + 1));
    kernel.exit(kernel.names.whereis("counter")!, "kill");
    await world.runAsync();
    expect(await world.until(Agent.get(kernel, counter, (n) => n))).toBe(7);
  });

  test("a function cannot go to another thread: the error says so, and the agent does not notice", async () => {
    const { world, kernels } = simKernels(2);
    const [one, two] = kernels as [Kernel, Kernel];
    const agent = await world.until(Agent.start(one, () => 0, { name: "counter" }));
    await world.runAsync();
    const far = two.names.whereis("counter") as typeof agent;
    for (const address of [far, Agent.named<number>("counter")]) {
      await expect(Agent.get(two, address, (n) => n)).rejects.toThrow(MessageError);
      expect(() => Agent.cast(two, address, (n) => n)).toThrow(
        `expected an agent of thread 2, got ${far}: a function cannot go to another thread. Use a genServer`,
      );
    }
    expect(await world.until(Agent.get(one, agent, (n) => n))).toBe(0);
    await world.until(Agent.stop(two, far)); // for that no function is needed
    expect(one.isAlive(agent)).toBe(false);
  });

  test("what get hands out is frozen; what cannot be frozen is a copy", async () => {
    const { world, kernel } = simKernel();
    const agent = await world.until(Agent.start(kernel, () => ({ list: [1], map: new Map([["a", 1]]) })));
    const list = await world.until(Agent.get(kernel, agent, (state) => state.list));
    expect(() => list.push(2)).toThrow(TypeError);
    const map = await world.until(Agent.get(kernel, agent, (state) => state.map));
    map.set("b", 2);
    expect(await world.until(Agent.get(kernel, agent, (state) => state.map.size))).toBe(1);
  });

  test("a wrong return value of getAndUpdate, or a call of something else, ends it with what was expected", async () => {
    const { world, kernel } = simKernel();
    const agent = await world.until(Agent.start(kernel, () => 0));
    const wrong = Agent.getAndUpdate(kernel, agent, (() => "no pair") as never);
    expect(await world.until(reasonOf(wrong))).toMatchObject({
      error: { name: "ReturnError", message: expect.stringContaining('to return [value, state], got "no pair"') },
    });
    const other = await world.until(Agent.start(kernel, () => 0));
    const called = kernel.call(other as unknown as Pid, "price");
    expect(await world.until(reasonOf(called))).toMatchObject({
      error: { message: expect.stringContaining('no call "price"') },
    });
    await expect(Agent.get(kernel, agent, 5 as never)).rejects.toThrow("Agent.get: expected a function, got 5.");
  });

  test("other messages are dropped; its parent's exit ends it when it traps exits", async () => {
    const { world, kernel } = simKernel();
    const parent = actor(kernel);
    const agent = await world.until(Agent.startLink(parent.self, () => 0, { trapExit: true }));
    kernel.send(agent as Pid as Pid<unknown>, "hello");
    kernel.send(agent as Pid as Pid<unknown>, new ExitMessage(agent, "not the parent"));
    expect(await world.until(Agent.get(kernel, agent, (n) => n))).toBe(0);
    kernel.exit(parent.pid, "shutdown");
    await world.runAsync();
    expect(kernel.isAlive(agent)).toBe(false);
  });
});
