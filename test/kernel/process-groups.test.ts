import { describe, expect, test } from "vitest";
import { GroupError, NameError } from "../../kernel/errors.ts";
import { Kernel } from "../../kernel/kernel.ts";
import { type GroupMessage, processGroups } from "../../kernel/names/process-groups.ts";
import type { Pid, Ref } from "../../kernel/pid.ts";
import { ProcessExit } from "../../kernel/process.ts";
import { SimThread, simBoundaryPair } from "../../kernel/testing/index.ts";
import { type Actor, actor, simKernel, simKernels } from "../support/kernels.ts";

const Jobs = processGroups("jobs");

describe("processGroups", () => {
  test("R7: members come and go; a group is there while it has one", () => {
    const { kernel } = simKernel();
    const [a, b] = [actor(kernel), actor(kernel)];
    expect([Jobs.getMembers(kernel, "resize"), Jobs.whichGroups(kernel)]).toEqual([[], []]);
    Jobs.join(a.self, "resize");
    Jobs.join(b.self, "resize");
    Jobs.join(b.self, "mail");
    expect(Jobs.getMembers(kernel, "resize")).toEqual([a.pid, b.pid]);
    expect(Jobs.whichGroups(kernel)).toEqual(["resize", "mail"]);
    expect(Jobs.leave(a.self, "resize")).toBe(true);
    expect(Jobs.leave(b.self, "mail")).toBe(true);
    expect(Jobs.getMembers(kernel, "resize")).toEqual([b.pid]);
    expect(Jobs.whichGroups(kernel)).toEqual(["resize"]);
  });

  test("R7: a process joins several times, is listed as often, and must leave as often", () => {
    const { kernel } = simKernel();
    const a = actor(kernel);
    for (let i = 0; i < 3; i++) Jobs.join(a.self, "resize");
    expect(Jobs.getMembers(kernel, "resize")).toEqual([a.pid, a.pid, a.pid]);
    expect(Jobs.leave(a.self, "resize")).toBe(true);
    expect(Jobs.getMembers(kernel, "resize")).toEqual([a.pid, a.pid]);
    expect(Jobs.leave(a.self, "resize", [a.pid, a.pid, a.pid])).toBe(true);
    expect(Jobs.getMembers(kernel, "resize")).toEqual([]);
    expect(Jobs.leave(a.self, "resize")).toBe(false);
  });

  test("R7: a process may have others of its thread join and leave, several at once", () => {
    const { kernel } = simKernel();
    const [boss, a, b] = [actor(kernel), actor(kernel), actor(kernel)];
    Jobs.join(boss.self, "resize", [a.pid, b.pid, a.pid]);
    expect(Jobs.getMembers(kernel, "resize")).toEqual([a.pid, a.pid, b.pid]);
    expect(Jobs.leave(boss.self, "resize", [boss.pid, b.pid])).toBe(true);
    expect(Jobs.leave(boss.self, "resize", [boss.pid, b.pid])).toBe(false);
    expect(Jobs.getMembers(kernel, "resize")).toEqual([a.pid, a.pid]);
  });

  test("R7: scopes have nothing to do with each other", () => {
    const { kernel } = simKernel();
    const Others = processGroups("others");
    const a = actor(kernel);
    Jobs.join(a.self, "resize");
    expect([Others.getMembers(kernel, "resize"), Others.leave(a.self, "resize")]).toEqual([[], false]);
    expect(processGroups("jobs").getMembers(kernel, "resize")).toEqual([a.pid]);
  });

  test("R7: members vanish when their process ends, before its monitors hear of it", () => {
    const { world, kernel } = simKernel();
    const [a, watcher] = [actor(kernel), actor(kernel)];
    Jobs.join(a.self, "resize", [a.pid, a.pid]);
    Jobs.join(a.self, "mail");
    watcher.self.monitor(a.pid);
    const { ref } = Jobs.monitor(watcher.self, "resize");
    kernel.exit(a.pid, "over");
    expect([Jobs.getMembers(kernel, "resize"), Jobs.whichGroups(kernel)]).toEqual([[], []]);
    world.run();
    expect(watcher.messages).toMatchObject([
      { type: "leave", ref, group: "resize", pids: [a.pid, a.pid] },
      { type: "down", reason: "over" },
    ]);
  });

  test("R7: a process that has ended does not join, and nobody can make it join", () => {
    const { kernel } = simKernel();
    const [a, b] = [actor(kernel), actor(kernel)];
    kernel.exit(a.pid, "kill");
    expect(() => Jobs.join(a.self, "resize")).toThrow(ProcessExit);
    Jobs.join(b.self, "resize", a.pid);
    expect(Jobs.whichGroups(kernel)).toEqual([]);
  });

  test("groups are compared by what they hold", () => {
    const { kernel } = simKernel();
    const Rooms = processGroups<readonly [room: string, floor: number]>("rooms");
    const a = actor(kernel);
    Rooms.join(a.self, ["bar", 1]);
    expect(Rooms.getMembers(kernel, ["bar", 1])).toEqual([a.pid]);
    expect(Rooms.getMembers(kernel, ["bar", 2])).toEqual([]);
    expect(() => Rooms.join(a.self, { room: "bar" } as never)).toThrow(NameError);
  });

  test("law 6: one process has 65,536 joins at most", () => {
    const { kernel } = simKernel();
    const [a, b] = [actor(kernel), actor(kernel)];
    Jobs.join(a.self, "resize", new Array<Pid>(65_536).fill(a.pid));
    expect(() => Jobs.join(b.self, "mail", [b.pid, a.pid])).toThrow(GroupError);
    expect(() => Jobs.join(a.self, "mail")).toThrow('Process groups "jobs": <0.1> cannot join "mail"');
    expect(Jobs.getMembers(kernel, "mail")).toEqual([]);
    Jobs.leave(a.self, "resize");
    Jobs.join(a.self, "mail");
    expect(Jobs.getMembers(kernel, "mail")).toEqual([a.pid]);
  });
});

describe("processGroups.monitor", () => {
  test("R7: gives the members of this moment, and a message for every join and leave from then on", () => {
    const { world, kernel } = simKernel();
    const [a, b, watcher] = [actor(kernel), actor(kernel), actor(kernel)];
    Jobs.join(a.self, "resize");
    const { ref, members } = Jobs.monitor(watcher.self, "resize");
    expect(members).toEqual([a.pid]);
    Jobs.join(a.self, "resize", [b.pid, a.pid]);
    Jobs.join(a.self, "mail");
    Jobs.leave(a.self, "resize");
    world.run();
    expect(watcher.messages).toEqual([
      { type: "join", ref, group: "resize", pids: [b.pid, a.pid] },
      { type: "leave", ref, group: "resize", pids: [a.pid] },
    ]);
  });

  test("R7: of a scope tells of all its groups, those to come too", () => {
    const { world, kernel } = simKernel();
    const [a, watcher] = [actor(kernel), actor(kernel)];
    Jobs.join(a.self, "resize");
    const { ref, groups } = Jobs.monitorScope(watcher.self);
    expect(groups).toEqual(new Map([["resize", [a.pid]]]));
    Jobs.join(a.self, "mail");
    processGroups("others").join(a.self, "mail");
    Jobs.leave(a.self, "resize");
    world.run();
    expect(watcher.messages).toEqual([
      { type: "join", ref, group: "mail", pids: [a.pid] },
      { type: "leave", ref, group: "resize", pids: [a.pid] },
    ]);
  });

  test("R7: demonitor ends it, and takes back what is in the mailbox already; others are not touched", () => {
    const { world, kernel } = simKernel();
    const [a, watcher] = [actor(kernel), actor(kernel)];
    const first = Jobs.monitor(watcher.self, "resize");
    const second = Jobs.monitorScope(watcher.self);
    Jobs.join(a.self, "resize");
    kernel.send(watcher.pid, "between");
    Jobs.join(a.self, "resize");
    expect(Jobs.demonitor(watcher.self, first.ref)).toBe(true);
    expect([Jobs.demonitor(watcher.self, first.ref), Jobs.demonitor(a.self, second.ref)]).toEqual([false, false]);
    Jobs.leave(a.self, "resize");
    world.run();
    expect(watcher.messages).toMatchObject([
      { type: "join", ref: second.ref },
      "between",
      { type: "join", ref: second.ref },
      { type: "leave", ref: second.ref },
    ]);
  });

  test("ends with its process, and leaves nothing behind", () => {
    const { world, kernel } = simKernel();
    const [a, watcher] = [actor(kernel), actor(kernel)];
    Jobs.monitor(watcher.self, "resize");
    Jobs.monitorScope(watcher.self);
    kernel.exit(watcher.pid, "kill");
    Jobs.join(a.self, "resize");
    kernel.exit(a.pid, "kill");
    world.run();
    expect(watcher.messages).toEqual([]);
    expect([...kernel.groups.local()]).toEqual([]);
  });
});

describe("process groups on several threads", () => {
  function three(seed = 1) {
    const sim = simKernels(3, seed);
    const [one, two, other] = sim.kernels as [Kernel, Kernel, Kernel];
    const [a, b, c] = sim.kernels.map((kernel) => actor(kernel)) as [Actor, Actor, Actor];
    return { ...sim, one, two, other, a, b, c };
  }

  test("R7: are seen everywhere, here at once and elsewhere when the news has crossed; local members are told apart", () => {
    const { world, one, two, a, b, at } = three();
    Jobs.join(a.self, "resize");
    Jobs.join(b.self, "resize", [b.pid, b.pid]);
    expect([Jobs.getMembers(one, "resize"), Jobs.getMembers(two, "resize")]).toEqual([[a.pid], [b.pid, b.pid]]);
    world.run();
    expect(Jobs.getMembers(one, "resize")).toEqual([a.pid, at(one, b.pid), at(one, b.pid)]);
    expect(Jobs.getLocalMembers(one, "resize")).toEqual([a.pid]);
    Jobs.leave(a.self, "resize");
    world.run();
    expect([Jobs.whichGroups(one), Jobs.whichLocalGroups(one)]).toEqual([["resize"], []]);
    expect(Jobs.whichLocalGroups(two)).toEqual(["resize"]);
  });

  test("R7: only a process of the own thread joins or leaves", () => {
    const { world, one, a, b, at } = three();
    Jobs.join(b.self, "resize");
    world.run();
    const far = at(one, b.pid);
    expect(() => Jobs.join(a.self, "mail", [a.pid, far])).toThrow(GroupError);
    expect(() => Jobs.leave(a.self, "resize", far)).toThrow(
      '<2.1> cannot leave "resize" from thread 1: expected a process of this thread.',
    );
    expect([Jobs.getMembers(one, "mail"), Jobs.getMembers(one, "resize")]).toEqual([[], [far]]);
  });

  test("R7: a member can be sent to, where it is seen", () => {
    const { world, other, a, c } = three();
    Jobs.join(a.self, "resize");
    world.run();
    for (const pid of Jobs.getMembers(other, "resize")) c.self.send(pid, { width: 80 });
    world.run();
    expect(a.messages).toEqual([{ width: 80 }]);
  });

  test("R7: monitors hear of other threads' processes; of a leave before the end that caused it", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { world, one, two, a, b, at } = three(seed);
      const { ref } = Jobs.monitorScope(a.self);
      const pid = at(one, b.pid);
      a.self.monitor(pid);
      Jobs.join(b.self, "resize");
      world.run();
      two.exit(b.pid, "over");
      world.run();
      expect(a.messages).toMatchObject([
        { type: "join", ref, group: "resize", pids: [pid] },
        { type: "leave", ref, group: "resize", pids: [pid] },
        { type: "down", object: pid, reason: "over" },
      ]);
    }
  });

  test("K5, R7: who gets a message that was sent after a join or a leave, knows of it", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { world, one, two, a, at } = three(seed);
      const seen: number[] = [];
      const label = "reader";
      const reader = two.spawn({ label, handle: (self) => void seen.push(Jobs.getMembers(self, "resize").length) });
      for (const change of [Jobs.join, Jobs.join, Jobs.leave, Jobs.join, Jobs.leave, Jobs.leave]) {
        const before = seen.length;
        change.call(Jobs, a.self, "resize");
        a.self.send(at(one, reader), "changed");
        while (seen.length === before) world.run({ forMs: 0.01 });
      }
      expect(seen).toEqual([1, 2, 1, 2, 1, 0]);
    }
  });

  test("groups are compared by what they hold, and stay what they are on their way", () => {
    const { world, one, two, a, b, at } = three();
    const Rooms = processGroups<readonly [name: string, owner: Pid]>("rooms");
    Rooms.join(a.self, ["bar", a.pid]);
    world.run();
    Rooms.join(b.self, ["bar", at(two, a.pid)]);
    world.run();
    expect(Rooms.getMembers(one, ["bar", a.pid])).toEqual([a.pid, at(one, b.pid)]);
    expect(Rooms.whichGroups(two)).toEqual([["bar", at(two, a.pid)]]);
  });

  test("R7: a thread that ends takes its members along, and monitors hear of it before links and monitors of processes", () => {
    const { world, one, two, a, b, c, at, endThread } = three();
    Jobs.join(b.self, "resize", [b.pid, b.pid]);
    Jobs.join(b.self, "mail");
    Jobs.join(c.self, "resize");
    const { ref } = Jobs.monitorScope(a.self);
    a.self.monitor(at(one, b.pid));
    world.run();
    const pid = at(one, b.pid);
    a.messages.length = 0;
    endThread(two);
    world.run();
    expect(Jobs.getMembers(one, "resize")).toEqual([at(one, c.pid)]);
    expect(Jobs.whichGroups(one)).toEqual(["resize"]);
    expect(a.messages).toMatchObject([
      { type: "leave", ref, group: "resize", pids: [pid, pid] },
      { type: "leave", ref, group: "mail", pids: [pid] },
      { type: "down", object: pid, reason: "schedulerDown" },
    ]);
  });

  test("R7: a thread that comes later is told what there is, its monitors too", () => {
    const { world, kernels } = simKernels(2);
    const [a, b] = kernels.map((kernel) => actor(kernel));
    Jobs.join(a!.self, "resize", [a!.pid, a!.pid]);
    Jobs.join(b!.self, "resize");
    world.run();
    const late = new Kernel({ world: new SimThread(world), thread: 9, report: () => {} });
    const early = actor(late);
    Jobs.join(early.self, "mail");
    const { ref } = Jobs.monitor(early.self, "resize");
    for (const kernel of kernels) {
      const [here, there] = simBoundaryPair(world);
      late.peers.connect(kernel.thread, here);
      kernel.peers.connect(late.thread, there);
    }
    world.run();
    expect(texts(Jobs.getMembers(late, "resize"))).toEqual(["<1.1>", "<1.1>", "<2.1>"]);
    expect(texts(early.messages.flatMap((message) => (message as GroupMessage).pids))).toEqual([
      "<1.1>",
      "<1.1>",
      "<2.1>",
    ]);
    expect(early.messages[0]).toMatchObject({ type: "join", ref, group: "resize" });
    expect(kernels.map((kernel) => texts(Jobs.getMembers(kernel, "mail")))).toEqual([["<9.1>"], ["<9.1>"]]);
  });

  test("R7: whatever happens, in the end all threads agree with what was done, and monitors with what is", () => {
    for (let seed = 1; seed <= 40; seed++) {
      const sim = three(seed);
      const { world, kernels, endThread } = sim;
      const random = world.fork();
      const actors = kernels.flatMap((kernel) => Array.from({ length: 4 }, () => actor(kernel)));
      const watchers = [sim.a, sim.b, sim.c].map((watcher) => ({ watcher, ...Jobs.monitorScope(watcher.self) }));
      const names = ["resize", "mail", "ring"];
      const done = new Map<string, string[]>(names.map((name) => [name, []]));
      const victim = seed % 2 === 0 ? kernels[random.below(3)] : undefined;
      for (let step = 0; step < 120; step++) {
        const one = actors[random.below(actors.length)]!;
        const name = names[random.below(names.length)]!;
        const list = done.get(name)!;
        const dice = random.below(20);
        if (!one.self.isAlive) continue;
        if (dice === 0) {
          one.self.kernel.exit(one.pid, "over");
          for (const [key, pids] of done)
            done.set(
              key,
              pids.filter((pid) => pid !== String(one.pid)),
            );
        } else if (dice < 12) {
          Jobs.join(one.self, name);
          list.push(String(one.pid));
        } else {
          const at = list.indexOf(String(one.pid));
          expect(Jobs.leave(one.self, name)).toBe(at !== -1);
          if (at !== -1) list.splice(at, 1);
        }
        if (random.below(4) === 0) world.run({ forMs: random.number() * 3 });
      }
      if (victim !== undefined) {
        endThread(victim);
        for (const [key, pids] of done)
          done.set(
            key,
            pids.filter((pid) => !pid.startsWith(`<${victim.thread}.`)),
          );
      }
      world.run();
      const survivors = kernels.filter((kernel) => kernel !== victim);
      for (const kernel of survivors) {
        for (const name of names) {
          expect(texts(Jobs.getMembers(kernel, name)), `seed ${seed}, ${name}`).toEqual([...done.get(name)!].sort());
        }
        const { watcher, ref } = watchers.find(({ watcher }) => watcher.self.kernel === kernel)!;
        expect(viewOf(watcher, ref, names), `seed ${seed}`).toEqual(names.map((name) => [...done.get(name)!].sort()));
      }
    }
  });
});

/** Members by group, put together from a monitor's messages alone. */
function viewOf(watcher: Actor, ref: Ref, names: readonly string[]): string[][] {
  const view = new Map<string, string[]>(names.map((name) => [name, []]));
  for (const message of watcher.messages as GroupMessage<string>[]) {
    expect(message.ref).toBe(ref);
    const pids = view.get(message.group)!;
    for (const pid of message.pids) {
      if (message.type === "join") pids.push(String(pid));
      else expect(pids.splice(pids.indexOf(String(pid)), 1)).toEqual([String(pid)]);
    }
  }
  return names.map((name) => view.get(name)!.sort());
}

function texts(pids: readonly Pid[]): string[] {
  return pids.map(String).sort();
}
