/** CPU time of a server, of everything it started, and of the whole machine, from /proc (elsewhere it is not known). */
import { readdirSync, readFileSync } from "node:fs";

/** Ticks per second in /proc: 100 wherever Node runs on Linux. */
const ticksPerSecond = 100;

/** Seconds of user and system time of a process and its living descendants; undefined when that cannot be read. */
export function cpuSeconds(pid: number): number | undefined {
  try {
    return ticksOf(pid) / ticksPerSecond;
  } catch {
    return undefined;
  }
}

/** Seconds that all cores together were busy, for whomever (another guest of the host included). */
export function machineCpuSeconds(): number | undefined {
  try {
    const [user, nice, system, _idle, _ioWait, irq, softIrq, steal] = readFileSync("/proc/stat", "latin1")
      .split("\n", 1)[0]!
      .split(/\s+/)
      .slice(1)
      .map(Number);
    return (user! + nice! + system! + irq! + softIrq! + steal!) / ticksPerSecond;
  } catch {
    return undefined;
  }
}

function ticksOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  // The second field is the program's name in brackets, and may hold anything: count from behind it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  let ticks = Number(fields[11]) + Number(fields[12]);
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    for (const child of childrenOf(pid, thread)) ticks += ticksOf(child);
  }
  return ticks;
}

function childrenOf(pid: number, thread: string): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${thread}/children`, "latin1").split(" ").filter(Boolean).map(Number);
  } catch {
    return []; // The thread has ended meanwhile, or the kernel does not tell.
  }
}
