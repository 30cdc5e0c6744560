/**
 * NameNews: names are known on every thread by announcements, which take a moment. Here those who must not see that moment
 * wait for it to pass.
 *
 *   a start under a name   is over when all threads know the name: whoever hears of the start can use it, from anywhere
 *   a name that is taken   may be so by a process whose supervisor has ended or stops, with its thread or without, and
 *                          whose own end is only just being told across the threads. On one thread that takes no time; so here the
 *                          start waits for that end, instead of failing with `alreadyStarted`
 *
 *      supervisor ✗ thread 1 ──exit──▷ child "stock" thread 2 ──name is free──▷ thread 3
 *           └───────────────exit─────▷ its parent, thread 3 ─▷ starts it again: "stock" is taken?  ask thread 2
 */
import { question } from "../crossing/inquiries.ts";
import type { Kernel } from "../kernel.ts";
import { type Pid, processOf } from "../pid.ts";
import type { Process } from "../process.ts";
import type { OwnedTable } from "../rare.ts";

/** Milliseconds that a start waits for the end of an orphan: one that traps exits may take as long as it likes. */
const orphanMs = 5000;

interface Released {
  readonly name: string;
  readonly holder: Pid;
}

export class NameNews implements OwnedTable {
  readonly #kernel: Kernel;
  readonly #ends = new Map<Process, (() => void)[]>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    const { inquiries } = kernel;
    inquiries.onQuestion(question.names, (_about, thread, answer) => {
      kernel.names.whenSettled(thread, () => answer(true));
    });
    inquiries.onQuestion(question.alive, (about, _thread, answer) => answer(stays(about as Pid)));
    inquiries.onQuestion(question.released, (about, _thread, answer) => {
      const { name, holder } = about as Released;
      this.#whenOver(name, holder, answer);
    });
  }

  /** Calls back when every other thread knows the names that this one has given away so far; at once if there is none. */
  known(done: () => void): void {
    const { peers, inquiries } = this.#kernel;
    let left = peers.size;
    if (left === 0) return done();
    for (const thread of peers.threads) {
      inquiries.ask(thread, question.names, undefined, () => {
        left -= 1;
        if (left === 0) done();
      });
    }
  }

  /**
   * Somebody has the name: is it about to be free?
   *
   * @returns false when not; else a promise of whether it is free by now
   */
  released(name: string, holder: Pid): false | Promise<boolean> {
    const process = processOf(holder);
    const { thread } = this.#kernel;
    // All of it on this thread: what there is to know is known.
    if (process !== undefined && (process.parent === undefined || process.parent.thread === thread)) return false;
    if (process === undefined && holder.thread === thread) return Promise.resolve(true);
    return new Promise((resolve) => {
      const over = (): void => resolve(this.#kernel.names.whereis(name) !== holder);
      if (process === undefined) {
        this.#kernel.inquiries.ask(holder.thread, question.released, { name, holder } satisfies Released, over);
      } else this.#whenOver(name, holder, over);
    });
  }

  /** @internal */
  ownerEnded(owner: Process): void {
    const ends = this.#ends.get(owner);
    this.#ends.delete(owner);
    for (const done of ends ?? []) done();
  }

  /** On the holder's thread. @param done told whether the name is free */
  #whenOver(name: string, holder: Pid, done: (isFree: boolean) => void): void {
    const process = processOf(holder);
    if (process === undefined || process.rare?.name !== name) return done(true);
    const { parent } = process;
    if (parent === undefined) return done(false);
    const { kernel } = process;
    if (parent.thread === kernel.thread) {
      if (stays(parent)) done(false);
      else this.#whenEnded(process, done);
      return;
    }
    kernel.inquiries.ask(parent.thread, question.alive, parent, (isAlive) => {
      if (isAlive === true) done(false);
      else if (processOf(holder) === undefined) done(true);
      else this.#whenEnded(process, done); // its exit signal has come: it is at its end, unless it means to live on
    });
  }

  #whenEnded(process: Process, done: (isFree: boolean) => void): void {
    const { timers } = this.#kernel;
    const ends = this.#ends.get(process) ?? [];
    this.#ends.set(process, ends);
    const rare = process.ensureRare();
    rare.tables ??= new Set();
    rare.tables.add(this);
    const ended = (): void => {
      timers.cancel(timer);
      done(true);
    };
    const timer = timers.set(orphanMs, () => {
      ends.splice(ends.indexOf(ended), 1);
      done(false);
    });
    ends.push(ended);
  }
}

/** Is it there, and not being stopped? */
function stays(pid: Pid): boolean {
  return processOf(pid)?.terminating === false;
}
