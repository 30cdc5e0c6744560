/** Level 3: a view that hoards memory ends before its thread, and its thread before the program. */
import type { Report } from "lintel/kernel";
import { describe, expect, test } from "vitest";
import { until } from "../support/until.ts";
import { getPage, http, responseOf, type Visit, visit } from "../support/wire-client.ts";
import { Crowd } from "./crowd.ts";
import { serveApp } from "./serving.ts";

const sendEvent = ({ wire, page }: Visit, event: string): void =>
  wire.send(["4", "5", page.topic, "event", { type: "click", event, value: {} }]);

const runawaysIn = (reports: readonly Report[]) => reports.filter((report) => report.kind === "runaway");

/** Near its limit a thread does little but collect garbage, in whichever handler: level 1 would be first. */
const turnLimitMs = Number.POSITIVE_INFINITY;

describe("a view that hoards", () => {
  test.each([
    ["grow", "its heap"],
    ["buffers", "beside it"],
  ])("%s: what it holds in %s is found, and it alone is killed", async (event) => {
    await using served = await serveApp("runaway", {
      schedulers: 1,
      turnLimitMs,
      memory: { heapMb: 96, buffersMb: 64 },
    });
    await using crowd = await Crowd.gather(served, 50);
    crowd.begin(50);
    const culprit = await visit(served, "/runaway");
    sendEvent(culprit, event);
    await culprit.wire.push("phx_error", culprit.page.topic);
    expect(runawaysIn(served.reports)).toEqual([
      {
        kind: "runaway",
        measure: "memory",
        thread: 1,
        pid: expect.any(String),
        label: "LiveView /runaway",
        activity: "message",
        reason: "killed",
        detail: expect.stringMatching(/^\d+ % of the thread's memory is in use, and it holds the most: about \d+ MB$/),
      },
    ]);
    expect(served.server.threads).toEqual([1]);
    expect(crowd.seen()).toMatchObject({ rejoins: 0, wrong: 0 });
    await until("the thread takes views again", async () => (await http(served, "/calm")).status === 200);
    await culprit.wire[Symbol.asyncDispose]();
  });

  test("hoard: where nobody can tell whose it is, the thread takes no more views, then is drained and replaced", async () => {
    await using served = await serveApp("runaway", { schedulers: 1, turnLimitMs, memory: { heapMb: 96 } });
    await using crowd = await Crowd.gather(served, 50);
    crowd.begin(50);
    const culprit = await visit(served, "/runaway");
    const page = await getPage(served, "/calm");
    sendEvent(culprit, "hoard");
    const refused = until(
      "a page is refused",
      async () => {
        const { status, headers } = await http(served, "/calm", { headers: { cookie: page.cookie } });
        return status === 503 && headers["retry-after"] === "1";
      },
      15_000,
    );
    await refused;
    await until(
      "the thread is replaced",
      () => served.server.threads.length === 1 && served.server.threads[0] !== 1,
      10_000,
    );
    await until("all are back", () => crowd.visitors.every(({ thread, isAway }) => thread !== 1 && !isAway));
    expect(served.reports).toContainEqual({
      kind: "thread",
      thread: 1,
      event: "full",
      detail: expect.stringMatching(/^\d+ % of its memory is in use, beyond recycleAt$/),
    });
    expect(crowd.seen().wrong).toBe(0);
    expect(crowd.socketsOpen).toBe(true);
    await culprit.wire[Symbol.asyncDispose]();
  });

  test("objects: a handler that allocates without end is cut off, or costs its thread", async () => {
    await using served = await serveApp("runaway", { schedulers: 1, memory: { heapMb: 512 } });
    await using crowd = await Crowd.gather(served, 50);
    crowd.begin(50);
    const culprit = await visit(served, "/runaway");
    sendEvent(culprit, "objects");
    await culprit.wire.push("phx_error", culprit.page.topic);
    expect(runawaysIn(served.reports)).toMatchObject([{ label: "LiveView /runaway", activity: "event objects" }]);
    await until("all are back", () => crowd.visitors.every(({ isAway }) => !isAway));
    expect(responseOf(await culprit.wire.join(culprit.page, { ref: "6" }))["rendered"]).toBeDefined();
    expect(crowd.seen().wrong).toBe(0);
    expect(crowd.socketsOpen).toBe(true);
    await culprit.wire[Symbol.asyncDispose]();
  });

  test.each<[string, Record<string, unknown>]>([
    ["turnLimitMs", { turnLimitMs: 0 }],
    ["stuckMs", { stuckMs: "1000" }],
    ["memory.heapMb", { memory: { heapMb: -1 } }],
    ["memory.refuseAt", { memory: { refuseAt: 0.99 } }],
    ["quarantine.strikes", { quarantine: { strikes: Number.NaN } }],
  ])("an option that makes no sense is named: %s", async (name, options) => {
    await expect(serveApp("runaway", options)).rejects.toMatchObject({
      code: "ERR_OPTION",
      message: expect.stringContaining(name),
    });
  });
});
