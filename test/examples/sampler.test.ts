import { cpus, totalmem } from "node:os";
import { Kernel, type Process } from "lintel/kernel";
import { childSpec, supervisor } from "lintel/supervisor";
import { SimWorld, simBoundaryPair } from "lintel/testing";
import { describe, expect, test } from "vitest";
import { readSystem } from "../../examples/demo/reading.ts";
import type { Sample } from "../../examples/demo/sample.ts";
import { makeSampler, maxSamples, recentSamples, Samples, sampler } from "../../examples/demo/sampler.ts";
import { quarterBusy } from "./readings.ts";

const Sampler = makeSampler(quarterBusy);

function setup(): { world: SimWorld; kernel: Kernel } {
  const world = new SimWorld(1);
  return { world, kernel: new Kernel({ world, report: () => undefined }) };
}

/** Starts the sampler as the demo app does: under a supervisor, by its name. */
async function startApp(world: SimWorld, kernel: Kernel): Promise<void> {
  const app = supervisor([childSpec(Sampler, undefined, { name: "sampler" })]);
  await world.until(app.start(kernel));
}

/** Everything that is published from now on, as a page on that kernel gets it. */
function listen(kernel: Kernel): Sample[] {
  const heard: Sample[] = [];
  kernel.spawn(async (self: Process) => {
    self.subscribe(Samples);
    for (;;) heard.push(await self.receive<Sample>());
  });
  return heard;
}

/** What a page that mounts on that kernel gets. */
function history(world: SimWorld, kernel: Kernel): Promise<readonly Sample[]> {
  return world.until(
    new Promise((resolve) => {
      kernel.spawn(async (self: Process) => resolve(await recentSamples(self)));
    }),
  );
}

describe("Sampler", () => {
  test("publishes a sample every second", async () => {
    const { world, kernel } = setup();
    const heard = listen(kernel);
    await startApp(world, kernel);
    await world.runAsync({ forMs: 5500 });
    expect(heard.map(({ cpu }) => cpu)).toEqual([25, 25, 25, 25, 25]);
    const gaps = heard.slice(1).map(({ takenAtMs }, i) => takenAtMs - heard[i]!.takenAtMs);
    for (const gap of gaps) expect(Math.abs(gap - 1000)).toBeLessThanOrEqual(2);
  });

  test("keeps the last minute for pages that mount, the oldest sample first", async () => {
    const { world, kernel } = setup();
    const heard = listen(kernel);
    await startApp(world, kernel);
    expect(await history(world, kernel)).toEqual([]);
    await world.runAsync({ forMs: 75_500 });
    expect(heard).toHaveLength(75);
    expect(await history(world, kernel)).toEqual(heard.slice(-maxSamples));
  });

  test("serves pages on other threads", async () => {
    const { world, kernel } = setup();
    const other = new Kernel({ world, thread: 2 });
    const [here, there] = simBoundaryPair(world);
    kernel.peers.connect(2, here);
    other.peers.connect(0, there);
    const heard = listen(other);
    await startApp(world, kernel);
    await world.runAsync({ forMs: 3500 });
    expect(heard).toHaveLength(3);
    expect(await history(world, other)).toEqual(heard);
  });

  test("is started again when it is killed, under its name, and pages go on hearing of it", async () => {
    const { world, kernel } = setup();
    const heard = listen(kernel);
    await startApp(world, kernel);
    await world.runAsync({ forMs: 2500 });
    const former = heard.at(-1)!.takenBy;
    kernel.exit(kernel.names.whereis(sampler)!, "kill");
    await world.runAsync({ forMs: 2500 });
    expect(heard).toHaveLength(4);
    expect(heard.at(-1)!.takenBy).not.toBe(former);
    expect(await history(world, kernel)).toEqual(heard.slice(-2));
  });

  test("a page that mounts while nobody samples starts with nothing", async () => {
    const { world, kernel } = setup();
    expect(await history(world, kernel)).toEqual([]);
  });

  test("reads this machine and this runtime", () => {
    const { kernel } = setup();
    const reading = readSystem(kernel);
    expect(reading.cores).toHaveLength(cpus().length);
    expect(reading.cores.some(({ busyMs }) => busyMs > 0)).toBe(true);
    expect(reading.totalBytes).toBe(totalmem());
    expect(reading.availableBytes).toBeGreaterThan(0);
    expect(reading.availableBytes).toBeLessThan(reading.totalBytes);
    expect(reading.program.residentBytes).toBeGreaterThan(1_000_000);
    expect(reading.threads).toHaveLength(1);
  });
});
