import { describe, expect, test } from "vitest";
import { CallMessage, type From } from "../../kernel/calls.ts";
import { CallError } from "../../kernel/errors.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Pid } from "../../kernel/pid.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { noreply, reply, stop } from "../../kernel/server/outcome.ts";
import { actor, simKernel } from "../support/kernels.ts";

const Echo = genServer({
  name: "Echo",
  init: () => ({ waiting: [] as From[], casts: [] as string[] }),
  calls: {
    echo: (state, text: string) => reply(text, state),
    never: (state) => noreply(state),
    later: (state, _request: undefined, { from }) => noreply({ ...state, waiting: [...state.waiting, from] }),
    casts: (state) => reply(state.casts, state),
    crash: () => {
      throw new Error("it crashed");
    },
    leave: (state) => stop("shutdown", state, "bye"),
  },
  casts: {
    note: (state, text: string) => noreply({ ...state, casts: [...state.casts, text] }),
    answerAll(state, _payload: undefined, { self }) {
      for (const from of state.waiting) {
        self.kernel.reply(from, "late");
        self.kernel.reply(from, "again");
      }
      return noreply({ ...state, waiting: [] });
    },
  },
});

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail("the call did not fail"),
    (error: unknown) => {
      expect(error).toBeInstanceOf(CallError);
      return (error as CallError).reason;
    },
  );
}

function leftOf(kernel: Kernel): { timers: number; calls: number } {
  return { timers: kernel.timers.size, calls: kernel.peers.openCalls };
}

describe("call", () => {
  test("G3: brings the reply, and leaves nothing behind", async () => {
    const { world, kernel } = simKernel();
    const echo = await world.until(Echo.start(kernel));
    expect(await world.until(kernel.call(echo, "echo", "hello"))).toBe("hello");
    expect(leftOf(kernel)).toEqual({ timers: 0, calls: 0 });
  });

  test("G3: works on a name", async () => {
    const { world, kernel } = simKernel();
    await world.until(Echo.start(kernel, undefined, { name: "echo" }));
    expect(await world.until(kernel.call(Echo.named("echo"), "echo", "hello"))).toBe("hello");
  });

  test("G3: fails with `timeout` after 5 s, or what was asked for; the server lives, the late reply is dropped", async () => {
    const { world, kernel } = simKernel();
    const echo = await world.until(Echo.start(kernel));
    const startMs = world.nowMs;
    const call = failure(kernel.call(echo, "later"));
    expect(await world.until(call)).toBe("timeout");
    expect(world.nowMs - startMs).toBeGreaterThanOrEqual(5000);
    expect(world.nowMs - startMs).toBeLessThan(5002);
    expect(await world.until(failure(kernel.call(echo, "never", undefined, { timeout: 10 })))).toBe("timeout");
    expect(world.nowMs - startMs).toBeLessThan(5015);
    const caller = actor(kernel);
    expect(await world.until(failure(caller.self.call(echo, "later", undefined, { timeout: 10 })))).toBe("timeout");
    kernel.cast(echo, "answerAll");
    await world.runAsync();
    expect(kernel.isAlive(echo)).toBe(true);
    expect(caller.messages).toEqual([]); // K15: a late reply never comes to a mailbox
  });

  test("G3: a timeout that nobody catches ends the caller, not the server", async () => {
    const { world, kernel, reports } = simKernel();
    const echo = await world.until(Echo.start(kernel));
    const caller = kernel.spawn(async (self) => {
      await self.call(echo, "never", undefined, { timeout: 10 });
    });
    await world.runAsync();
    expect([kernel.isAlive(caller), kernel.isAlive(echo)]).toEqual([false, true]);
    expect(reports).toMatchObject([{ kind: "crash", pid: String(caller), reason: { error: { code: "ERR_CALL" } } }]);
  });

  test("G3: fails with `noproc` when nobody is there, and `callingSelf` when it is oneself", async () => {
    const { world, kernel } = simKernel();
    const echo = await world.until(Echo.start(kernel));
    kernel.exit(echo, "kill");
    const self = actor(kernel, { name: "me" });
    expect(await failure(kernel.call(echo, "echo", "hello"))).toBe("noproc");
    expect(await failure(kernel.call(Echo.named("nobody"), "echo", "hello"))).toBe("noproc");
    expect(await failure(self.self.call(self.pid as Pid, "echo"))).toBe("callingSelf");
    expect(await failure(self.self.call("me", "echo"))).toBe("callingSelf");
  });

  test("G3: fails with the server's exit reason when it ends before it replies", async () => {
    const { world, kernel } = simKernel();
    const echo = await world.until(Echo.start(kernel));
    const calls = [failure(kernel.call(echo, "later")), failure(kernel.call(echo, "crash"))];
    expect(await world.until(Promise.all(calls))).toMatchObject([
      { error: { message: "it crashed" } },
      { error: { message: "it crashed" } },
    ]);
    expect(leftOf(kernel)).toEqual({ timers: 0, calls: 0 });
  });

  test("a stop may answer first", async () => {
    const { world, kernel } = simKernel();
    const echo = await world.until(Echo.start(kernel));
    expect(await world.until(kernel.call(echo, "leave"))).toBe("bye");
    expect(kernel.isAlive(echo)).toBe(false);
  });

  test("G5: a reply may come later, from any process, once", async () => {
    const { world, kernel } = simKernel();
    const echo = await world.until(Echo.start(kernel));
    const call = kernel.call(echo, "later");
    await world.runAsync({ forMs: 100 });
    kernel.cast(echo, "answerAll");
    expect(await world.until(call)).toBe("late");

    const bystander = actor(kernel);
    const server = kernel.spawn({
      label: "forwarder",
      handle(_self, message) {
        if (message instanceof CallMessage) kernel.send(bystander.pid, message.from);
      },
    });
    const forwarded = kernel.call(server as Pid, "anything");
    await world.runAsync({ forMs: 100 });
    kernel.reply(bystander.messages[0] as From, "from elsewhere");
    expect(await world.until(forwarded)).toBe("from elsewhere");
  });

  test("many calls wait for one server: each end of one leaves the others alone", async () => {
    const { world, kernel } = simKernel();
    const echo = await world.until(Echo.start(kernel));
    const timeouts = [30, 10, 20, 1000, 1000];
    const outcomes = timeouts.map((timeout) =>
      kernel.call(echo, "later", undefined, { timeout }).catch((e) => e.reason),
    );
    await world.runAsync({ forMs: 100 });
    kernel.cast(echo, "answerAll");
    expect(await world.until(Promise.all(outcomes))).toEqual(["timeout", "timeout", "timeout", "late", "late"]);
    expect(kernel.localProcess(echo.serial)!.callers).toBeUndefined();
  });

  test("is forgotten when its caller ends", async () => {
    const { world, kernel } = simKernel();
    const echo = await world.until(Echo.start(kernel));
    const caller = actor(kernel);
    void caller.self.call(echo, "never");
    kernel.exit(caller.pid, "kill");
    expect(leftOf(kernel)).toEqual({ timers: 0, calls: 0 });
    expect(kernel.localProcess(echo.serial)!.callers).toBeUndefined();
  });

  test("refuses a request that is not data", async () => {
    const { world, kernel } = simKernel();
    const echo = await world.until(Echo.start(kernel));
    const bad = (() => {}) as unknown as string;
    await expect(kernel.call(echo, "echo", bad)).rejects.toThrow("A message must be data");
  });
});

describe("cast", () => {
  test("G4: arrives in order, and never fails, not even for a name that nobody has", async () => {
    const { world, kernel } = simKernel();
    const echo = await world.until(Echo.start(kernel));
    kernel.cast(echo, "note", "a");
    kernel.cast(echo, "note", "b");
    kernel.cast(Echo.named("nobody"), "note", "c");
    expect(await world.until(kernel.call(echo, "casts"))).toEqual(["a", "b"]);
    kernel.exit(echo, "kill");
    kernel.cast(echo, "note", "d");
  });
});
