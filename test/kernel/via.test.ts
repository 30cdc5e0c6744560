import { describe, expect, test } from "vitest";
import { CallError, NameError, RegistryError, StartError } from "../../kernel/errors.ts";
import { registry } from "../../kernel/names/registry.ts";
import type { ViaName } from "../../kernel/names/via.ts";
import type { Pid } from "../../kernel/pid.ts";
import type { ProtocolOf } from "../../kernel/protocol.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { noreply, reply } from "../../kernel/server/outcome.ts";
import { childSpec } from "../../supervisor/child-spec.ts";
import { supervisor } from "../../supervisor/supervisor.ts";
import { actor, simKernel } from "../support/kernels.ts";

const Room = genServer({
  name: "Room",
  init: () => ({ topic: "none" }),
  calls: { topic: (state) => reply(state.topic, state) },
  casts: { rename: (_state, topic: string) => noreply({ topic }) },
});
const Rooms = registry<string, undefined, ProtocolOf<typeof Room>>({ name: "rooms", keys: "unique" });

describe("via", () => {
  test("R2, G3, G4, G9: a server is started under it, and called, cast to, sent to and monitored by it", async () => {
    const { world, kernel } = simKernel();
    const lobby = Rooms.via("lobby");
    const pid = await world.until(Room.start(kernel, undefined, { name: lobby }));
    kernel.cast(lobby, "rename", "tea");
    expect(await world.until(kernel.call(lobby, "topic"))).toBe("tea");
    const a = actor(kernel);
    Rooms.register(a.self, "actor");
    kernel.send(Rooms.via("actor"), "hello");
    a.self.sendAfter(5, "later", Rooms.via("actor"));
    const ref = a.self.monitor(lobby);
    world.run();
    kernel.exit(pid, "over");
    world.run();
    expect(a.messages).toEqual(["hello", "later", { type: "down", ref, object: "rooms:lobby", reason: "over" }]);
  });

  test("R2, G9: it is looked up each time that it is used: a restarted server is found under the same address", async () => {
    const { world, kernel } = simKernel();
    const Hotel = supervisor([childSpec(Room, undefined, { name: Rooms.via("lobby") })]);
    await world.until(Hotel.start(kernel));
    const first = Rooms.whereis(kernel, "lobby")!;
    kernel.cast(Rooms.via("lobby"), "rename", "tea");
    kernel.exit(first, "crash");
    await world.runAsync();
    expect(Rooms.whereis(kernel, "lobby")).not.toBe(first);
    expect(await world.until(kernel.call(Rooms.via("lobby"), "topic"))).toBe("none");
  });

  test("G9: when nobody has it, a call fails with noproc, a cast is dropped, a send throws, a monitor says noproc", async () => {
    const { world, kernel } = simKernel();
    const nobody = Rooms.via("nobody");
    const failure = await world.until(kernel.call(nobody, "topic").catch((error: unknown) => error));
    expect(failure).toBeInstanceOf(CallError);
    expect((failure as CallError).message).toContain('Call "topic" to "rooms:nobody" failed: nobody is there');
    kernel.cast(nobody, "rename", "x");
    expect(() => kernel.send(nobody, "x")).toThrow(NameError);
    expect(() => kernel.send(nobody, "x")).toThrow('Cannot send to "rooms:nobody"');
    const a = actor(kernel);
    const ref = a.self.monitor(nobody);
    world.run();
    expect(a.messages).toEqual([{ type: "down", ref, object: "rooms:nobody", reason: "noproc" }]);
  });

  test("G9: a second start under it fails with who has it; a spawn too, and leaves nothing behind", async () => {
    const { world, kernel } = simKernel();
    const pid = await world.until(Room.start(kernel, undefined, { name: Rooms.via("lobby") }));
    const failure = await world.until(
      Room.start(kernel, undefined, { name: Rooms.via("lobby") }).catch((error: unknown) => error),
    );
    expect(failure).toBeInstanceOf(StartError);
    expect((failure as StartError).reason).toEqual({ alreadyStarted: pid });
    expect(() => kernel.spawn(() => {}, undefined, { name: Rooms.via("lobby") })).toThrow(RegistryError);
    expect(kernel.processes()).toEqual([pid]);
  });

  test("R2: carries the value that stands beside the name", () => {
    const { kernel } = simKernel();
    const Seats = registry<readonly [room: string, seat: number], { price: number }>({ name: "seats", keys: "unique" });
    const a = actor(kernel, { name: Seats.via(["opera", 7], { price: 40 }) });
    expect(Seats.lookup(kernel, ["opera", 7])).toEqual([{ key: ["opera", 7], pid: a.pid, value: { price: 40 } }]);
    expect(String(Seats.via(["opera", 7]))).toBe('seats:["opera",7]');
  });

  test("G9: any object with the contract will do", async () => {
    const { world, kernel } = simKernel();
    let holder: Pid | undefined;
    const newest: ViaName = {
      whereis: () => holder,
      register: (process) => void (holder = process.pid),
      unregister: () => void (holder = undefined),
      toString: () => "the newest",
    };
    const a = actor(kernel, { name: newest });
    kernel.send(newest, "hello");
    world.run();
    expect(a.messages).toEqual(["hello"]);
  });
});
