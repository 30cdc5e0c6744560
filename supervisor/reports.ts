/**
 * What supervisors tell an operator.
 *
 *   startError        a child did not start, at first or again       childTerminated   a child ended, and should not have
 *   shutdownError     a child did not end as it was told to          shutdown          too many restarts: giving up
 *   progress          a child is up; only with `reportProgress`
 *
 * Source: Erlang/OTP, supervisor and sasl's "Supervisor report"; S14 of the feature map.
 */
import type { ExitReason } from "../kernel/exit-reason.ts";
import type { Pid } from "../kernel/pid.ts";
import type { Process } from "../kernel/process.ts";
import type { Shutdown } from "./child-spec.ts";

export type SupervisorEvent = "startError" | "childTerminated" | "shutdownError" | "shutdown" | "progress";

/** The reason of a `shutdown` report. */
export const tooManyRestarts = "reached the maximum of restarts";

/**
 * @param pid the child's, when it has or had one
 * @param shutdown of a `shutdownError`: what its spec allows it
 */
export function reportChild(
  self: Process,
  event: SupervisorEvent,
  child: string,
  pid: Pid | undefined,
  reason: ExitReason,
  shutdown?: Shutdown,
): void {
  self.kernel.report({
    kind: "supervisor",
    supervisor: `${self.label} ${self.pid}`,
    event,
    child,
    ...(pid === undefined ? {} : { pid: pid.toString() }),
    reason,
    ...(shutdown === undefined ? {} : { shutdown }),
  });
}
