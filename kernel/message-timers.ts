/**
 * MessageTimers: messages that are sent later, once or again and again. Those of a process to itself end with it.
 *
 *   rare.timers ─▷ OwnedTimer ⇄ OwnedTimer ⇄ ...      what its owner's end cancels: a list through the timers themselves
 *
 * Cost: one object a timer, no closure; its owner knows it without a Set.
 */
import { OptionError, shown } from "./errors.ts";
import type { Kernel } from "./kernel.ts";
import { seal } from "./message.ts";
import { type Address, Pid, processOf } from "./pid.ts";
import type { Process } from "./process.ts";
import { Timer } from "./timer-wheel.ts";

/** @internal A timer that is cancelled when its owner ends. */
export abstract class OwnedTimer extends Timer {
  readonly owner: Process;
  /** Is it in its owner's list? */
  owned = false;
  nextOwned: OwnedTimer | undefined = undefined;
  previousOwned: OwnedTimer | undefined = undefined;

  constructor(owner: Process) {
    super();
    this.owner = owner;
  }

  own(): void {
    const rare = this.owner.ensureRare();
    const first = rare.timers;
    this.nextOwned = first;
    if (first !== undefined) first.previousOwned = this;
    rare.timers = this;
    this.owned = true;
  }

  disown(): void {
    if (!this.owned) return;
    this.owned = false;
    const { nextOwned, previousOwned } = this;
    if (nextOwned !== undefined) nextOwned.previousOwned = previousOwned;
    if (previousOwned !== undefined) previousOwned.nextOwned = nextOwned;
    else if (this.owner.rare?.timers === this) this.owner.rare.timers = nextOwned;
    this.nextOwned = this.previousOwned = undefined;
  }
}

/** A message to its owner. */
class OwnMessageTimer extends OwnedTimer {
  readonly #message: unknown;

  constructor(owner: Process, message: unknown) {
    super(owner);
    this.#message = message;
  }

  override fire(): void {
    this.disown();
    this.owner.kernel.deliver(this.owner, this.#message);
  }
}

/** A message to somebody else: it is sent even when who set it has ended. */
class MessageTimer extends Timer {
  readonly #kernel: Kernel;
  readonly #to: Address;
  readonly #message: unknown;

  constructor(kernel: Kernel, to: Address, message: unknown) {
    super();
    this.#kernel = kernel;
    this.#to = to;
    this.#message = message;
  }

  override fire(): void {
    const to = this.#to;
    const pid = to instanceof Pid ? to : this.#kernel.names.whereis(to);
    const process = pid === undefined ? undefined : processOf(pid);
    // Nobody is there to catch what `send` throws at a full mailbox.
    if (process !== undefined) this.#kernel.deliver(process, this.#message);
    else if (pid !== undefined) this.#kernel.send(pid, this.#message);
  }
}

/** The same message again and again. */
class IntervalTimer extends OwnedTimer {
  readonly #intervalMs: number;
  readonly #message: unknown;
  #dueMs: number;

  constructor(owner: Process, intervalMs: number, message: unknown) {
    super(owner);
    this.#intervalMs = Math.max(1, intervalMs);
    this.#message = message;
    this.#dueMs = owner.kernel.world.monotonicMs();
  }

  arm(): void {
    const { timers, world } = this.owner.kernel;
    this.#dueMs += this.#intervalMs;
    timers.start(this, Math.max(0, this.#dueMs - world.monotonicMs()));
    this.own();
  }

  override fire(): void {
    this.disown();
    this.owner.kernel.deliver(this.owner, this.#message);
    if (this.owner.isAlive) this.arm(); // a mailbox that is full may have been its end
  }

  cancel(): void {
    this.disown();
    this.owner.kernel.timers.discard(this);
  }
}

/** Any code that its owner waits for. */
class OwnedCallbackTimer extends OwnedTimer {
  readonly #run: () => void;

  constructor(owner: Process, run: () => void) {
    super(owner);
    this.#run = run;
  }

  override fire(): void {
    this.disown();
    this.#run();
  }
}

/** @internal A timer that ends with its process. */
export function setOwned(owner: Process, delayMs: number, run: () => void): Timer {
  const timer = new OwnedCallbackTimer(owner, run);
  owner.kernel.timers.start(timer, delayMs);
  timer.own();
  return timer;
}

/** When a timer is to fire: milliseconds from now, or a moment of `world.monotonicMs()`; at once if it is over. */
export type When = number | { readonly at: number };

/** @internal To a name: whoever has it when the timer fires. */
export function sendAfter(owner: Process, when: When, message: unknown, to: Address): Timer {
  const sealed = seal(message);
  const { kernel } = owner;
  const delayMs = delay(owner, when);
  if (to !== owner.pid) {
    const timer = new MessageTimer(kernel, to, sealed);
    kernel.timers.start(timer, delayMs);
    return timer;
  }
  const timer = new OwnMessageTimer(owner, sealed);
  kernel.timers.start(timer, delayMs);
  timer.own();
  return timer;
}

/** @internal To its owner, until that ends. */
export function sendInterval(owner: Process, intervalMs: number, message: unknown): { cancel(): void } {
  const timer = new IntervalTimer(owner, duration(owner, intervalMs), seal(message));
  timer.arm();
  return timer;
}

/** @internal @returns milliseconds that were left, or false when it had fired or been cancelled */
export function cancelTimer(kernel: Kernel, timer: Timer): number | false {
  if (timer instanceof OwnedTimer) timer.disown();
  return kernel.timers.cancel(timer);
}

/** @internal All timers of a process that has ended. */
export function cancelOwned(owner: Process): void {
  for (let timer = owner.rare?.timers; timer !== undefined; timer = owner.rare?.timers) {
    timer.disown();
    owner.kernel.timers.discard(timer);
  }
}

/** @internal How many timers a process has. */
export function countOwned(owner: Process): number {
  let count = 0;
  for (let timer = owner.rare?.timers; timer !== undefined; timer = timer.nextOwned) count += 1;
  return count;
}

function delay(owner: Process, when: When): number {
  if (typeof when !== "object") return duration(owner, when);
  const at: unknown = when?.at;
  if (typeof at === "number" && Number.isFinite(at)) return Math.max(0, at - owner.kernel.world.monotonicMs());
  throw new OptionError(
    `Process ${owner.pid}: expected a delay in milliseconds, or { at: a moment of world.monotonicMs() }, got ${shown(when)}.`,
  );
}

function duration(owner: Process, ms: number): number {
  if (typeof ms === "number" && ms >= 0 && ms < Number.POSITIVE_INFINITY) return ms;
  throw new OptionError(`Process ${owner.pid}: expected a delay in milliseconds of at least 0, got ${shown(ms)}.`);
}
