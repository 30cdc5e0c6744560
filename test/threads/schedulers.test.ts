/** Scheduler threads: what their processes share, what is lost when one ends, and how it comes back. */
import { readStats, stat } from "lintel/kernel";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { forgePage } from "../support/forge.ts";
import { until } from "../support/until.ts";
import {
  type At,
  connect,
  type Frame,
  getPage,
  http,
  joinFrame,
  type Page,
  responseOf,
  type Visit,
  visit,
  type Wire,
} from "../support/wire-client.ts";
import { first, LifeLog, type Served, serveApp } from "./serving.ts";

/** The thread that a view on /thread says it lives on. */
const threadOf = (joined: string): number => Number((responseOf(joined)["rendered"] as Record<string, string>)[0]);

describe("two scheduler threads", () => {
  let life: LifeLog;
  let served: Served;
  beforeAll(async () => {
    life = new LifeLog();
    served = await serveApp("children", { schedulers: 2 });
  });
  afterAll(async () => {
    await served[Symbol.asyncDispose]();
    life[Symbol.dispose]();
  });

  test("views are spread evenly, and the stats say so", async () => {
    const visits = await Promise.all(Array.from({ length: 10 }, () => visit(served, "/thread")));
    const threads = visits.map(({ joined }) => threadOf(joined));
    const [one, two] = served.server.threads;
    expect(threads.filter((thread) => thread === one)).toHaveLength(5);
    expect(threads.filter((thread) => thread === two)).toHaveLength(5);

    const table = served.server.kernel.statsTable;
    expect(table.read().map(({ thread, views }) => [thread, views])).toEqual([
      [0, 0],
      [one, 5],
      [two, 5],
    ]);
    expect(readStats(table.row(1))).toMatchObject({ running: 0, crashed: 0, dropped: 0 });
    expect(readStats(table.row(1)).beat).toBeGreaterThan(0);
    for (const { wire } of visits) await wire[Symbol.asyncDispose]();
    await until("no views are left", () => table.read().every(({ views }) => views === 0));
  });

  test("a view that is left while its mount has not ended ends at once, and the topic is free", async () => {
    const page = await getPage(served, "/endless");
    const other = await getPage(served, "/thread", page.cookie);
    const wire = await connect(served, other);
    const views = (): number => served.server.kernel.statsTable.read().reduce((total, { views }) => total + views, 0);
    for (let ref = 10; ref < 30; ref += 2) {
      wire.send(joinFrame({ ...page, csrf: other.csrf }, { ref: String(ref) }));
      wire.send([String(ref), String(ref + 1), page.topic, "phx_leave", {}]);
      expect(responseOf(await wire.reply(String(ref + 1)))).toEqual({});
      expect(await wire.push("phx_close")).toBe(`["${ref}","${ref}","${page.topic}","phx_close",{}]`);
    }
    wire.send(joinFrame(other, { ref: "30" }));
    expect(responseOf(await wire.reply("30"))).toHaveProperty("rendered");
    await until("the view that was joined is the only one", () => views() === 1);
    expect(wire.rest).toEqual([]);
    await wire[Symbol.asyncDispose]();
    await until("no views are left", () => views() === 0);
  });

  test("a broadcast reaches views on both threads", async () => {
    const visits = await Promise.all([visit(served, "/room"), visit(served, "/room"), visit(served, "/room")]);
    const views = served.server.kernel.statsTable.read().map((row) => row.views);
    expect([Math.min(views[1]!, views[2]!), Math.max(views[1]!, views[2]!)]).toEqual([1, 2]);
    await visits[0]!.wire.click(visits[0]!.page, "5", "say", { text: "hello" });
    for (const { page, wire } of visits) {
      expect(await wire.push("diff")).toBe(`["4",null,"${page.topic}","diff",{"0":"1","1":"hello"}]`);
    }
    served.server.kernel.broadcast("room", { text: "from the main thread" });
    for (const { page, wire } of visits) {
      expect(await wire.push("diff")).toBe(`["4",null,"${page.topic}","diff",{"0":"2","1":"from the main thread"}]`);
      await wire[Symbol.asyncDispose]();
    }
  });

  test("a child on the first thread is known by its name on all", async () => {
    const { kernel, threads } = served.server;
    expect(await kernel.call(first, "thread")).toBe(threads[0]);
    kernel.cast(first, "add", 5);
    kernel.cast(first, "add", 6);
    expect(await kernel.call(first, "total")).toBe(11);
    // From a view on whichever thread.
    for (const { page, wire } of await Promise.all([visit(served, "/tally"), visit(served, "/tally")])) {
      expect(responseOf(await wire.click(page, "5", "add"))).toEqual({ diff: { 0: expect.any(String) } });
      await wire[Symbol.asyncDispose]();
    }
    expect(await kernel.call(first, "total")).toBe(13);
  });
});

// A server for each test: threads that end again and again are replaced with a delay.
describe.each([1, 2])("the end of a thread, of %i", (schedulers) => {
  let life: LifeLog;
  let served: Served;
  beforeEach(async () => {
    life = new LifeLog();
    served = await serveApp("children", { schedulers });
  });
  afterEach(async () => {
    await served[Symbol.asyncDispose]();
    life[Symbol.dispose]();
  });

  test("200 views: those of that thread get phx_error on their open sockets, and are back within a second", async () => {
    const visitor = await getPage(served, "/thread");
    const views = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const page = forgePage(visitor, `view-${i}`);
        const wire = await connect(served, page);
        return { page, wire, thread: threadOf(await wire.join(page)) };
      }),
    );
    const victim = served.server.threads.at(-1)!;
    const lost = views.filter(({ thread }) => thread === victim);
    expect(lost).toHaveLength(200 / schedulers);

    const startMs = performance.now();
    const traffic = keepAsking(served, () => lost.length === 0 || performance.now() - startMs < 400);
    const errors = lost.map(({ page, wire }) => wire.push("phx_error", page.topic));
    await served.server.killThread(victim);
    const back = await Promise.all(
      lost.map(async ({ page, wire }, i) => {
        expect(await errors[i]).toBe(`["4","4","${page.topic}","phx_error",{}]`);
        return threadOf(await wire.join(page, { ref: "5" }));
      }),
    );
    expect(performance.now() - startMs).toBeLessThan(1000);
    expect(back).not.toContain(victim);
    if (schedulers === 1) expect(new Set(back)).toEqual(new Set(served.server.threads));

    expect((await traffic).filter((status) => status !== 200)).toEqual([]);
    for (const { page, wire, thread } of views) {
      const joinRef = thread === victim ? "5" : "4";
      expect(responseOf(await wire.click(page, "6", "inc", {}, joinRef))).toEqual({ diff: { 1: "1" } });
      expect(wire.rest).toEqual([]);
    }
    await Promise.all(views.map(({ wire }) => wire[Symbol.asyncDispose]()));
    await until("a thread is there again", () => served.server.threads.length === schedulers);
  });

  test("joins and pages under way: each is answered", async () => {
    const visitor = await getPage(served, "/thread");
    const wires = await Promise.all(Array.from({ length: 10 }, () => connect(served, visitor)));
    for (const round of [1, 2, 3]) {
      const pages = Array.from({ length: 50 }, () => getPage(served, "/dashboard"));
      const joins = wires.flatMap((wire, i) =>
        Array.from({ length: 10 }, (_, j) => answered(wire, forgePage(visitor, `view-${round}-${i}-${j}`))),
      );
      const victim = served.server.threads[0]!;
      await Promise.all([
        served.server.killThread(victim),
        ...pages.map(async (page) => expect((await page).status).toBe(200)),
      ]);
      expect(await Promise.all(joins)).toEqual(joins.map(() => "joined"));
      await until("all threads are there again", () => served.server.threads.length === schedulers);
    }
    for (const wire of wires) await wire[Symbol.asyncDispose]();
  });

  test("a join, an event and a leave while no thread is there", async () => {
    const { page, wire } = await visit(served, "/thread");
    const neighbour = await getPage(served, "/thread", page.cookie);
    await Promise.all(served.server.threads.map((thread) => served.server.killThread(thread)));
    expect(served.server.threads).toEqual([]);
    wire.send(joinFrame(page, { ref: "8" }));
    wire.send(["8", "9", page.topic, "phx_leave", {}]);
    wire.send(joinFrame(neighbour, { ref: "10" }));
    expect(await wire.reply("9")).toBe(`["8","9","${page.topic}","phx_reply",{"status":"ok","response":{}}]`);
    expect(await wire.push("phx_close")).toBe(`["8","8","${page.topic}","phx_close",{}]`);
    expect(responseOf(await wire.reply("10"))["rendered"]).toHaveProperty("1", "0");
    await until("all threads are there again", () => served.server.threads.length === schedulers);
    await wire[Symbol.asyncDispose]();
  });

  test("the app's children start again with the first thread, and are found by their names", async () => {
    const { kernel } = served.server;
    const before = await kernel.call(first, "thread");
    kernel.cast(first, "add", 7);
    expect(await kernel.call(first, "total")).toBe(7);
    life.clear();
    await served.server.killThread(before);
    await expect(kernel.call(first, "total")).rejects.toMatchObject({ reason: "noproc" });
    await until("its thread is up", () => served.server.threads.length === schedulers);
    expect(await kernel.call(first, "thread")).toBe(Math.max(...served.server.threads));
    expect(await kernel.call(first, "total")).toBe(0);
    expect(life.lines).toEqual(["start first", "start second"]);
  });

  test("a call that is under way as the thread ends fails, and says so", async () => {
    const { kernel } = served.server;
    const thread = await kernel.call(first, "thread");
    const failed = expect(kernel.call(first, "never")).rejects.toMatchObject({
      name: "CallError",
      reason: "schedulerDown",
    });
    await served.server.killThread(thread);
    await failed;
    await until("a thread is there again", () => served.server.threads.length === schedulers);
  });

  test("a thread's number is never used again, and one that is not there cannot be ended", async () => {
    const seen = new Set(served.server.threads);
    for (let i = 0; i < 2; i++) {
      const before = [...served.server.threads];
      await served.server.killThread(before[0]!);
      await until("a new one is there", () => served.server.threads.length === schedulers);
      const fresh = served.server.threads.filter((thread) => !before.includes(thread));
      expect(fresh).toHaveLength(1);
      expect(seen.has(fresh[0]!)).toBe(false);
      seen.add(fresh[0]!);
    }
    await expect(served.server.killThread(1)).rejects.toMatchObject({ code: "ERR_THREAD" });
    await expect(served.server.killThread(999)).rejects.toThrow(/^Cannot end thread 999: expected one of \d/);
  });
});

describe("what escapes from a handler", () => {
  test("a promise that nobody awaits ends the view that made it, and no other", async () => {
    await using served = await serveApp("odd", { schedulers: 1 });
    const culprit = await visit(served, "/ending");
    const { page, wire } = await visit(served, "/ending");
    culprit.wire.send(["4", "5", culprit.page.topic, "event", { type: "click", event: "forget", value: {} }]);
    await culprit.wire.push("phx_error");
    await until("it is reported", () => served.reports.length > 0);
    expect(served.reports).toMatchObject([
      { kind: "crash", label: "LiveView /ending", reason: { error: { message: "nobody awaits this" } } },
    ]);
    expect(responseOf(await wire.click(page, "5", "inc"))).toEqual({ diff: { 0: "1" } });
    await wire[Symbol.asyncDispose]();
    await culprit.wire[Symbol.asyncDispose]();
  });

  test("a timer that throws is nobody's, and is reported", async () => {
    await using served = await serveApp("odd", { schedulers: 1 });
    const { page, wire } = await visit(served, "/ending");
    expect(responseOf(await wire.click(page, "5", "late"))).toEqual({});
    await until("it is reported", () => served.reports.length > 0);
    expect(served.reports).toMatchObject([
      { kind: "error", where: "thread 1, uncaughtException", reason: { error: { message: "nobody catches this" } } },
    ]);
    expect(responseOf(await wire.click(page, "6", "inc"))).toEqual({ diff: { 0: "1" } });
    await wire[Symbol.asyncDispose]();
  });

  test("process.exit in a view ends its thread alone", async () => {
    await using served = await serveApp("odd", { schedulers: 1 });
    const { page, wire } = await visit(served, "/ending");
    wire.send(["4", "5", page.topic, "event", { type: "click", event: "quit", value: {} }]);
    expect(await wire.push("phx_error")).toBe(`["4","4","${page.topic}","phx_error",{}]`);
    expect(responseOf(await wire.join(page, { ref: "6" }))["rendered"]).toHaveProperty("0", "0");
    expect(served.reports).toEqual([
      { kind: "thread", thread: 1, event: "ended", detail: "code 3; a new thread takes its place" },
    ]);
    await wire[Symbol.asyncDispose]();
  });
});

describe("the watchdog", () => {
  // Level 2 alone; level 1 is in runaway.test.ts.
  const stuckMs = 300;
  const turnLimitMs = Number.POSITIVE_INFINITY;

  test("a page whose mount never returns is tried twice, then given up; a page behind it is answered, too", async () => {
    await using served = await serveApp("odd", { schedulers: 1, stuckMs, turnLimitMs });
    const stuck = http(served, "/dead-spins");
    await until("it is under way", () => served.server.kernel.statsTable.row(1)[stat.running] !== 0);
    const behind = http(served, "/thread");
    expect(await stuck).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    expect([200, 503]).toContain((await behind).status); // lost with a thread, once or twice
    expect((await http(served, "/thread")).status).toBe(200);
    expect(served.reports.filter((report) => report.kind === "runaway" && report.measure === "thread")).toHaveLength(2);
  });

  test("a handler that never returns costs its own thread, which comes back with its views", async () => {
    await using served = await serveApp("odd", { schedulers: 2, stuckMs, turnLimitMs });
    const visits = await Promise.all(Array.from({ length: 6 }, () => visit(served, "/thread")));
    const culprit = await visit(served, "/ending");
    const before = [...served.server.threads];
    const startMs = performance.now();
    culprit.wire.send(["4", "5", culprit.page.topic, "event", { type: "click", event: "spin", value: {} }]);

    // Meanwhile the others go on: which are they?
    const clicks = visits.map(({ page, wire }) => wire.click(page, "5", "inc"));
    for (const click of clicks) click.catch(() => undefined);
    await culprit.wire.push("phx_error");
    const tookMs = performance.now() - startMs;
    expect(tookMs).toBeGreaterThan(stuckMs - 100);
    expect(tookMs).toBeLessThan(stuckMs + 500);
    await until("both threads are up", () => served.server.threads.length === 2);
    const lost = before.find((thread) => !served.server.threads.includes(thread))!;
    expect(served.reports).toContainEqual({
      kind: "runaway",
      measure: "thread",
      thread: lost,
      pid: expect.stringMatching(new RegExp(`^<${lost}\\.\\d+>$`)),
      label: "LiveView /ending",
      activity: "event spin",
      reason: "schedulerDown",
      detail: expect.stringMatching(/^its event loop stood still for \d+ ms$/),
      stack: expect.stringMatching(/^ {4}at spin /),
    });
    await Promise.all(visits.map((one, i) => stillThere(one, lost, clicks[i]!)));
    expect(responseOf(await culprit.wire.join(culprit.page, { ref: "6" }))["rendered"]).toHaveProperty("0", "0");
    for (const { wire } of [...visits, culprit]) await wire[Symbol.asyncDispose]();
  });

  /** A view of the lost thread has to join again; any other has answered all the time. */
  async function stillThere({ page, wire, joined }: Visit, lost: number, click: Promise<string>): Promise<void> {
    if (threadOf(joined) === lost) {
      await wire.push("phx_error");
      expect(threadOf(await wire.join(page, { ref: "6" }))).not.toBe(lost);
    } else expect(responseOf(await click)).toEqual({ diff: { 1: "1" } });
  }
});

/** Asks for pages, one after the other, for as long as it shall go on. @returns the statuses */
async function keepAsking(at: At, goesOn: () => boolean): Promise<number[]> {
  const statuses: number[] = [];
  do statuses.push((await http(at, "/counter")).status);
  while (goesOn());
  return statuses;
}

/** Joins, and again after phx_error, as a browser does. */
async function answered(wire: Wire, page: Page): Promise<string> {
  for (let ref = 1; ref < 5; ref++) {
    const joinRef = `${ref}`;
    wire.send(joinFrame(page, { ref: joinRef }));
    const frame = JSON.parse(
      await wire.next(`an answer to the join of ${page.topic}`, ([, , topic]) => topic === page.topic),
    ) as Frame;
    if (frame[3] === "phx_reply") {
      if ((frame[4] as { status: string }).status !== "ok") return JSON.stringify(frame);
      // It may be that its thread ends only now.
      return "joined";
    }
    if (frame[3] !== "phx_error") return JSON.stringify(frame);
  }
  return "never";
}
