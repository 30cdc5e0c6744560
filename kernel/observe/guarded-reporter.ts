import { crashReason } from "../exit-reason.ts";
import { runAs } from "../guard/rejections.ts";
import { isPromise } from "../is-promise.ts";
import { type Reporter, reportToStderr } from "./report.ts";

/** A reporter that throws, or rejects, must not stop the kernel in the middle of its work, or end the program. */
export function guarded(report: Reporter): Reporter {
  return (what) => {
    const failed = (thrown: unknown): void => {
      reportToStderr(what);
      reportToStderr({ kind: "error", where: "the reporter of the kernel's options", reason: crashReason(thrown) });
    };
    try {
      const result: unknown = runAs(undefined, () => report(what)); // its promises are not the running process's
      if (isPromise(result)) result.then(undefined, failed);
    } catch (thrown) {
      failed(thrown);
    }
  };
}
