/**
 * SupervisorBehaviour: what the processes of all supervisors do. Their state is a Supervision; what they are asked for
 * beside `whichChildren` and `countChildren`, each kind says itself.
 */

import type { Behaviour } from "../kernel/behaviour.ts";
import { CallMessage } from "../kernel/calls.ts";
import { nameBehaviour } from "../kernel/crossing/behaviours.ts";
import { isPromise } from "../kernel/is-promise.ts";
import { Kernel, type StartOptions } from "../kernel/kernel.ts";
import type { Name, Pid } from "../kernel/pid.ts";
import type { Process } from "../kernel/process.ts";
import { checkLinkable } from "../kernel/server/startable.ts";
import { ExitMessage } from "../kernel/system-messages.ts";
import { type ChildCounts, type ChildInfo, countChildren, Retry } from "./child.ts";
import { type By, refuseCall } from "./requests.ts";
import type { Supervision, SupervisorStatus } from "./supervision.ts";

/** What all supervisors answer. A type, not an interface: only then is it a `Protocol`'s `calls`. */
export type SupervisionCalls = {
  readonly whichChildren: { readonly request: undefined; readonly reply: readonly ChildInfo[] };
  readonly countChildren: { readonly request: undefined; readonly reply: ChildCounts };
};

/** The answer to a call that a supervisor does not know. */
export const unknownCall: unique symbol = Symbol("unknownCall");

/** @typeParam P the protocol of the supervisor's pid */
export abstract class SupervisorBehaviour<Arg, P, S extends Supervision> implements Behaviour<Arg> {
  readonly label: string;
  readonly childType = "supervisor";

  /** @param name of its definition, if it has one: by that other threads know it. Default: its kind, `label` */
  constructor(name: string | undefined, label: string) {
    this.label = name ?? label;
    if (name !== undefined) nameBehaviour(name, this);
  }

  /** Makes the state, and starts the children that there are from the beginning. */
  protected abstract begin(self: Process, arg: Arg): Promise<void> | void;
  /** Answers a call. @returns the reply, or `unknownCall` */
  protected abstract answer(held: S, call: CallMessage): unknown;

  start(by: By, ...[arg, options = {}]: [arg?: unknown, options?: StartOptions]): Promise<Pid<P>> {
    const [kernel, parent] = by instanceof Kernel ? [by, undefined] : [by.kernel, by];
    return kernel.start(parent, this as Behaviour<unknown>, arg, options) as Promise<Pid<P>>;
  }

  startLink(self: Process, ...[arg, options = {}]: [arg?: unknown, options?: StartOptions]): Promise<Pid<P>> {
    checkLinkable(this.label, self);
    return this.start(self, arg, { ...options, link: true });
  }

  named(name: string): Name<P> {
    return name as Name<P>;
  }

  init(self: Process, arg: Arg): void | Promise<void> {
    self.trapExit = true;
    return this.begin(self, arg);
  }

  handle(self: Process, message: unknown): void | Promise<void> {
    const held = self.state as S;
    if (message instanceof ExitMessage) return held.exited(message);
    if (message instanceof Retry) return held.retry(message);
    if (!(message instanceof CallMessage)) return; // not meant for a supervisor
    const reply = (value: unknown): void => {
      if (value === unknownCall) refuseCall(self, message);
      else self.kernel.reply(message.from, value);
    };
    const answer = this.#answer(held, message);
    return isPromise(answer) ? answer.then(reply) : reply(answer);
  }

  terminate(self: Process): Promise<void> {
    return (self.state as S).stopAll();
  }

  getState(self: Process): SupervisorStatus {
    return (self.state as S).status();
  }

  #answer(held: S, call: CallMessage): unknown {
    if (call.name === "whichChildren") return held.infos();
    if (call.name !== "countChildren") return this.answer(held, call);
    const { kernel } = held.self;
    return countChildren(held.infos(), (pid) => pid.thread !== kernel.thread || kernel.isAlive(pid));
  }
}
