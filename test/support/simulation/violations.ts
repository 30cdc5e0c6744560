/**
 * Violations: what must not have happened in a simulated run, in the order in which it did.
 *
 * Noted, not thrown: most of it is found inside handlers, where a throw would only end an actor.
 */
import { countOf, originOf, type Pid } from "../../../kernel/pid.ts";

export class Violations {
  readonly #list: string[] = [];

  get list(): readonly string[] {
    return this.#list;
  }

  add(sentence: string): void {
    if (this.#list.length < maxKept) this.#list.push(sentence);
  }

  /** For checks off the hot path: the sentence is made whether it is needed or not. */
  must(holds: boolean, otherwise: string): void {
    if (!holds) this.add(otherwise);
  }
}

/** The first ones tell what went wrong; what follows from them does not. */
const maxKept = 10;

/** The same for every pid object of one process, on whichever thread. */
export function idOf(pid: Pid): number {
  const origin = originOf(pid.serial);
  return pid.thread * serials + (origin === undefined ? pid.serial : (origin + 1) * ofOneOrigin + countOf(pid.serial));
}

export function threadOf(id: number): number {
  return Math.floor(id / serials);
}

export function pidText(id: number): string {
  const serial = id % serials;
  const origin = Math.floor(serial / ofOneOrigin) - 1;
  return origin < 0 ? `<${threadOf(id)}.${serial}>` : `<${threadOf(id)}.${origin}.${serial % ofOneOrigin}>`;
}

/** One number for two processes, in this order. */
export function pairOf(from: number, to: number): number {
  return from * serials * maxThreads + to;
}

const serials = 2 ** 16;
const ofOneOrigin = 2 ** 12;
const maxThreads = 2 ** 6;
