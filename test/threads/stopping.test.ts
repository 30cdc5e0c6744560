/** `startSchedulers`: what the threads' `start` returned stops in order, whatever it is. */
import { type Report, startSchedulers } from "lintel/kernel";
import { expect, test } from "vitest";
import { LifeLog } from "./serving.ts";

const stopped = [
  "machine: shutdown",
  "server root: shutdown",
  "handle closed",
  "server below: shutdown",
  "server first: shutdown",
];

test.each(["close", "reload"] as const)(
  "O3, S7: %s stops supervisors, servers and machines in reverse, wherever their children live, and at once",
  async (how) => {
    using log = new LifeLog();
    const reports: Report[] = [];
    const module = new URL("../../build/test/fixtures/kernel/stopping-threads.js", import.meta.url);
    const runtime = await startSchedulers(module, {
      schedulers: 2,
      kernel: { report: (report) => reports.push(report) },
    });
    await runtime[how]();
    expect(log.lines).toEqual(stopped);
    expect(reports.filter((report) => report.kind !== "thread" || report.event !== "reloaded")).toEqual([]);
    if (how === "reload") await runtime.close();
  },
);
