/** Kernels in simulated worlds, and actors that write down what they get. */
import { Kernel, type KernelOptions, type SpawnOptions } from "../../kernel/kernel.ts";
import type { Report } from "../../kernel/observe/report.ts";
import type { Pid } from "../../kernel/pid.ts";
import type { Process } from "../../kernel/process.ts";
import { SimThread, SimWorld, simBoundaryPair } from "../../kernel/testing/index.ts";
import type { Boundary } from "../../kernel/world.ts";

export interface SimKernel {
  readonly world: SimWorld;
  readonly kernel: Kernel;
  readonly reports: Report[];
}

export function simKernel(options: KernelOptions = {}, seed = 1): SimKernel {
  const world = new SimWorld(seed);
  const reports: Report[] = [];
  return { world, kernel: new Kernel({ world, report: (report) => reports.push(report), ...options }), reports };
}

export interface SimKernels {
  readonly world: SimWorld;
  readonly kernels: readonly Kernel[];
  /** The same process, as another thread knows it. */
  at(kernel: Kernel, pid: Pid): Pid;
  /** Ends a thread, and tells the others. */
  endThread(kernel: Kernel): void;
}

/** Kernels on threads 1 to `count`, each joined to each. */
export function simKernels(count: number, seed = 1): SimKernels {
  const world = new SimWorld(seed);
  const threads = Array.from({ length: count }, () => new SimThread(world));
  const kernels = threads.map((thread, i) => new Kernel({ world: thread, thread: i + 1, report: () => {} }));
  const boundaries = new Map<Kernel, Boundary[]>(kernels.map((kernel) => [kernel, []]));
  for (const [i, a] of kernels.entries()) {
    for (const b of kernels.slice(i + 1)) {
      const [endA, endB] = simBoundaryPair(world);
      boundaries.get(a)!.push(endA);
      boundaries.get(b)!.push(endB);
      a.peers.connect(b.thread, endA);
      b.peers.connect(a.thread, endB);
    }
  }
  return {
    world,
    kernels,
    at: (kernel, pid) => kernel.peers.pid(pid.thread, pid.serial),
    endThread(ended) {
      threads[kernels.indexOf(ended)]!.stop();
      for (const boundary of boundaries.get(ended)!) boundary.close();
      for (const kernel of kernels) if (kernel !== ended) kernel.peers.disconnect(ended.thread);
    },
  };
}

export interface Actor {
  readonly pid: Pid;
  /** The process: a test speaks through it as the actor itself would. */
  readonly self: Process;
  /** What it got, oldest first. */
  readonly messages: unknown[];
}

export function actor(kernel: Kernel, options: SpawnOptions = {}): Actor {
  const messages: unknown[] = [];
  const pid = kernel.spawn(
    { label: "actor", handle: (_self, message) => void messages.push(message) },
    undefined,
    options,
  );
  return { pid, self: kernel.localProcess(pid.serial)!, messages };
}

/**
 * Runs a plain process for as long as anything happens.
 *
 * @param run writes down in `seen` what it sees; an expectation that fails in it fails the test
 */
export async function scene(
  { world, kernel }: SimKernel,
  run: (self: Process, seen: unknown[]) => Promise<void>,
  options: SpawnOptions = {},
): Promise<{ pid: Pid; seen: unknown[] }> {
  const seen: unknown[] = [];
  let failed: Error | undefined;
  const pid = kernel.spawn(
    async (self) => {
      try {
        await run(self, seen);
      } catch (thrown) {
        if (thrown instanceof Error && thrown.name === "AssertionError") failed = thrown;
        throw thrown;
      }
    },
    undefined,
    options,
  );
  await world.runAsync();
  if (failed !== undefined) throw failed;
  return { pid, seen };
}
