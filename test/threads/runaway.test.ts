/**
 * Runaways die alone: one view of 1,000 takes its thread for itself, over real sockets. Who ends, what the others notice,
 * and when all are back. The time bounds leave room for a busy machine; docs/runaways.md has the figures of a quiet one.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningServer, startServer } from "../support/server.ts";
import { secret } from "../support/setups.ts";
import { until } from "../support/until.ts";
import { http, responseOf, type Visit, visit } from "../support/wire-client.ts";
import { Crowd, later, type Seen } from "./crowd.ts";

interface RunawayReport {
  readonly kind: string;
  readonly measure: string;
  readonly label?: string;
  readonly activity?: string;
  readonly reason: string;
  readonly detail: string;
  readonly stack?: string;
}

const start = (env: Readonly<Record<string, string>> = {}): Promise<RunningServer> =>
  startServer({
    script: "test/fixtures/app-server.js",
    env: { APP: "test/fixtures/apps/runaway.js", SCHEDULERS: "2", LINTEL_SECRET: secret, STRIKES: "1000", ...env },
  });

const runawaysOf = ({ reports }: RunningServer): RunawayReport[] =>
  reports
    .filter((line) => line.startsWith("{")) // a debugger has its own words
    .map((line) => JSON.parse(line) as RunawayReport)
    .filter(({ kind }) => kind === "runaway");

const threadOf = ({ joined }: Visit): number => Number((responseOf(joined)["rendered"] as Record<string, string>)[0]);

const sendEvent = ({ wire, page }: Visit, event: string): void =>
  wire.send(["4", "5", page.topic, "event", { type: "click", event, value: {} }]);

/** Sends the culprit's event amid the crowd. @returns what those on its thread have seen until well after its end, and the others */
async function unleash(crowd: Crowd, culprit: Visit, event: string): Promise<{ same: Seen; other: Seen }> {
  crowd.forget();
  const thread = threadOf(culprit);
  const neighbours = new Set(crowd.visitors.filter((visitor) => visitor.thread === thread));
  sendEvent(culprit, event);
  expect(await culprit.wire.push("phx_error", culprit.page.topic)).toContain("phx_error");
  await later(300); // for reports, too: they come another way
  await until("all who were lost are back", () => crowd.visitors.every(({ isAway }) => !isAway));
  return {
    same: crowd.seen((visitor) => neighbours.has(visitor)),
    other: crowd.seen((visitor) => !neighbours.has(visitor)),
  };
}

describe("level 1: a handler that does not return is cut off, and nothing else", () => {
  let server: RunningServer;
  let crowd: Crowd;
  beforeAll(async () => {
    server = await start({ STUCK_MS: "5000" });
    crowd = await Crowd.gather(server, 1000);
    crowd.begin(1000);
  });
  afterAll(async () => {
    await crowd[Symbol.asyncDispose]();
    expect(await server.stop()).toBe(0);
  });

  test.each([
    ["spin", /at spin /],
    ["holdOn", /at spin .*\n.*at holdOn /],
    ["regexp", /at regexp /],
    ["sort", /at sort /],
    ["getter", /at Object\.spin \[as toJSON\]/],
    ["wait", /at wait /],
    ["render", /at spin .*\n.*render/],
    ["numbers", /at numbers /],
  ])("%s: 999 others notice a pause of a tenth of a second, and go on", async (event, stack) => {
    const culprit = await visit(server, "/runaway");
    const before = runawaysOf(server).length;
    const { same, other } = await unleash(crowd, culprit, event);
    console.log(`level 1, ${event}: same thread ${JSON.stringify(same)}, others ${JSON.stringify(other)}`);
    expect(runawaysOf(server).slice(before)).toEqual([
      expect.objectContaining({
        measure: "process",
        label: "LiveView /runaway",
        activity: `event ${event}`,
        reason: "killed",
        detail: expect.stringMatching(/^its handler had run for \d+ ms$/),
        stack: expect.stringMatching(stack),
      }),
    ]);
    expect({ ...same, ...other, rejoins: same.rejoins + other.rejoins }).toMatchObject({ rejoins: 0, wrong: 0 });
    expect(same.clicks).toBeGreaterThan(0);
    expect(same.worstMs).toBeLessThan(750);
    expect(crowd.socketsOpen).toBe(true);
    // It comes back, by itself, like any view that crashed.
    expect(responseOf(await culprit.wire.join(culprit.page, { ref: "6" }))["rendered"]).toBeDefined();
    await culprit.wire[Symbol.asyncDispose]();
  });

  test("recursion without an end is an ordinary crash", async () => {
    const culprit = await visit(server, "/runaway");
    const before = runawaysOf(server).length;
    await unleash(crowd, culprit, "recursion");
    expect(runawaysOf(server)).toHaveLength(before);
    expect(server.reports.at(-1)).toContain("Maximum call stack size exceeded");
    await culprit.wire[Symbol.asyncDispose]();
  });

  test("a mount that does not return: the join is answered, the page, too", async () => {
    const before = runawaysOf(server).length;
    const page = await visit(server, "/calm");
    expect((await http(server, "/spins-on-the-page")).status).toBe(500);
    await expect(visit(server, "/spins-at-mount")).resolves.toMatchObject({
      joined: expect.stringContaining('"join crashed"'),
    });
    await until("both are reported", () => runawaysOf(server).length === before + 2);
    expect(runawaysOf(server).slice(-2)).toMatchObject([
      { measure: "process", label: "Page /spins-on-the-page", activity: "render" },
      { measure: "process", label: "LiveView /spins-at-mount", activity: "mount" },
    ]);
    expect(responseOf(await page.wire.click(page.page, "5", "inc"))).toEqual({ diff: { 1: "1" } });
    await page.wire[Symbol.asyncDispose]();
  });
});

describe("level 2: what cannot be cut off costs its thread, whose views are back on their open sockets", () => {
  test.each([
    ["storm", "event storm", undefined], // it may be met anywhere within Lintel's own hooks
    ["later", "event later", /at spin .*\n.*at later /],
    ["timer", undefined, /at Timeout\.spin /],
    ["deafRecursion", "event deafRecursion", undefined],
    ["parse", "event parse", undefined],
    ["sleep", "event sleep", undefined],
  ])("%s", async (event, activity, stack) => {
    const server = await start();
    const crowd = await Crowd.gather(server, 400);
    crowd.begin(400);
    const culprit = await visit(server, "/runaway");
    const { same, other } = await unleash(crowd, culprit, event);
    console.log(`level 2, ${event}: same thread ${JSON.stringify(same)}, others ${JSON.stringify(other)}`);
    expect(runawaysOf(server)).toEqual([
      expect.objectContaining({
        measure: "thread",
        ...(activity === undefined ? {} : { label: "LiveView /runaway", activity }),
        ...(stack === undefined ? {} : { stack: expect.stringMatching(stack) }),
        reason: "schedulerDown",
        detail: expect.stringMatching(/^its event loop stood still for \d+ ms/),
      }),
    ]);
    expect(same.rejoins).toBe(same.visitors);
    expect(same.awayMs).toBeLessThan(2000);
    expect(other).toMatchObject({ rejoins: 0, wrong: 0 });
    expect(other.p50Ms).toBeLessThan(250);
    expect(crowd.socketsOpen).toBe(true);
    expect(responseOf(await culprit.wire.join(culprit.page, { ref: "6" }))["rendered"]).toBeDefined();
    await culprit.wire[Symbol.asyncDispose]();
    await crowd[Symbol.asyncDispose]();
    expect(await server.stop()).toBe(0);
  });
});

test("under a debugger nobody is cut off, and no thread is replaced: it may stand at a breakpoint", async () => {
  const server = await start({ NODE_OPTIONS: "--inspect=127.0.0.1:0" });
  const other = await visit(server, "/calm");
  const culprit = await visit(server, "/runaway");
  sendEvent(culprit, "spin");
  await later(1500); // three times the longer limit
  expect(runawaysOf(server)).toEqual([]);
  expect(responseOf(await other.wire.click(other.page, "5", "inc"))).toEqual({ diff: { 1: "1" } }); // on the other thread
  expect(culprit.wire.rest).toEqual([]);
  await server.kill();
});

describe("quarantine", () => {
  test("an event that was cut off three times is refused, on all threads; others of its view are not", async () => {
    const server = await start({ STRIKES: "3" });
    for (const _ of [1, 2, 3]) {
      const culprit = await visit(server, "/runaway");
      sendEvent(culprit, "spin");
      await culprit.wire.push("phx_error", culprit.page.topic);
      await culprit.wire[Symbol.asyncDispose]();
    }
    await until("it is said", () => server.reports.some((line) => line.includes('"event":"quarantine"')));
    expect(server.reports.at(-1)).toContain("LiveView /runaway, event spin: refused on all threads for 60000 ms");
    for (const _ of [1, 2]) {
      const refused = await visit(server, "/runaway"); // on the one thread, then on the other
      const startMs = performance.now();
      sendEvent(refused, "spin");
      await refused.wire.push("phx_error", refused.page.topic);
      expect(performance.now() - startMs).toBeLessThan(100);
    }
    const refusal = "QuarantineError: LiveView /runaway, event spin, is refused for now";
    await until("both are reported", () => server.reports.filter((line) => line.includes(refusal)).length === 2);
    const other = await visit(server, "/runaway");
    sendEvent(other, "recursion");
    await other.wire.push("phx_error", other.page.topic);
    await until("it is reported", () => server.reports.at(-1)!.includes("Maximum call stack size exceeded"));
    expect(runawaysOf(server)).toHaveLength(3);
    expect(await server.stop()).toBe(0);
  });

  test("a mount and a page are refused in their own words", async () => {
    const server = await start({ STRIKES: "1" });
    await visit(server, "/spins-at-mount");
    expect(await visit(server, "/spins-at-mount")).toMatchObject({ joined: expect.stringContaining('"quarantined"') });
    expect((await http(server, "/spins-on-the-page")).status).toBe(500);
    expect(await http(server, "/spins-on-the-page")).toMatchObject({
      status: 503,
      headers: { "retry-after": "60" },
      body: "This page is switched off for now\n",
    });
    expect(await server.stop()).toBe(0);
  });
});
