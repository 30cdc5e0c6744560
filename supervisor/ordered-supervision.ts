/**
 * OrderedSupervision: the state of a supervisor whose children have ids and an order. Behind `supervisor` and
 * `partitionSupervisor`.
 *
 *   start ─────────────────────────▷
 *     a        b        c        d         one after the other; the next one begins when `init` of the last is done
 *   ◁────────────────────────── stop       one at a time, each within its own `shutdown`
 *
 * Invariant: outside of a handler, whatever has a pid in here is linked to the supervisor, or its exit message waits.
 * Source: Erlang/OTP, supervisor; S1, S5 to S8, S10, S11, S16 of the feature map.
 */
import type { Pid } from "../kernel/pid.ts";
import { type Process, ProcessExit } from "../kernel/process.ts";
import { Child, type ChildInfo, type KeptSpec } from "./child.ts";
import { type AutoShutdown, type CheckedChildSpec, significanceMistake } from "./child-spec.ts";
import type { Refusal } from "./errors.ts";
import { endedAsAsked, stopProcess } from "./stopping.ts";
import { restartedWith, type Strategy } from "./strategy.ts";
import {
  type Failed,
  type Outcome,
  Supervision,
  type SupervisionOptions,
  type SupervisorStatus,
} from "./supervision.ts";

export interface OrderedOptions extends SupervisionOptions {
  /** Who is restarted when a child has to be (strategy.ts). Default "oneForOne": that child alone. */
  readonly strategy?: Strategy;
  /** Does the end of significant children end the supervisor? Default "never". */
  readonly autoShutdown?: AutoShutdown;
}

export class OrderedSupervision extends Supervision {
  readonly strategy: Strategy;
  readonly autoShutdown: AutoShutdown;
  /** In the order in which they are started. */
  #byId = new Map<string, Child>();
  readonly #byPid = new Map<Pid, Child>();
  readonly #specs: () => readonly CheckedChildSpec[];
  /** What the last change of code told. */
  upgraded: SupervisorStatus | undefined = undefined;

  /** @param specs what the definition says that the children are: all checked, with ids that differ */
  constructor(self: Process, options: OrderedOptions, specs: () => readonly CheckedChildSpec[]) {
    super(self, options);
    this.#specs = specs;
    this.strategy = options.strategy ?? "oneForOne";
    this.autoShutdown = options.autoShutdown ?? "never";
  }

  // ---- its whole life --------------------------------------------------------------------------------------------------

  /** The supervisor starts. @throws {ProcessExit} when a child does not: what had been started is stopped */
  async startAll(): Promise<void> {
    for (const spec of this.#specs()) this.#byId.set(spec.id, new Child(spec));
    const failed = await this.#startInOrder([...this.#byId.values()]);
    if (failed === undefined) return;
    await this.stopAll();
    throw new ProcessExit({ shutdown: { failedToStart: failed.child.spec.id, reason: failed.started.reason } });
  }

  override stopAll(): Promise<void> {
    return this.#stopInReverse([...this.#byId.values()]);
  }

  /**
   * Asks the definition for its children again, as OTP does after a change of code. Who runs, runs on, and will be
   * restarted by its new spec; a new child is not started (`restartChild` does), one that is not listed any more is kept,
   * after the others (`terminateChild`, `deleteChild`).
   */
  upgrade(): void {
    const specs = this.#specs();
    const old = this.#byId;
    this.#byId = new Map();
    for (const spec of specs) {
      const child = old.get(spec.id) ?? new Child(spec);
      child.spec = spec;
      this.#byId.set(spec.id, child);
    }
    for (const [id, child] of old) if (!this.#byId.has(id)) this.#byId.set(id, child);
  }

  // ---- what may be asked of it -----------------------------------------------------------------------------------------

  override infos(): ChildInfo[] {
    return Array.from(this.#byId.values(), (child) => child.info);
  }

  override status(): SupervisorStatus {
    const { strategy, maxRestarts, maxSeconds } = this;
    return { strategy, maxRestarts, maxSeconds, children: this.infos() };
  }

  specOf(id: string): KeptSpec | undefined {
    return this.#byId.get(id)?.spec;
  }

  /** How many children it has, running or not. */
  get size(): number {
    return this.#byId.size;
  }

  /** Its pid, while it runs. */
  pidOf(id: string): Pid | undefined {
    return this.#byId.get(id)?.pid;
  }

  /** Adds a child behind the others, and starts it. One that does not start is not added. */
  async startChild(spec: KeptSpec): Promise<Outcome> {
    const invalid = significanceMistake(spec, this.autoShutdown);
    if (invalid !== undefined) return { invalid };
    const present = this.#byId.get(spec.id);
    if (present !== undefined) {
      return { refused: present.pid === undefined ? "alreadyPresent" : { alreadyStarted: present.pid } };
    }
    const child = new Child(spec);
    const started = await this.start(child);
    if (started.type === "failed") return { failed: started.reason };
    if (started.type === "up" || spec.restart !== "temporary") this.#byId.set(spec.id, child);
    return { pid: child.pid };
  }

  /** Stops a child. Its spec stays, unless it is temporary; its siblings are not touched. */
  async terminateChild(id: string): Promise<Outcome> {
    const child = this.#byId.get(id);
    if (child === undefined) return { refused: "notFound" };
    await this.#stopInReverse([child]);
    return { pid: undefined };
  }

  /** Starts a child that does not run. */
  async restartChild(id: string): Promise<Outcome> {
    const child = this.#byId.get(id);
    const refused = refusal(child);
    if (refused !== undefined) return { refused };
    const started = await this.start(child!);
    return started.type === "failed" ? { failed: started.reason } : { pid: child!.pid };
  }

  /** Forgets a child that does not run. */
  deleteChild(id: string): Outcome {
    const refused = refusal(this.#byId.get(id));
    if (refused !== undefined) return { refused };
    this.#byId.delete(id);
    return { pid: undefined };
  }

  // ---- restarts --------------------------------------------------------------------------------------------------------

  protected override childOf(pid: Pid): Child | undefined {
    return this.#byPid.get(pid);
  }

  protected override wentUp(child: Child, pid: Pid): void {
    this.#byPid.set(pid, child);
  }

  protected override wentDown(_child: Child, pid: Pid): void {
    this.#byPid.delete(pid);
  }

  protected override async bringUp(child: Child): Promise<void> {
    await this.bringDown(child);
    if (this.#byId.get(child.spec.id) !== child) return; // temporary by now, after a change of code
    const failed = await this.#startInOrder(this.#restartedWith(child));
    if (failed !== undefined) this.tryAgain(failed.child, failed.started);
  }

  protected override bringDown(child: Child): Promise<void> {
    return this.#stopInReverse(this.#restartedWith(child));
  }

  /** Only a child's own end shuts its supervisor down: not one that it was told to, nor one for a sibling's sake. */
  protected override over(child: Child): void {
    if (child.spec.restart === "temporary") this.#byId.delete(child.spec.id);
    if (!child.spec.significant || this.autoShutdown === "never") return;
    if (this.autoShutdown === "allSignificant" && this.#hasSignificant()) return;
    throw new ProcessExit("shutdown");
  }

  #hasSignificant(): boolean {
    for (const { spec, pid, restarting } of this.#byId.values()) {
      if (spec.significant && (pid !== undefined || restarting)) return true;
    }
    return false;
  }

  #restartedWith(child: Child): readonly Child[] {
    return this.strategy === "oneForOne" ? [child] : restartedWith(this.strategy, [...this.#byId.values()], child);
  }

  /** @returns the first one that failed; those after it have not been started */
  async #startInOrder(children: readonly Child[]): Promise<{ child: Child; started: Failed } | undefined> {
    for (const child of children) {
      const started = await this.start(child);
      if (started.type === "failed") {
        this.report("startError", child, started.reason);
        return { child, started };
      }
      if (started.type === "ignored" && child.spec.restart === "temporary") this.#byId.delete(child.spec.id);
    }
    return undefined;
  }

  async #stopInReverse(children: readonly Child[]): Promise<void> {
    for (const child of [...children].reverse()) {
      const { pid, spec } = child;
      this.settle(child);
      if (pid !== undefined) {
        const reason = await stopProcess(this.self, pid, spec.shutdown);
        this.down(child);
        if (!endedAsAsked(reason, spec.shutdown, spec.restart)) this.report("shutdownError", child, reason);
      }
      if (spec.restart === "temporary") this.#byId.delete(spec.id);
    }
  }
}

function refusal(child: Child | undefined): Refusal | undefined {
  if (child === undefined) return "notFound";
  if (child.restarting) return "restarting";
  return child.pid === undefined ? undefined : "running";
}
