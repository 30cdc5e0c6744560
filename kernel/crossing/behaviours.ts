/**
 * Behaviours by name: how one thread tells another what a process is to do. Functions do not travel; but every thread
 * loads the same modules, so that each has its own copy of a behaviour, under one name.
 *
 *   thread 1   Stock ─▷ nameOf ─▷ "Stock" ─▷ over the way ─▷ behaviourNamed ─▷ Stock   thread 2
 *
 *   genServer({ name: "Stock", ... })    named by its definition; so are state machines, supervisors, bridges
 *   behaviour("ticker", async (self) => ...)     a plain process, or callbacks, named by hand
 *
 * Definitions are held weakly: one that was made inside a function goes with it, and its name is free again. Two of one name
 * do no harm until one of them is to be started elsewhere: then nobody could tell which is meant.
 */

import type { Behaviour, ProcessFunction } from "../behaviour.ts";
import { OptionError, shown } from "../errors.ts";

/** What a process can be made of. */
export type Runnable = Behaviour<never> | ProcessFunction<never>;

/**
 * Names what a process does, so that it can be started on another thread (`{ on: ... }`). Call it where the module is
 * loaded, not inside a function that not every thread calls.
 *
 * @param name unique in the program
 * @param run a function for a plain process, or callbacks; returned as it is
 * @throws {OptionError} when another one has the name, or this one another name
 *
 * @example
 * const ticker = behaviour("ticker", async (self, everyMs: number) => {
 *   for (;;) {
 *     await sleep(self, everyMs);
 *     self.broadcast(topic("ticks"), "tick");
 *   }
 * });
 * const kernel = new Kernel();
 * kernel.exit(kernel.spawn(ticker, 1000, { on: "anywhere" }), "shutdown");
 */
export function behaviour<R extends Behaviour<never> | ProcessFunction<never>>(name: string, run: R): R {
  if (typeof name !== "string" || name === "") {
    throw new OptionError(
      `behaviour: expected a name that is a string with at least one character, got ${shown(name)}.`,
    );
  }
  if (typeof run !== "function" && typeof (run as Behaviour | null)?.handle !== "function") {
    throw new OptionError(
      `behaviour ${shown(name)}: expected a function, or callbacks with handle, got ${shown(run)}.`,
    );
  }
  const known = names.get(run);
  if (known !== undefined && known !== name) {
    throw new OptionError(
      `behaviour ${shown(name)}: expected what has no name yet, got what is named ${shown(known)}.`,
    );
  }
  const holder = byHand.get(name);
  if (holder !== undefined && holder !== run) {
    throw new OptionError(
      `behaviour ${shown(name)}: expected a name of its own, got one that another has. Choose another.`,
    );
  }
  byHand.set(name, run);
  if (known === undefined) nameBehaviour(name, run);
  return run;
}

/** @internal A definition with a name has been made. */
export function nameBehaviour(name: string, run: Runnable): void {
  names.set(run, name);
  const refs = named.get(name) ?? [];
  refs.push(new WeakRef(run));
  named.set(name, refs);
  collected.register(run, name);
}

/** @internal Its name, when it has one. */
export function nameOf(run: Runnable): string | undefined {
  return names.get(run);
}

/** @internal What goes by a name on this thread: nothing, one, or several. */
export function behavioursNamed(name: string): Runnable[] {
  return (named.get(name) ?? []).map((ref) => ref.deref()).filter((run) => run !== undefined);
}

/** Those named by hand stay: who names them may not keep them. As many as the program's modules have. */
const byHand = new Map<string, Runnable>();
const names = new WeakMap<Runnable, string>();
const named = new Map<string, WeakRef<Runnable>[]>();
const collected = new FinalizationRegistry<string>((name) => {
  const left = named.get(name)?.filter((ref) => ref.deref() !== undefined);
  if (left === undefined || left.length === 0) named.delete(name);
  else named.set(name, left);
});
