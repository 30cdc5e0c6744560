/**
 * Does the order of each pair hold while threads die (K5)? 16 pairs of processes, each on two threads; one sends numbers from
 * 1 on as quickly as it may, the other checks them. Now and then a thread is killed, by chance.
 *
 *   sender ── 1, 2, 3, ... ─▷ receiver       a number that is not the next one, or comes after the `down`: a violation
 *   thread of either ends  ─▷ the pair starts anew, elsewhere, with what is left
 *
 * What is lost is what was under way to or from a thread that ended, and only with a `down` message.
 */
import { type Behaviour, DownMessage, type Kernel, type Ref, Schedulers, StatsTable } from "lintel/kernel";
import { newKernel } from "../kernel/lintel/support.ts";
import { type Attempt, hostName, type News, type ToHost } from "./storm-protocol.ts";

export interface StormResult {
  readonly summary: string;
  readonly violations: readonly string[];
  readonly messages: number;
  readonly kills: number;
  readonly attempts: number;
  readonly seconds: number;
  /** The most memory of the whole process, in bytes. */
  readonly mostRss: number;
}

const pairCount = 16;
const threadCount = 4;
const maxKills = 8;

/**
 * @param perPair messages that each pair brings over
 * @param boot what the threads run, compiled
 */
export async function storm(
  perPair: number,
  boot: URL = new URL("./storm-boot.js", import.meta.url),
): Promise<StormResult> {
  const kernel = newKernel({ statsTable: new StatsTable(threadCount + 1) });
  const schedulers = await Schedulers.start(kernel, {
    count: threadCount,
    boot,
    bootData: undefined,
    onUp: () => {},
    onDown: () => {},
  });
  let kills = 0;
  const collector = new Collector(
    kernel,
    perPair,
    () => schedulers.threads,
    () => kills === maxKills,
  );
  let mostRss = 0;
  const watch = setInterval(() => {
    mostRss = Math.max(mostRss, process.memoryUsage().rss);
    if (kills === maxKills || collector.messages < ((kills + 1) * pairCount * perPair) / (maxKills + 1)) return;
    const { threads } = schedulers;
    if (threads.length < threadCount) return;
    kills += 1;
    void schedulers.kill(threads[Math.floor(Math.random() * threads.length)]!);
  }, 2);
  const begun = performance.now();
  kernel.spawn(collector);
  await collector.done;
  const seconds = (performance.now() - begun) / 1000;
  clearInterval(watch);
  await schedulers.close(0);
  kernel.close();
  const { attempts, violations } = collector;
  return {
    summary:
      `${pairCount} pairs x ${perPair.toLocaleString("en-US")} messages and more, ${kills} threads killed, ${attempts} attempts, ` +
      `${violations.length} violations, ${seconds.toFixed(1)} s, at most ${Math.round(mostRss / 2 ** 20)} MiB`,
    violations,
    messages: collector.messages,
    kills,
    attempts,
    seconds,
    mostRss,
  };
}

/** Hands out attempts, on the main thread, and adds up what has come. */
class Collector implements Behaviour {
  readonly label = "collector";
  readonly done: Promise<void>;
  readonly violations: string[] = [];
  readonly #kernel: Kernel;
  readonly #threads: () => readonly number[];
  readonly #perPair: number;
  readonly #isEnough: () => boolean;
  readonly #left: number[];
  /** The attempt of each pair, and the monitor of its receiver's host. */
  readonly #current: { of: Attempt; ref: Ref }[] = [];
  #finish!: () => void;
  messages = 0;
  attempts = 0;

  /** @param isEnough all threads that were to be killed are; until then the pairs go on beyond their share */
  constructor(kernel: Kernel, perPair: number, threads: () => readonly number[], isEnough: () => boolean) {
    this.#kernel = kernel;
    this.#perPair = perPair;
    this.#isEnough = isEnough;
    this.#threads = threads;
    this.#left = new Array<number>(pairCount).fill(perPair);
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  init(self: Parameters<NonNullable<Behaviour["init"]>>[0]): void {
    for (let pair = 0; pair < pairCount; pair++) this.#begin(self, pair);
  }

  handle(self: Parameters<Behaviour["handle"]>[0], message: unknown): void {
    if (typeof message === "number") this.#begin(self, message);
    else if (message instanceof DownMessage) {
      const lost = this.#current.findIndex(({ ref }) => ref === message.ref);
      if (lost >= 0) this.#begin(self, lost);
    } else this.#heard(self, message as News);
  }

  #heard(self: Parameters<Behaviour["handle"]>[0], { of, got, isOver, violation }: News): void {
    const { pair, number } = of;
    if (this.#current[pair]?.of.number !== number) return; // it was given up with its thread, and sent again
    this.messages += got;
    this.#left[pair]! -= got;
    if (violation !== undefined) this.violations.push(`pair ${pair}: ${violation}`);
    if (isOver) self.demonitor(this.#current[pair]!.ref, { flush: true });
    if (this.violations.length > 0 || (this.#isEnough() && this.#left.every((left) => left <= 0))) this.#finish();
    else if (isOver && (this.#left[pair]! > 0 || !this.#isEnough())) this.#begin(self, pair);
  }

  #begin(self: Parameters<Behaviour["handle"]>[0], pair: number): void {
    const up = this.#threads().filter((thread) => this.#kernel.names.whereis(hostName(thread)) !== undefined);
    const at = Math.floor(Math.random() * up.length);
    const [from, to] = [up[at], up[(at + 1 + (pair % Math.max(1, up.length - 1))) % up.length]];
    if (from === undefined || to === undefined || from === to) {
      self.sendAfter(10, pair);
      return;
    }
    this.attempts += 1;
    const of: Attempt = {
      pair,
      number: this.attempts,
      count: this.#left[pair]! > 0 ? this.#left[pair]! : this.#perPair,
    };
    this.#current[pair] = { of, ref: self.monitor(hostName(to)) };
    self.send(hostName(to), { type: "receive", of, from, collector: self.pid } satisfies ToHost);
  }
}
