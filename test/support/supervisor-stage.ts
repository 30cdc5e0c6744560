/** SupervisorStage: a simulated world with children that say in a log when they start and end. */
import type { Kernel } from "../../kernel/kernel.ts";
import type { Pid } from "../../kernel/pid.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { noreply, stop } from "../../kernel/server/outcome.ts";
import type { SupervisorDefinition, SupervisorProtocol } from "../../supervisor/supervisor.ts";
import { type SimKernel, simKernel } from "./kernels.ts";

interface Options {
  /** Starts that fail, counted from 1. */
  readonly failing?: readonly number[];
  /** Milliseconds that it takes to end; only if it traps exits. */
  readonly slowMs?: number;
}

export class SupervisorStage {
  readonly log: string[] = [];
  readonly sim: SimKernel;
  readonly #starts = new Map<string, number>();

  constructor(sim: SimKernel = simKernel()) {
    this.sim = sim;
  }

  get kernel(): Kernel {
    return this.sim.kernel;
  }

  child(name: string, { failing = [], slowMs }: Options = {}) {
    const { log, sim } = this;
    const starts = this.#starts;
    return genServer({
      name,
      init() {
        const start = (starts.get(name) ?? 0) + 1;
        starts.set(name, start);
        if (failing.includes(start)) {
          log.push(`${name} fails`);
          throw new Error(`${name} cannot start`);
        }
        log.push(`${name} starts`);
        return {};
      },
      casts: { leave: (state, reason: unknown) => stop(reason, state), nothing: (state) => noreply(state) },
      terminate(_state, reason) {
        log.push(`${name} ends: ${String(reason)}`);
        if (slowMs !== undefined) return new Promise<void>((resolve) => void sim.world.alarm(slowMs, resolve));
      },
      trapExit: true,
    });
  }

  async start(definition: SupervisorDefinition): Promise<Pid<SupervisorProtocol>> {
    return this.sim.world.until(definition.start(this.kernel));
  }

  async run(forMs?: number): Promise<void> {
    await this.sim.world.runAsync(forMs === undefined ? {} : { forMs });
  }

  leave(name: string, reason: unknown): void {
    this.kernel.cast(name as never, "leave" as never, reason as never);
  }

  async children(pid: Pid<SupervisorProtocol>): Promise<Record<string, Pid | string | undefined>> {
    const children = await this.sim.world.until(this.kernel.call(pid, "whichChildren"));
    return Object.fromEntries(children.map((child) => [child.id, child.pid]));
  }
}
