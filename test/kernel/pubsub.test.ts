import { describe, expect, test } from "vitest";
import { MessageError } from "../../kernel/errors.ts";
import { topic } from "../../kernel/names/pubsub.ts";
import { actor, simKernel, simKernels } from "../support/kernels.ts";

const Room = topic<{ text: string }>("room");

describe("PubSub", () => {
  test("R10: reaches every subscriber, oneself included; broadcastFrom leaves oneself out", () => {
    const { world, kernel } = simKernel();
    const [a, b, c] = [actor(kernel), actor(kernel), actor(kernel)];
    a.self.subscribe(Room);
    b.self.subscribe(Room);
    a.self.broadcast(Room, { text: "all" });
    a.self.broadcastFrom(Room, { text: "others" });
    kernel.broadcast(Room, { text: "from outside" });
    world.run();
    expect(a.messages).toEqual([{ text: "all" }, { text: "from outside" }]);
    expect(b.messages).toEqual([{ text: "all" }, { text: "others" }, { text: "from outside" }]);
    expect(c.messages).toEqual([]);
  });

  test("law 2: a message is frozen once, and one object for all", () => {
    const { world, kernel } = simKernel();
    const actors = [actor(kernel), actor(kernel)];
    for (const { self } of actors) self.subscribe(Room);
    kernel.broadcast(Room, { text: "one" });
    world.run();
    expect(actors[0]!.messages[0]).toBe(actors[1]!.messages[0]);
    expect(Object.isFrozen(actors[0]!.messages[0])).toBe(true);
  });

  test("R9: subscribing twice delivers twice; unsubscribe ends all subscriptions to the topic", () => {
    const { world, kernel } = simKernel();
    const a = actor(kernel);
    a.self.subscribe(Room);
    a.self.subscribe(Room);
    kernel.broadcast(Room, { text: "twice" });
    world.run();
    expect(a.messages).toEqual([{ text: "twice" }, { text: "twice" }]);
    a.self.unsubscribe(Room);
    kernel.broadcast(Room, { text: "never" });
    world.run();
    expect(a.messages).toHaveLength(2);
    expect(kernel.pubsub.size).toBe(0);
  });

  test("R9: subscriptions end with their process", () => {
    const { kernel } = simKernel();
    const [a, b] = [actor(kernel), actor(kernel)];
    for (const { self } of [a, b]) self.subscribe(Room);
    kernel.exit(a.pid, "kill");
    expect(kernel.pubsub.subscribers(Room)).toEqual([b.pid]);
    kernel.exit(b.pid, "kill");
    expect(kernel.pubsub.size).toBe(0);
  });

  test("R10: reaches the subscribers of other threads once each, in order with what else the speaker sends", () => {
    const { world, kernels, at } = simKernels(3);
    const actors = kernels.map((kernel) => actor(kernel));
    for (const { self } of actors) self.subscribe(Room);
    const [a, b, c] = actors as [(typeof actors)[0], (typeof actors)[0], (typeof actors)[0]];
    a.self.send(at(kernels[0]!, b.pid), "before");
    a.self.broadcastFrom(Room, { text: "news" });
    a.self.send(at(kernels[0]!, b.pid), "after");
    world.run();
    expect(a.messages).toEqual([]);
    expect(b.messages).toEqual(["before", { text: "news" }, "after"]);
    expect(c.messages).toEqual([{ text: "news" }]);
  });

  test("R10: localBroadcast stays on its thread", () => {
    const { world, kernels } = simKernels(2);
    const [a, b] = kernels.map((kernel) => actor(kernel));
    for (const { self } of [a!, b!]) self.subscribe(Room);
    kernels[0]!.pubsub.localBroadcast(Room, { text: "here" });
    world.run();
    expect([a!.messages, b!.messages]).toEqual([[{ text: "here" }], []]);
  });

  test("R10: directBroadcast reaches the subscribers of one thread alone; nobody, when it is not there", () => {
    const { world, kernels } = simKernels(3);
    const actors = kernels.map((kernel) => actor(kernel));
    for (const { self } of actors) self.subscribe(Room);
    const { pubsub } = kernels[0]!;
    pubsub.directBroadcast(2, Room, { text: "to two" });
    pubsub.directBroadcast(1, Room, { text: "to one" });
    pubsub.directBroadcast(9, Room, { text: "to nobody" });
    world.run();
    expect(actors.map(({ messages }) => messages)).toEqual([[{ text: "to one" }], [{ text: "to two" }], []]);
  });

  test("R9, R10: dispatch hands over who has subscribed, with the metadata of each subscription", () => {
    const { kernel } = simKernel();
    const [a, b] = [actor(kernel), actor(kernel)];
    a.self.subscribe(Room, { format: "json" });
    a.self.subscribe(Room);
    b.self.subscribe(Room, { format: "binary" });
    const seen: unknown[] = [];
    kernel.pubsub.dispatch(Room, (subscriptions) => seen.push(...subscriptions));
    expect(seen).toEqual([
      { pid: a.pid, metadata: { format: "json" } },
      { pid: a.pid, metadata: undefined },
      { pid: b.pid, metadata: { format: "binary" } },
    ]);
    kernel.pubsub.dispatch("empty", () => expect.unreachable());
    const broken = (): never => {
      throw new Error("broken");
    };
    expect(() => kernel.pubsub.dispatch(Room, broken)).toThrow("broken");
    expect(() => b.self.subscribe(Room, () => {})).toThrow(MessageError);
    expect(kernel.pubsub.subscribers(Room)).toEqual([a.pid, b.pid]);
  });
});
