/**
 * A hundred thousand processes under a hundred supervisors, of which ten thousand crash, each in one of five ways chosen by
 * chance, while all of them work: nobody else notices.
 */
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Kernel } from "../../kernel/kernel.ts";
import type { Pid } from "../../kernel/pid.ts";
import type { ProtocolOf } from "../../kernel/protocol.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { noreply, reply, stop } from "../../kernel/server/outcome.ts";
import { DownMessage } from "../../kernel/system-messages.ts";
import { Random } from "../../kernel/testing/random.ts";
import { childSpec } from "../../supervisor/child-spec.ts";
import { Supervisor, supervisor } from "../../supervisor/supervisor.ts";

const houses = 100;
const perHouse = 1000;
const total = houses * perHouse;
const victimCount = 10_000;
const ways = ["throws", "rejects", "inTimer", "inInit", "inTerminate"] as const;
type Way = (typeof ways)[number];

describe("100,000 processes, of which 10,000 crash", () => {
  test("S1, S3, S5, S10, S14, K9, K11: nobody else is touched, each end is told once, and all are there again", {
    timeout: 60_000,
  }, async () => {
    const random = new Random(20_261_121);
    const reports = new Map<string, number>();
    const count = (what: string): void => void reports.set(what, (reports.get(what) ?? 0) + 1);
    const kernel = new Kernel({
      report: (report) => count(report.kind === "supervisor" ? report.event : report.kind),
    });
    /** Whoever is in here does not start the next time. */
    const failOnce = new Set<number>();
    const pids: Pid[] = [];
    let ups = 0;

    const Worker = genServer({
      name: "Worker",
      init: (number: number, self) => {
        if (failOnce.delete(number)) throw new Error("inInit");
        pids[number] = self.pid;
        ups += 1;
        return { number, sum: 0, broken: false };
      },
      calls: { look: (state) => reply(`${state.number}: ${state.sum}`, state) },
      casts: {
        add: (state, by: number) => noreply({ ...state, sum: state.sum + by }),
        crash: (state, way: Way, { self }) => {
          switch (way) {
            case "throws":
              throw new Error("throws");
            case "rejects":
              return turn().then(() => {
                throw new Error("rejects");
              });
            case "inTimer":
              self.sendAfter(1, "now");
              return noreply(state);
            case "inInit":
              failOnce.add(state.number);
              throw new Error("inInit");
            case "inTerminate":
              return stop("normal", { ...state, broken: true });
          }
        },
      },
      info: () => {
        throw new Error("inTimer");
      },
      terminate: ({ broken }) => {
        if (broken) throw new Error("inTerminate");
      },
    });

    const House = supervisor(
      (first: number) =>
        Array.from({ length: perHouse }, (_, i) => childSpec(Worker, first + i, { id: `worker ${first + i}` })),
      { name: "House", maxRestarts: perHouse, maxSeconds: 60 },
    );
    type Worked = Pid<ProtocolOf<typeof Worker>>;
    const roots = await Promise.all(Array.from({ length: houses }, (_, i) => House.start(kernel, i * perHouse)));
    expect(ups).toBe(total);
    const before = [...pids];
    const sums = new Float64Array(total);

    // Hears of every end.
    const downs = new Map<Pid | string, unknown[]>();
    let heard = 0;
    const watcher = kernel.spawn(async (self) => {
      for (const pid of before) self.monitor(pid);
      for (;;) {
        const { object, reason } = await self.receive({
          match: (message): message is DownMessage => message instanceof DownMessage,
        });
        downs.set(object, [...(downs.get(object) ?? []), reason]);
        heard += 1;
      }
    });
    await turn();

    const victims = new Map<number, Way>();
    while (victims.size < victimCount) victims.set(random.below(total), ways[random.below(ways.length)]!);
    const bystanders = before.map((_, number) => number).filter((number) => !victims.has(number));
    let sent = 0;
    for (const [number, way] of victims) {
      kernel.cast(before[number]! as Worked, "crash", way);
      for (let i = 0; i < 10; i++) {
        const other = bystanders[random.below(bystanders.length)]!;
        const by = 1 + random.below(9);
        sums[other]! += by;
        kernel.cast(before[other]! as Worked, "add", by);
      }
      sent += 1;
      if (sent % 250 === 0) await turn();
    }
    while (heard < victimCount || ups < total + victimCount) await turn();
    for (let i = 0; i < 100; i++) await turn(); // for whatever comes that should not

    // Each end was told once, with its own reason, and nobody else ended.
    expect([heard, downs.size, ups]).toEqual([victimCount, victimCount, total + victimCount]);
    for (const [number, way] of victims) {
      const reasons = downs.get(before[number]!)!;
      expect(reasons).toHaveLength(1);
      expect((reasons[0] as { error: { message: string } }).error.message).toBe(way);
    }
    // Bystanders are who they were, and have what they had; victims are new.
    const look = (number: number): Promise<string> => kernel.call(pids[number]! as Worked, "look");
    for (let house = 0; house < houses; house++) {
      const answers = await Promise.all(Array.from({ length: perHouse }, (_, i) => look(house * perHouse + i)));
      for (const [i, answer] of answers.entries()) {
        const number = house * perHouse + i;
        if (answer !== `${number}: ${sums[number]}`)
          throw new Error(`expected ${number}: ${sums[number]}, got ${answer}`);
        if ((pids[number] === before[number]) === victims.has(number))
          throw new Error(`worker ${number} is the wrong one`);
      }
    }
    // Supervisors have counted right.
    let restarts = 0;
    for (const [house, root] of roots.entries()) {
      expect(await Supervisor.countChildren(kernel, root)).toEqual({
        specs: perHouse,
        active: perHouse,
        supervisors: 0,
        workers: perHouse,
      });
      for (const [i, child] of (await Supervisor.whichChildren(kernel, root)).entries()) {
        const number = house * perHouse + i;
        if (child.pid !== pids[number] || child.id !== `worker ${number}`)
          throw new Error(`${child.id} is not at its place`);
        if ((child.restarts ?? 0) !== (victims.has(number) ? 1 : 0))
          throw new Error(`${child.id}: ${child.restarts} restarts`);
        restarts += child.restarts ?? 0;
      }
    }
    expect(restarts).toBe(victimCount);
    const inInit = [...victims.values()].filter((way) => way === "inInit").length;
    expect(Object.fromEntries(reports)).toEqual({
      crash: victimCount + inInit,
      childTerminated: victimCount,
      startError: inInit,
    });
    expect(inInit).toBeGreaterThan(victimCount / 10);
    kernel.exit(watcher, "kill");
    for (const root of roots) kernel.exit(root, "kill");
    kernel.close();
  });
});
