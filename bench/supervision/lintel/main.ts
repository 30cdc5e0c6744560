/**
 * Our own program: see ../../kernel/program.ts. Every tree is 100 supervisors of `size / 100` children each.
 *
 *   node --cpu-prof build/bench/supervision/lintel/main.js storm 100000 3
 */
import { DownMessage, genServer, type Kernel, type Pid, type Process, type ProtocolOf } from "lintel/kernel";
import { childSpec, Supervisor, type SupervisorProtocol, supervisor } from "lintel/supervisor";
import { deferred, inProcess, newKernel } from "../../kernel/lintel/support.ts";
import { expectEqual, type Measurement, nowNs, program } from "../../kernel/program.ts";
import { median, percentile } from "../../support/statistics.ts";

const supervisors = 100;

/** Children by their number; who comes up says so. */
class Tree {
  readonly kernel: Kernel;
  readonly pids: Pid<ProtocolOf<ReturnType<typeof childOf>>>[] = [];
  /** The tree has been started this often in all, child by child. */
  ups = 0;
  reports = 0;
  onUp: (number: number) => void = () => {};
  readonly roots: Pid<SupervisorProtocol>[] = [];

  constructor() {
    this.kernel = newKernel({
      report: () => {
        this.reports += 1;
      },
    });
  }

  async start(size: number): Promise<void> {
    const each = size / supervisors;
    const Child = childOf(this);
    const House = supervisor(
      (first: number) => Array.from({ length: each }, (_, i) => childSpec(Child, first + i, { id: `${first + i}` })),
      { maxRestarts: Number.POSITIVE_INFINITY, maxSeconds: 1 },
    );
    for (let i = 0; i < supervisors; i++) this.roots.push(await House.start(this.kernel, i * each));
    expectEqual("children", this.ups, size);
  }

  /** @returns a number below `below` */
  next(below: number): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#seed / 2 ** 32) * below);
  }
  #seed = 1;

  /** All children are there, and each supervisor knows. */
  async check(size: number): Promise<void> {
    for (const root of this.roots) {
      expectEqual("active children", (await Supervisor.countChildren(this.kernel, root)).active, size / supervisors);
    }
    expectEqual("pids", new Set(this.pids).size, size);
  }
}

function childOf(tree: Tree) {
  return genServer({
    name: "Child",
    init: (number: number, self: Process) => {
      tree.pids[number] = self.pid as never;
      tree.ups += 1;
      tree.onUp(number);
      return number;
    },
    casts: {
      crash: (): never => {
        throw new Error("as asked");
      },
    },
  });
}

/** One crash after the other, each of a child chosen by chance. */
const restart: Measurement = async (size) => {
  const tree = new Tree();
  await tree.start(size);
  const samples: number[] = [];
  const warmUp = size / 20;
  for (let i = 0; i < warmUp + size / 10; i++) {
    const number = tree.next(size);
    const up = deferred<number>();
    tree.onUp = up.resolve;
    const begun = nowNs();
    tree.kernel.cast(tree.pids[number]!, "crash");
    expectEqual("the child that came up", await up.promise, number);
    if (i >= warmUp) samples.push(nowNs() - begun);
  }
  tree.onUp = () => {};
  await tree.check(size);
  return {
    "restart-p50": percentile(samples, 50),
    "restart-p99": percentile(samples, 99),
    "restart-max": Math.max(...samples),
  };
};

const storm: Measurement = async (size, repeats) => ({ storm: await stormOf(size, repeats, "crash") });
const stormKilled: Measurement = async (size, repeats) => ({ "storm-killed": await stormOf(size, repeats, "kill") });

/** A tenth of them, all in one turn. @returns nanoseconds */
async function stormOf(size: number, repeats: number, how: "crash" | "kill"): Promise<number> {
  const tree = new Tree();
  await tree.start(size);
  const samples: number[] = [];
  for (let i = 0; i < 2 + repeats; i++) {
    const victims = new Set<number>();
    while (victims.size < size / 10) victims.add(tree.next(size));
    const goal = tree.ups + victims.size;
    const all = deferred<void>();
    tree.onUp = () => {
      if (tree.ups === goal) all.resolve();
    };
    const begun = nowNs();
    for (const number of victims) {
      if (how === "crash") tree.kernel.cast(tree.pids[number]!, "crash");
      else tree.kernel.exit(tree.pids[number]!, "kill");
    }
    await all.promise;
    if (i >= 2) samples.push(nowNs() - begun);
    await tree.check(size);
    // Of a crash, and of its supervisor.
    expectEqual("reports", tree.reports, (i + 1) * victims.size * (how === "crash" ? 2 : 1));
  }
  return median(samples);
}

const start: Measurement = async (size, repeats) => {
  const starts: number[] = [];
  const stops: number[] = [];
  for (let i = 0; i < 1 + repeats; i++) {
    const tree = new Tree();
    const begun = nowNs();
    await tree.start(size);
    starts.push(nowNs() - begun);
    const stopped = await inProcess(tree.kernel, async (self) => {
      for (const root of tree.roots) self.monitor(root);
      const from = nowNs();
      // By their own hand: an exit signal of "shutdown" is an order from a parent alone.
      for (const root of tree.roots) tree.kernel.exit(root, "shutdown");
      for (const _ of tree.roots) await self.receive({ match: (message) => message instanceof DownMessage });
      return nowNs() - from;
    });
    stops.push(stopped);
    tree.kernel.close();
  }
  return { start: median(starts.slice(1)), stop: median(stops.slice(1)) };
};

await program({ restart, storm, "storm-killed": stormKilled, start });
