/** An app whose supervision tree spans real threads, and what becomes of it when one of them ends. */
import type { Kernel, ProtocolOf } from "lintel/kernel";
import { childSpec, DynamicSupervisor, PartitionSupervisor } from "lintel/supervisor";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Guests, Room } from "../fixtures/apps/placed.ts";
import { until } from "../support/until.ts";
import { LifeLog, type Served, serveApp } from "./serving.ts";

const named = ["first", "second", "annex away", "annex home"];
const partition = (key: number) => PartitionSupervisor.via<ProtocolOf<typeof Room>>("rooms", key);
const guests = "guests" as ReturnType<(typeof Guests)["named"]>;

/** Where everybody is: thread numbers, as places among the threads that are up. */
async function where(kernel: Kernel, threads: readonly number[]): Promise<Record<string, number>> {
  const addresses = [...named.map((name) => Room.named(name)), ...[0, 1, 2, 3].map(partition)];
  const answers = await Promise.all(addresses.map((address) => kernel.call(address, "thread")));
  return Object.fromEntries(answers.map(([name, thread]) => [name, threads.indexOf(thread) + 1]));
}

const home = {
  ...{ first: 1, second: 2, "annex away": 1, "annex home": 2 },
  ...{ "part 0": 1, "part 1": 2, "part 2": 1, "part 3": 2 },
};

describe("an app over two threads", () => {
  let life: LifeLog;
  let served: Served;
  beforeEach(async () => {
    life = new LifeLog();
    served = await serveApp("placed", { schedulers: 2 });
  });
  afterEach(async () => {
    await served[Symbol.asyncDispose]();
    life[Symbol.dispose]();
  });

  /** Everybody is there, with the rooms that have a place of their own at it. */
  const isWhole = async (): Promise<boolean> => {
    const { kernel, threads } = served.server;
    if (threads.length < 2) return false;
    const places = await where(kernel, threads).catch(() => undefined);
    return places !== undefined && named.every((name) => places[name] === home[name as keyof typeof home]);
  };

  test("K37, S13: children are where their specs say as soon as it serves, and known everywhere", async () => {
    const { kernel, threads } = served.server;
    expect(await where(kernel, threads)).toEqual(home);
  });

  test("O3, S7: at the end all stop in reverse order, one at a time, wherever they are", async () => {
    await served.server.close();
    expect(life.lines).toEqual([
      ...["stop part 3", "stop part 2", "stop part 1", "stop part 0"],
      ...["stop annex home", "stop annex away", "stop second", "stop first"],
    ]);
    expect(served.reports).toEqual([]);
  });

  test("S3, S4: the second thread ends: its children are started again, there and elsewhere", async () => {
    await served.server.killThread(served.server.threads[1]!);
    await until("all are back", isWhole, 10_000);
    expect(served.server.threads).not.toContain(2);
    const kinds = served.reports.flatMap((report) => ("event" in report ? [report.event] : []));
    expect(kinds).not.toContain("failed"); // the application did not give up
  });

  test("S13, S17: the first thread ends, with the root: all of it ends, and starts again, under the same names", async () => {
    await served.server.killThread(served.server.threads[0]!);
    await until("all are back", isWhole, 10_000);
    // Of those that had lived on the other thread, none is left beside the new ones.
    const processes = (): number => served.server.kernel.statsTable.read()[2]!.processes;
    const before = processes();
    await served.server.killThread(served.server.threads[0]!);
    await until("all are back, again", isWhole, 10_000);
    await until("nobody is left over", () => processes() === before);
  });

  test("S2: the main thread asks a dynamic supervisor for children on other threads", async () => {
    const { kernel, threads } = served.server;
    for (const on of [1, 2]) {
      const spec = childSpec(Room, `guest ${on}`, { on, restart: "temporary" });
      const pid = await DynamicSupervisor.startChild(kernel, guests, spec);
      expect(pid?.thread).toBe(threads[on - 1]);
    }
    expect(await DynamicSupervisor.countChildren(kernel, guests)).toMatchObject({ active: 2 });
  });
});
