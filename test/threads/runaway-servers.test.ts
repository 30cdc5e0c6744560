/** What is reported of a server that took its thread for itself: the name of the request, and nothing of what that said. */
import { type Report, startSchedulers } from "lintel/kernel";
import { expect, test } from "vitest";
import { until } from "../support/until.ts";

test("the report names the call or cast of a server that is cut off, and not its content", async () => {
  const reports: Report[] = [];
  await using _runtime = await startSchedulers(
    new URL("../../build/test/fixtures/kernel/spinning-servers.js", import.meta.url),
    { schedulers: 1, turnLimitMs: 50, stuckMs: 10_000, kernel: { report: (report) => void reports.push(report) } },
  );
  const runaways = (): Report[] => reports.filter(({ kind }) => kind === "runaway");
  await until("all five are cut off", () => runaways().length === 5);
  const common = { measure: "process", reason: "killed", stack: expect.stringContaining("at spin ") };
  expect(runaways()).toEqual([
    expect.objectContaining({ ...common, label: "Server", request: "callIt" }),
    expect.objectContaining({ ...common, label: "Server", request: "castIt" }),
    expect.objectContaining({ ...common, label: "Machine", request: "castIt" }),
    expect.objectContaining({ ...common, label: "Server" }),
    expect.objectContaining({ ...common, label: "Server" }),
  ]);
  for (const report of runaways().slice(3)) expect(report).not.toHaveProperty("request");
  expect(JSON.stringify(runaways())).not.toContain("secret");
  expect(runaways().every((report) => !("activity" in report))).toBe(true); // that is what quarantine goes by
});
