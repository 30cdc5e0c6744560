/**
 * A crowd of visitors on /calm of apps/runaway.ts: each clicks once in a while, all the time, and joins again when it has to.
 * What they saw is what a runaway beside them cost.
 */
import { forgePage } from "../support/forge.ts";
import {
  type At,
  connect,
  type Frame,
  getPage,
  joinFrame,
  type Page,
  responseOf,
  type Wire,
} from "../support/wire-client.ts";

export class Visitor {
  readonly page: Page;
  readonly wire: Wire;
  /** Where its view lives now. */
  thread = 0;
  /** How often it has had to join again, */
  rejoins = 0;
  /** and how long it then took until its view was back, at worst. */
  awayMs = 0;
  /** Milliseconds from click to reply, of each click. */
  latenciesMs: number[] = [];
  /** Its view has ended, and is not back. */
  isAway = false;
  /** Clicks that were answered with something else than the next count. */
  wrong = 0;
  #count = 0;
  #joinRef = "";
  #lastRef = 3;

  constructor(page: Page, wire: Wire) {
    this.page = page;
    this.wire = wire;
  }

  async join(): Promise<void> {
    const startMs = performance.now();
    // A thread may end while the join is under way.
    for (;;) {
      this.#lastRef += 1;
      const ref = String(this.#lastRef);
      this.wire.send(joinFrame(this.page, { ref }));
      const reply = await this.#next(`the reply to join ${ref}`, ref);
      if (reply === undefined) continue;
      const { rendered } = responseOf(reply) as { rendered?: Record<string, string> };
      if (rendered === undefined) continue;
      this.#joinRef = ref;
      this.thread = Number(rendered[0]);
      this.#count = Number(rendered[1]);
      this.awayMs = Math.max(this.awayMs, performance.now() - startMs);
      return;
    }
  }

  /** Clicks, and joins again if that is what comes of it. */
  async click(): Promise<void> {
    this.#lastRef += 1;
    const ref = String(this.#lastRef);
    const startMs = performance.now();
    this.wire.send([this.#joinRef, ref, this.page.topic, "event", { type: "click", event: "inc", value: {} }]);
    const reply = await this.#next(`the reply to click ${ref}`, ref);
    if (reply === undefined) {
      this.rejoins += 1;
      this.isAway = true;
      await this.join();
      this.isAway = false;
      return;
    }
    this.latenciesMs.push(performance.now() - startMs);
    this.#count += 1;
    if (JSON.stringify(responseOf(reply)) !== `{"diff":{"1":"${this.#count}"}}`) this.wrong += 1;
  }

  /** @returns undefined: the view has ended */
  async #next(what: string, ref: string): Promise<string | undefined> {
    const { topic } = this.page;
    const wants = (frame: Frame): boolean => frame[2] === topic && (frame[1] === ref || frame[3] === "phx_error");
    const text = await this.wire.next(what, wants);
    return (JSON.parse(text) as Frame)[3] === "phx_error" ? undefined : text;
  }
}

export class Crowd implements AsyncDisposable {
  readonly visitors: readonly Visitor[];
  readonly #wires: readonly Wire[];
  #clicking: Promise<void>[] = [];
  #isOver = false;

  private constructor(visitors: readonly Visitor[], wires: readonly Wire[]) {
    this.visitors = visitors;
    this.#wires = wires;
  }

  /** Joins so many, 100 on each socket. */
  static async gather(server: At, count: number): Promise<Crowd> {
    const page = await getPage(server, "/calm");
    const wires = await Promise.all(Array.from({ length: Math.ceil(count / 100) }, () => connect(server, page)));
    const visitors = Array.from(
      { length: count },
      (_, i) => new Visitor(forgePage(page, `calm-${i}`), wires[Math.floor(i / 100)]!),
    );
    await Promise.all(visitors.map((visitor) => visitor.join()));
    return new Crowd(visitors, wires);
  }

  /** From now on each clicks, waits for the reply, and clicks again after `everyMs`. */
  begin(everyMs: number): void {
    this.#clicking = this.visitors.map(async (visitor, i) => {
      await later((everyMs * i) / this.visitors.length);
      while (!this.#isOver) {
        await visitor.click();
        await later(everyMs);
      }
    });
  }

  /** Forgets what was seen so far. */
  forget(): void {
    for (const visitor of this.visitors) {
      visitor.latenciesMs = [];
      visitor.awayMs = visitor.rejoins = 0;
    }
  }

  get socketsOpen(): boolean {
    return this.#wires.every((wire) => wire.isOpen);
  }

  /** What those have seen who match. */
  seen(matches: (visitor: Visitor) => boolean = () => true): Seen {
    const visitors = this.visitors.filter(matches);
    const latencies = visitors.flatMap(({ latenciesMs }) => latenciesMs).sort((one, other) => one - other);
    const at = (part: number): number => Math.round(latencies[Math.floor((latencies.length - 1) * part)] ?? 0);
    return {
      visitors: visitors.length,
      clicks: latencies.length,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      worstMs: at(1),
      rejoins: visitors.reduce((sum, { rejoins }) => sum + rejoins, 0),
      awayMs: Math.round(Math.max(0, ...visitors.map(({ awayMs }) => awayMs))),
      wrong: visitors.reduce((sum, { wrong }) => sum + wrong, 0),
    };
  }

  /** Ends the clicking, then the sockets. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clicking);
    await Promise.all(this.#wires.map((wire) => wire[Symbol.asyncDispose]()));
  }
}

export interface Seen {
  readonly visitors: number;
  readonly clicks: number;
  /** Milliseconds from click to reply. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
  readonly rejoins: number;
  /** Milliseconds from `phx_error` to the view's return, at worst. */
  readonly awayMs: number;
  readonly wrong: number;
}

export const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
