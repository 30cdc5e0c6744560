/** What a view does about crashes that its boundaries catch: it tells the operator, and sets the timer of the restart. */
import { crashReason } from "../../kernel/exit-reason.ts";
import { declareLeaf } from "../../kernel/message.ts";
import type { Process } from "../../kernel/process.ts";
import type { CrashListener } from "./component-table.ts";
import type { Instance } from "./instance.ts";

/** In a view's mailbox: a boundary has waited long enough. */
export class RestartDue {
  readonly cid: number;
  /** Of the boundary when the timer was set: a later crash has a timer of its own. */
  readonly incarnation: number;

  constructor(cid: number, incarnation: number) {
    this.cid = cid;
    this.incarnation = incarnation;
    Object.freeze(this);
  }
}

declareLeaf(RestartDue);

/** @param self the view */
export function crashListener(self: Process): CrashListener {
  const report = (event: "childTerminated" | "shutdown", guardian: Instance, crashed: Instance, error: unknown): void =>
    self.kernel.report({
      kind: "supervisor",
      supervisor: `boundary of ${guardian} in ${self.label} ${self.pid}`,
      event,
      child: String(crashed),
      reason: crashReason(error),
    });
  return {
    caught(guardian, crashed, error, failure) {
      report("childTerminated", guardian, crashed, error);
      self.sendAfter(failure.retryMs, new RestartDue(guardian.cid, guardian.incarnation));
    },
    gaveUp: (guardian, crashed, error) => report("shutdown", guardian, crashed, error),
  };
}
