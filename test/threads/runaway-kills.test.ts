/** Threads that end at random, and processes that are cut off at random: nobody else loses anything. */
import { expect, test } from "vitest";
import { runProgram } from "../support/program.ts";
import { until } from "../support/until.ts";
import { Crowd, later } from "./crowd.ts";
import { serveApp } from "./serving.ts";

test("100 random thread kills under load: all views come back, on sockets that never close", {
  timeout: 120_000,
}, async () => {
  await using served = await serveApp("runaway", { schedulers: 2, stuckMs: Number.POSITIVE_INFINITY });
  await using crowd = await Crowd.gather(served, 100);
  crowd.begin(50);
  for (let i = 0; i < 100; i++) {
    await until("a thread is up", () => served.server.threads.length > 0);
    const { threads } = served.server;
    await served.server.killThread(threads[i % threads.length]!);
    await later(i % 7); // now while its successor boots, now when it is there
  }
  await until("both threads are up", () => served.server.threads.length === 2);
  await until("all views are back", () => crowd.visitors.every(({ isAway }) => !isAway));
  crowd.forget();
  await until("all have clicked again", () => crowd.visitors.every(({ latenciesMs }) => latenciesMs.length > 0));
  const seen = crowd.seen();
  expect(seen).toMatchObject({ visitors: 100, rejoins: 0, wrong: 0 });
  expect(crowd.socketsOpen).toBe(true);
  expect(served.reports.filter((report) => report.kind === "thread" && report.event === "ended")).toHaveLength(100);
  expect(served.reports.filter((report) => report.kind !== "thread")).toEqual([]);
});

test("what runs beside those who are cut off loses no message, no promise, no timer and no immediate", async () => {
  const { code, printed, stderr } = await runProgram("test/fixtures/kernel/runaway-program.js", ["6", "2", "40"], {
    timeoutMs: 50_000,
  });
  expect([code, stderr]).toEqual([0, ""]);
  const [{ ledgers, downs, runaways, others }] = printed as [
    { ledgers: Record<string, number>[]; downs: number[]; runaways: number; others: { kind: string }[] },
  ];
  expect(downs).toEqual([]);
  expect(others.filter(({ kind }) => kind !== "mailboxFull")).toEqual([]);
  for (const ledger of ledgers) {
    expect(ledger).toMatchObject({
      sent: ledger["messages"],
      promisesMade: ledger["promisesKept"],
      timersSet: ledger["timersFired"],
      immediatesSet: ledger["immediatesRun"],
      tempted: ledger["killed"]! + ledger["returned"]!,
      odd: 0,
      temptedAll: 1,
    });
    expect(ledger["killed"]).toBeGreaterThan(0);
  }
  expect(runaways).toBe(ledgers.reduce((sum, ledger) => sum + ledger["killed"]!, 0));
});
