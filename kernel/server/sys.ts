/**
 * sys: what may be asked of any process that handles messages, whatever its behaviour: its state, to stand still, to go on.
 *
 *   await sys.getState(kernel, pid)          between two messages, before all that wait; also while it is suspended
 *   await sys.suspend(kernel, pid)           messages wait; sys requests are answered
 *   await sys.replaceState(kernel, pid, s)
 *   await sys.resume(kernel, pid)
 *
 * The requests are calls: they work by name and across threads, with a timeout, and fail as calls do. They pass a full
 * mailbox. A process inside an async handler answers when that is done; a plain process (a function that receives) never
 * gets that far, and refuses at once: `kernel.processInfo` tells of it.
 * What is told is a copy. A timeout that a server waits for starts anew, as with OTP: also a sys request is a message.
 * Source: Erlang/OTP, sys; K29, K35, G11, G12, G21 of the feature map.
 */
import { isDeepStrictEqual } from "node:util";
import { type CallMessage, sysPrefix } from "../calls.ts";
import { CallError, LintelError } from "../errors.ts";
import type { ExitReason } from "../exit-reason.ts";
import type { Kernel } from "../kernel.ts";
import { sealedCopy } from "../message.ts";
import { type ProcessInfo, processInfo } from "../observe/process-info.ts";
import type { Address } from "../pid.ts";
import { Process, ProcessExit } from "../process.ts";

/** A sys request that the process's behaviour cannot answer. */
export class SysError extends LintelError {
  override readonly name = "SysError";
  readonly code = "ERR_SYS";
}

/** What `getStatus` tells. */
export interface SysStatus {
  readonly label: string;
  readonly suspended: boolean;
  /** The state as `formatStatus` of the definition shows it; else the state. */
  readonly state: unknown;
  readonly messageQueueLength: number;
}

/** Who asks: a process, or a kernel. */
type By = Process | Kernel;

interface SysOptions {
  /** Milliseconds; default 5,000. */
  readonly timeout?: number;
}

export const sys = {
  /** A copy of the process's state. @throws {SysError} when it is not data */
  getState: (by: By, to: Address, options?: SysOptions): Promise<unknown> =>
    ask(by, to, "getState", undefined, options),

  /** Puts another state in its place, frozen as any message. @returns the new state */
  replaceState: (by: By, to: Address, state: unknown, options?: SysOptions): Promise<unknown> =>
    ask(by, to, "replaceState", state, options),

  getStatus: (by: By, to: Address, options?: SysOptions): Promise<SysStatus> =>
    ask(by, to, "getStatus", undefined, options) as Promise<SysStatus>,

  /** It handles no message until as many `resume`s have come. */
  suspend: async (by: By, to: Address, options?: SysOptions): Promise<void> => {
    await ask(by, to, "suspend", undefined, options);
  },

  resume: async (by: By, to: Address, options?: SysOptions): Promise<void> => {
    await ask(by, to, "resume", undefined, options);
  },

  /** What `kernel.processInfo` tells, from any thread, without the dictionary: that may hold what is not data. */
  getInfo: (by: By, to: Address, options?: SysOptions): Promise<Omit<ProcessInfo, "dictionary">> =>
    ask(by, to, "getInfo", undefined, options) as Promise<Omit<ProcessInfo, "dictionary">>,

  /** Runs the definition's `codeChange` on the state of a process that is suspended. @returns the new state */
  changeCode: (by: By, to: Address, extra?: unknown, options?: SysOptions): Promise<unknown> =>
    ask(by, to, "changeCode", extra, options),

  /**
   * Ends the process, suspended or not, after its `terminate`, and waits until it is gone. Erlang's `proc_lib:stop`.
   *
   * @throws {CallError} with the reason that it ended with, if that is another one
   */
  terminate: async (by: By, to: Address, reason: ExitReason, options?: SysOptions): Promise<void> => {
    try {
      await ask(by, to, "terminate", reason, options);
    } catch (error) {
      if (!(error instanceof CallError && isDeepStrictEqual(error.reason, reason))) throw error;
    }
  },
};

type Request = keyof typeof sys;

async function ask(by: By, to: Address, request: Request, arg: unknown, options: SysOptions = {}): Promise<unknown> {
  const [kernel, owner] = by instanceof Process ? [by.kernel, by] : [by, undefined];
  owner?.assertAlive();
  const answer = (await kernel.callBy(owner, to, sysPrefix + request, arg, options)) as {
    error?: string;
    value?: unknown;
  };
  if (answer.error !== undefined) throw new SysError(answer.error);
  return answer.value;
}

/** @internal Answers a sys request, in the turn of the process that it is for. */
export function answerSys(self: Process, message: CallMessage): void {
  const request = message.name.slice(sysPrefix.length) as Request;
  const { behaviour, kernel } = self;
  behaviour.sysRequested?.(self);
  // A copy: to freeze what the process goes on with would break it.
  const reply = (value: unknown): void => kernel.reply(message.from, { value: sealedCopy(value) });
  const refuse = (error: string): void => kernel.reply(message.from, { error });
  const state = (): unknown => (behaviour.getState === undefined ? self.state : behaviour.getState(self));
  const setState = (value: unknown): unknown => {
    if (behaviour.replaceState === undefined) self.state = value;
    else behaviour.replaceState(self, value);
    return value;
  };
  try {
    switch (request) {
      case "getState":
        return reply(state());
      case "replaceState":
        return reply(setState(message.request));
      case "getStatus":
        return reply({
          label: self.label,
          suspended: isSuspended(self),
          state: behaviour.formatStatus === undefined ? state() : behaviour.formatStatus(self),
          messageQueueLength: self.mailbox?.length ?? 0,
        } satisfies SysStatus);
      case "suspend":
        self.ensureRare().suspended = (self.rare?.suspended ?? 0) + 1;
        return reply(undefined);
      case "resume":
        self.ensureRare().suspended = Math.max(0, (self.rare?.suspended ?? 0) - 1);
        return reply(undefined);
      case "getInfo": {
        const { dictionary, ...info } = processInfo(self, kernel.observer?.account(self));
        return reply(info);
      }
      case "changeCode":
        if (!isSuspended(self))
          return refuse(`${self.label}, changeCode: expected it to be suspended. Suspend it first.`);
        if (behaviour.codeChange === undefined) {
          return refuse(`${self.label} has no codeChange. Add it to its definition.`);
        }
        return reply(setState(behaviour.codeChange(self, message.request)));
      case "terminate":
        throw new ProcessExit(message.request); // its end is the answer
    }
  } catch (thrown) {
    if (thrown instanceof ProcessExit) throw thrown;
    return refuse(`${self.label}, ${request}: ${String(thrown)}`);
  }
  refuse(`There is no sys request "${String(request)}".`);
}

/** @internal A sys request for a plain process. */
export function refuseSys(self: Process, message: CallMessage): void {
  const error = `${self.label} ${self.pid} is a plain process, which answers no sys requests: expected a behaviour. Ask kernel.processInfo, or write it as a genServer.`;
  self.kernel.reply(message.from, { error });
}

/** @internal */
export function isSuspended(process: Process): boolean {
  return (process.rare?.suspended ?? 0) > 0;
}
