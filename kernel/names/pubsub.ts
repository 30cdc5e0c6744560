/**
 * PubSub: messages by topic, to whoever has subscribed, on this thread and on the others.
 *
 *   broadcast ─┬─▷ every local subscriber              frozen once, not copied
 *              └─▷ each other thread, once ─▷ its own local subscribers
 *
 * At most once, in order per sender and subscriber; subscriptions end with their process.
 */
import { OptionError, shown } from "../errors.ts";
import type { Kernel } from "../kernel.ts";
import { seal } from "../message.ts";
import type { Pid } from "../pid.ts";
import type { Process } from "../process.ts";

declare const messageOf: unique symbol;
/** A topic with the type of its messages. */
export type Topic<Message = unknown> = string & { readonly [messageOf]?: Message };

/**
 * Names a topic and the type of its messages, once for subscribers and speakers.
 *
 * @example
 * const Room = topic<{ text: string }>("room");
 */
export function topic<Message>(name: string): Topic<Message> {
  return name as Topic<Message>;
}

/** Who has subscribed, and what was said with it. */
export interface Subscription {
  readonly pid: Pid;
  readonly metadata: unknown;
}

export class PubSub {
  readonly #kernel: Kernel;
  /** Topic to subscribers, each with the metadata of each of its subscriptions. */
  readonly #topics = new Map<string, Map<Process, unknown[]>>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** @internal Behind `self.subscribe`. */
  subscribe(topic: string, process: Process, metadata?: unknown): void {
    if (typeof topic !== "string") throw new OptionError(`subscribe: expected a topic, got ${shown(topic)}.`);
    const sealed = seal(metadata);
    let subscribers = this.#topics.get(topic);
    if (subscribers === undefined) {
      subscribers = new Map();
      this.#topics.set(topic, subscribers);
    }
    const subscriptions = subscribers.get(process);
    if (subscriptions === undefined) subscribers.set(process, [sealed]);
    else subscriptions.push(sealed);
    const rare = process.ensureRare();
    rare.topics ??= new Set();
    rare.topics.add(topic);
  }

  /** @internal Behind `self.unsubscribe`. */
  unsubscribe(topic: string, process: Process): void {
    process.rare?.topics?.delete(topic);
    this.#remove(topic, process);
  }

  /** @internal The process has ended. */
  unsubscribeAll(process: Process): void {
    const topics = process.rare?.topics;
    if (topics === undefined) return;
    for (const topic of topics) this.#remove(topic, process);
  }

  /** Delivers to this thread's subscribers alone. */
  localBroadcast(topic: string, message: unknown, except?: Pid): void {
    const subscribers = this.#topics.get(topic);
    if (subscribers === undefined) return;
    const sealed = seal(message);
    for (const [process, { length }] of subscribers) {
      if (process.pid === except) continue;
      for (let i = 0; i < length; i++) this.#kernel.deliver(process, sealed);
    }
  }

  /** Delivers to the subscribers of one thread alone, this one or another; to nobody, if it is not there. */
  directBroadcast(thread: number, topic: string, message: unknown): void {
    if (thread === this.#kernel.thread) this.localBroadcast(topic, message);
    else this.#kernel.peers.broadcastTo(thread, topic, seal(message));
  }

  /**
   * Hands the subscriptions of this thread to a function, which decides what each of them gets: encoded once for all that
   * want the same, for instance. Runs here; what it throws, the caller throws. Not called when there are none.
   */
  dispatch(topic: string, run: (subscriptions: readonly Subscription[]) => void): void {
    const subscribers = this.#topics.get(topic);
    if (subscribers === undefined) return;
    run([...subscribers].flatMap(([{ pid }, each]) => each.map((metadata) => ({ pid, metadata }))));
  }

  /** Subscriptions to a topic on this thread. */
  subscribers(topic: string): Pid[] {
    return [...(this.#topics.get(topic)?.keys() ?? [])].map((process) => process.pid);
  }

  /** Topics that anybody on this thread has subscribed to. */
  get size(): number {
    return this.#topics.size;
  }

  #remove(topic: string, process: Process): void {
    const subscribers = this.#topics.get(topic);
    if (subscribers === undefined) return;
    subscribers.delete(process);
    if (subscribers.size === 0) this.#topics.delete(topic);
  }
}
