/** Plain processes: a function instead of a behaviour. It takes its messages by `self.receive`, and ends when it returns. */

import type { Behaviour, ProcessFunction } from "./behaviour.ts";
import { nameOf, type Runnable } from "./crossing/behaviours.ts";

/** @internal A plain process's behaviour: its function is its `init`, and it is over when that is. */
export class PlainBehaviour implements Behaviour {
  readonly label: string;
  readonly receives = true;
  readonly init: ProcessFunction<unknown>;

  constructor(run: ProcessFunction<unknown>) {
    this.label = run.name || (nameOf(run as Runnable) ?? "process");
    this.init = run;
  }

  handle(): void {
    // Messages wait in the mailbox for `receive`: the process is inside `init` for as long as it lives.
  }
}

const plainBehaviours = new WeakMap<ProcessFunction<unknown>, PlainBehaviour>();

/** One behaviour for one function, however often it is spawned. */
export function plain(run: ProcessFunction<unknown>): PlainBehaviour {
  let behaviour = plainBehaviours.get(run);
  if (behaviour === undefined) {
    behaviour = new PlainBehaviour(run);
    plainBehaviours.set(run, behaviour);
  }
  return behaviour;
}
