/**
 * Requests to supervisors: from `Supervisor.startChild(self, "shop", spec)` to the call that the supervisor answers.
 *
 *   a request with an id or a pid   ─▷ an ordinary call: from any thread
 *   one with a child spec           ─▷ as it is, on one thread; to another as data: its definition's name, its argument, its
 *                                      options. One that was written by hand holds functions, and cannot leave its thread
 *
 * No time limit, as in OTP: a child may take as long to start or to stop as its spec allows.
 */
import type { CallMessage } from "../kernel/calls.ts";
import { NameError, StartError, shown } from "../kernel/errors.ts";
import { reasonInSentence } from "../kernel/exit-reason.ts";
import { Kernel } from "../kernel/kernel.ts";
import { declareLeaf } from "../kernel/message.ts";
import { type Address, Pid, processOf } from "../kernel/pid.ts";
import type { Process } from "../kernel/process.ts";
import type { KeptSpec } from "./child.ts";
import { type CheckedChildSpec, type SpecData, specFromData, specToData } from "./child-spec.ts";
import { ChildSpecError, type Refusal, SupervisorError } from "./errors.ts";
import { type Outcome, Supervision } from "./supervision.ts";

/** Who asks: a process, or a kernel on behalf of code that is no process. */
export type By = Process | Kernel;

/** A child spec on its way between processes of one thread. */
export class SpecParcel {
  readonly spec: KeptSpec;

  constructor(spec: KeptSpec) {
    this.spec = spec;
  }
}

declareLeaf(SpecParcel);

/** Sends a request, and waits for as long as it takes. @throws {CallError} as `call`, but for `timeout` */
export function ask(by: By, supervisor: Address, request: string, arg?: unknown): Promise<unknown> {
  const [kernel, owner] = by instanceof Kernel ? [by, undefined] : [by.kernel, by];
  owner?.assertAlive();
  return kernel.callBy(owner, supervisor, request, arg, { timeout: Number.POSITIVE_INFINITY });
}

/**
 * As `ask`, for what a supervisor may refuse.
 *
 * @param about what the request is about, for the error's sentence
 * @throws {SupervisorError} {StartError} {ChildSpecError} as the supervisor answers
 */
export async function order(
  by: By,
  supervisor: Address,
  request: string,
  arg: unknown,
  about: string,
): Promise<Pid | undefined> {
  return accepted((await ask(by, supervisor, request, arg)) as Outcome, supervisor, request, about);
}

/** As `order`, for a request that is answered with a child spec. */
export async function orderSpec(
  by: By,
  supervisor: Address,
  request: string,
  arg: unknown,
  about: string,
): Promise<KeptSpec> {
  const answer = (await ask(by, supervisor, request, arg)) as SpecParcel | SpecData | Outcome;
  if (answer instanceof SpecParcel) return answer.spec;
  if ("definition" in answer) {
    const spec = specFromData(answer);
    if (spec !== undefined) return spec as KeptSpec;
    throw refused(supervisor, request, about, "otherThread");
  }
  accepted(answer, supervisor, request, about);
  throw new TypeError(`Supervisor ${whom(supervisor)}, ${request}: expected a child spec, got none.`);
}

function accepted(outcome: Outcome, supervisor: Address, request: string, about: string): Pid | undefined {
  if ("pid" in outcome) return outcome.pid;
  if ("invalid" in outcome) throw new ChildSpecError(outcome.invalid);
  if ("refused" in outcome) throw refused(supervisor, request, about, outcome.refused);
  throw new StartError(
    `Supervisor ${whom(supervisor)}, ${request} of ${about}: it did not start: ${reasonInSentence(outcome.failed)}.`,
    outcome.failed,
  );
}

/**
 * The supervisor behind an address.
 *
 * @param Kind the kind of supervision that it must have, as far as can be seen from here
 * @throws {NameError} when nobody has the name
 * @throws {SupervisorError} `notSupervisor`
 */
export function find(
  by: By,
  supervisor: Address,
  request: string,
  Kind: abstract new (...args: never[]) => Supervision = Supervision,
): Pid {
  const kernel = by instanceof Kernel ? by : by.kernel;
  const pid = supervisor instanceof Pid ? supervisor : kernel.names.whereis(supervisor);
  if (pid === undefined) {
    throw new NameError(
      `Supervisor ${whom(supervisor)}, ${request}: nobody has that name. Start it before those who use it.`,
    );
  }
  const state = processOf(pid)?.state;
  if (state !== undefined && !(state instanceof Kind))
    throw refused(supervisor, request, `it is ${pid}`, "notSupervisor");
  return pid;
}

/** A spec for a supervisor. @throws {SupervisorError} `otherThread` when it would have to leave its thread, and cannot */
export function parcel(by: By, pid: Pid, request: string, spec: KeptSpec): SpecParcel | SpecData {
  const kernel = by instanceof Kernel ? by : by.kernel;
  if (pid.thread === kernel.thread) return new SpecParcel(spec);
  const data = specToData(spec as CheckedChildSpec);
  if (data === undefined) throw refused(pid, request, shown(spec.id), "otherThread");
  return data;
}

/** At the supervisor: the spec in a request, or what is wrong with it. */
export function specIn(call: CallMessage): KeptSpec | Outcome {
  if (call.request instanceof SpecParcel) return call.request.spec;
  const data = call.request as SpecData | undefined;
  if (typeof data?.definition !== "string") return { refused: "otherThread" };
  try {
    return specFromData(data) ?? { failed: { unknownBehaviour: data.definition } };
  } catch (thrown) {
    return { invalid: thrown instanceof Error ? thrown.message : shown(thrown) };
  }
}

/** At the supervisor: the answer to a request for a spec. */
export function specReply(
  self: Process,
  { from }: CallMessage,
  spec: KeptSpec | undefined,
): SpecParcel | SpecData | Outcome {
  if (spec === undefined) return { refused: "notFound" };
  if (from.thread === self.kernel.thread) return new SpecParcel(spec);
  return specToData(spec as CheckedChildSpec) ?? { refused: "otherThread" };
}

/** A call that the supervisor does not know: a stranger's mistake, which must not end the tree. */
export function refuseCall(self: Process, { from, name }: CallMessage): void {
  const reason = { noSuchCall: name };
  if (from.pending !== undefined) self.kernel.settle(from.pending, undefined, { reason });
  else self.kernel.peers.failCall(from, reason);
}

function refused(supervisor: Address, request: string, about: string, reason: Refusal): SupervisorError {
  const sentence = typeof reason === "object" ? `it runs already, as ${reason.alreadyStarted}` : sentences[reason];
  return new SupervisorError(`Supervisor ${whom(supervisor)}, ${request}: ${about}: ${sentence}.`, reason);
}

const sentences: Readonly<Record<Extract<Refusal, string>, string>> = {
  notFound: "it has no such child",
  running: "the child runs. Terminate it first",
  restarting: "the child is about to be restarted. Terminate it first, or wait",
  alreadyPresent: "it has a child of that id, which does not run. Restart that one, or delete it first",
  maxChildren: "it has as many children as its maxChildren allows. Raise that, or try again later",
  otherThread:
    "the supervisor is on another thread, and a child spec that was written by hand holds functions, which cannot go there. Make it of a definition that has a name: childSpec(Definition, arg)",
  notSupervisor: "expected a supervisor of that kind",
};

/** A supervisor, in an error's sentence. */
export function whom(supervisor: Address): string {
  return supervisor instanceof Pid ? supervisor.toString() : shown(supervisor);
}
