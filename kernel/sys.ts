/**
 * sys: what may be asked of any process that handles messages, whatever its behaviour: its state, to stand still, to go on.
 *
 *   await sys.getState(kernel, pid)          between two messages, before all that wait; also while it is suspended
 *   await sys.suspend(kernel, pid)           messages wait; sys requests are answered
 *   await sys.replaceState(kernel, pid, s)
 *   await sys.resume(kernel, pid)
 *
 * The requests are calls: they work by name and across threads, with a timeout, and fail as calls do. A process inside an
 * async handler answers when that is done; a plain process (a function that receives) never gets that far.
 * Source: Erlang/OTP, sys; K29, K35, G11, G12, G21 of the feature map.
 */
import type { CallMessage } from "./calls.ts";
import { LintelError } from "./errors.ts";
import type { ExitReason } from "./exit-reason.ts";
import type { Kernel } from "./kernel.ts";
import type { Address } from "./pid.ts";
import { type Process, ProcessExit } from "./process.ts";
import { type ProcessInfo, processInfo } from "./process-info.ts";

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

interface Caller {
  readonly kernel: Kernel;
}

/** Who asks: a process, or a kernel. */
type By = Caller | Kernel;

interface SysOptions {
  /** Milliseconds; default 5,000. */
  readonly timeout?: number;
}

export const sys = {
  /** The process's state, copied or frozen as any message. */
  getState: (by: By, to: Address, options?: SysOptions): Promise<unknown> =>
    ask(by, to, "getState", undefined, options),

  /** Puts another state in its place. @returns the new state */
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

  /** What `kernel.processInfo` tells, from any thread, without pids' ties. */
  getInfo: (by: By, to: Address, options?: SysOptions): Promise<Partial<ProcessInfo>> =>
    ask(by, to, "getInfo", undefined, options) as Promise<Partial<ProcessInfo>>,

  /** Runs the definition's `codeChange` on the state; the process should be suspended. @returns the new state */
  changeCode: (by: By, to: Address, extra?: unknown, options?: SysOptions): Promise<unknown> =>
    ask(by, to, "changeCode", extra, options),

  /** Ends the process with the reason, after its `terminate`. */
  terminate: async (by: By, to: Address, reason: ExitReason, options?: SysOptions): Promise<void> => {
    await ask(by, to, "terminate", reason, options);
  },
};

type Request = keyof typeof sys;

/** Names of sys calls begin so; no handler's may. */
export const sysPrefix = "$sys.";

async function ask(by: By, to: Address, request: Request, arg: unknown, options: SysOptions = {}): Promise<unknown> {
  const kernel = "kernel" in by ? by.kernel : by;
  const answer = (await kernel.callBy(undefined, to, sysPrefix + request, arg, options)) as {
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
  const reply = (value: unknown): void => kernel.reply(message.from, { value });
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
        const { monitoredBy, links, parent, pid, resources, ...info } = processInfo(
          self,
          kernel.observer?.account(self),
        );
        return reply({ ...info, resources, pid });
      }
      case "changeCode":
        if (behaviour.codeChange === undefined)
          return refuse(`${self.label} has no codeChange. Add it to its definition.`);
        return reply(setState(behaviour.codeChange(self, message.request)));
      case "terminate":
        reply(undefined);
        throw new ProcessExit(message.request);
    }
  } catch (thrown) {
    if (thrown instanceof ProcessExit) throw thrown;
    return refuse(`${self.label}, ${request}: ${String(thrown)}`);
  }
  refuse(`There is no sys request "${String(request)}".`);
}

/** @internal */
export function isSuspended(process: Process): boolean {
  return (process.rare?.suspended ?? 0) > 0;
}
