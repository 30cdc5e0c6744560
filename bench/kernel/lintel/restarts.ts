/**
 * How soon is a child up again that has crashed, and 10,000 that were killed at once? Rivals: the BEAM's supervisor,
 * nact's reset of an actor in place.
 */
import { genServer, type Pid, type Process } from "lintel/kernel";
import { childSpec, supervisor } from "lintel/supervisor";
import { percentile } from "../../support/statistics.ts";
import { expectEqual, type Measurement, nowNs, nsEach } from "../program.ts";
import { deferred, inProcess, newKernel } from "./support.ts";

const anyNumber = { maxRestarts: Number.POSITIVE_INFINITY, maxSeconds: 1 };

/** From the cast that makes the child throw to the `init` of the next one. */
export const restart: Measurement = async (size) => {
  const samples = await crashes(size);
  return { "restart-p50": percentile(samples, 50), "restart-p99": percentile(samples, 99) };
};

/** Supervisors remember their restarts of late: OTP's goes through all of them at each, which is not what is measured. */
const perSupervisor = 50;

async function crashes(size: number): Promise<readonly number[]> {
  let reports = 0;
  const kernel = newKernel({
    report: () => {
      reports += 1;
    },
  });
  const samples: number[] = [];
  const warmUp = size / 2;
  await inProcess(kernel, async (tester) => {
    const Child = genServer({
      name: "Child",
      init: (_arg: undefined, self: Process) => {
        self.send(tester.pid, self.pid);
        return 0;
      },
      casts: {
        crash: (): never => {
          throw new Error("as asked");
        },
      },
    });
    for (let i = 0; i < warmUp + size; ) {
      const by = await supervisor([childSpec(Child)], anyNumber).start(tester);
      let child = await tester.receive<Pid>();
      for (let n = 0; n < perSupervisor && i < warmUp + size; n++, i++) {
        const begun = nowNs();
        tester.cast(child, "crash");
        const next = await tester.receive<Pid>();
        if (i >= warmUp) samples.push(nowNs() - begun);
        if (next === child || kernel.isAlive(child)) throw new Error(`${child} was not replaced`);
        child = next;
      }
      tester.exit(by, "kill");
    }
  });
  if (reports < warmUp + size) throw new Error(`expected a report for each crash, got ${reports}`);
  kernel.close();
  return samples;
}

/** All children are killed by exit signals in one turn. */
export const storm: Measurement = async (size, repeats) => ({
  storm: (await nsEach(killAll, size, repeats)) * size,
});

async function killAll(size: number): Promise<number> {
  const kernel = newKernel();
  let up = 0;
  let all = deferred<void>();
  const pids: Pid[] = [];
  const Child = genServer({
    name: "Child",
    init: (_arg: undefined, self: Process) => {
      pids.push(self.pid);
      up += 1;
      if (up === size) all.resolve();
      return 0;
    },
  });
  const specs = Array.from({ length: size }, (_, i) => childSpec(Child, undefined, { id: `child ${i}` }));
  await supervisor(specs, anyNumber).start(kernel);
  await all.promise;
  const doomed = pids.splice(0);
  up = 0;
  all = deferred<void>();
  const begun = nowNs();
  for (const pid of doomed) kernel.exit(pid, "kill");
  await all.promise;
  const ended = nowNs();
  expectEqual("children", new Set([...doomed, ...pids]).size, size * 2);
  kernel.close();
  return ended - begun;
}
