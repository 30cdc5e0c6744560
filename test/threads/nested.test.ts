/** Nested views over real threads: a child on another thread than its parent, and what the end of either means. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  connect,
  getPage,
  type JoinChanges,
  joinFrame,
  type Page,
  responseOf,
  type Visit,
  visit,
  type Wire,
} from "../support/wire-client.ts";
import { type Served, serveApp } from "./serving.ts";

/** The child's container as the parent's join brought it, as a page to join. */
function childOf({ page, joined }: Pick<Visit, "page" | "joined">, id = "kid"): Page {
  const container = new RegExp(`<[a-z]+ id="${id}" [^>]*>`).exec(
    JSON.stringify(responseOf(joined)).replaceAll('\\"', '"'),
  )![0];
  expect(container).toContain(` data-phx-static="" data-phx-parent-id="${page.id}"`);
  const session = /data-phx-session="([^"]+)"/.exec(container)![1]!;
  return { ...page, id, topic: `lv:${id}`, session, static: "" };
}

/** As a browser joins a child: without a URL. */
function joinChild(wire: Wire, child: Page, { ref = "10", payload = {} }: JoinChanges = {}): Promise<string> {
  wire.send(joinFrame(child, { ref, payload: { url: undefined, static: null, ...payload } }));
  return wire.reply(ref);
}

/** Where a process lives: the first number of its pid. */
const threadOf = (rendered: unknown): number => Number(/<(\d+)\./.exec(unescaped(JSON.stringify(rendered)))![1]);
const unescaped = (text: string): string => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">");
const reasonOf = (text: string): unknown => responseOf(text)["reason"];
const countOf = (text: string): string => JSON.stringify(responseOf(text)["diff"]);

describe.each([{ schedulers: 2 }, { schedulers: 1 }, { schedulers: 0 }])(
  "with schedulers: $schedulers",
  ({ schedulers }) => {
    let served: Served;
    let parent: Visit;
    let child: Page;
    let childJoined: string;

    beforeEach(async () => {
      served = await serveApp("nested", { schedulers });
      parent = await visit(served, "/nested");
      child = childOf(parent);
      childJoined = await joinChild(parent.wire, child);
    });
    afterEach(async () => {
      await parent.wire[Symbol.asyncDispose]();
      await served[Symbol.asyncDispose]();
    });

    test("V25: a child has its own process, on another thread if there is one; its session is what its parent gave", () => {
      const { rendered } = responseOf(childJoined) as { rendered: Record<string, string> };
      expect([rendered[0], unescaped(rendered[1]!)]).toEqual(["Ann", '{"session":{"who":"Ann"},"params":{}}']);
      const threads = [threadOf(responseOf(parent.joined)["rendered"]), threadOf(rendered)];
      expect(new Set(threads).size).toBe(schedulers === 2 ? 2 : 1);
      expect(served.reports).toEqual([]);
    });

    test("F21: the child's changes travel on its own channel, the parent's are about its container at most", async () => {
      const { page, wire } = parent;
      expect(countOf(await wire.click(child, "11", "inc", {}, "10"))).toBe('{"5":"1"}');
      const diff = countOf(await wire.click(page, "12", "inc"));
      expect(diff).toContain('data-at=\\"1\\"></section>');
      expect(diff).toContain(child.session);
      expect(wire.rest).toEqual([]);
    });

    test("V25: a child that crashes is joined again, by the same token; its parent has not noticed", async () => {
      const { page, wire } = parent;
      await wire.click(page, "11", "inc");
      wire.send(["10", "12", child.topic, "event", { type: "click", event: "crash", value: {} }]);
      expect(await wire.push("phx_error")).toBe('["10","10","lv:kid","phx_error",{}]');
      expect(responseOf(await joinChild(wire, child, { ref: "13" }))["rendered"]).toBeDefined();
      expect(countOf(await wire.click(child, "14", "inc", {}, "13"))).toBe('{"5":"1"}');
      expect(countOf(await wire.click(page, "15", "inc"))).toContain('"5":"2"');
      expect(served.reports.map((report) => "label" in report && report.label)).toEqual(["LiveView Kid"]);
    });

    test("V25: the parent's crash ends the child and the child's child; their tokens are stale, the next ones are not", async () => {
      const { page, wire } = parent;
      const leaf = childOf({ page: child, joined: childJoined }, "leaf");
      expect(responseOf(await joinChild(wire, leaf, { ref: "11" }))["rendered"]).toBeDefined();
      wire.send(["4", "12", page.topic, "event", { type: "click", event: "crash", value: {} }]);
      expect(await wire.push("phx_error")).toContain(page.topic);
      expect(await wire.push("phx_close", child.topic)).toBe('["10","10","lv:kid","phx_close",{}]');
      expect(await wire.push("phx_close", leaf.topic)).toBe('["11","11","lv:leaf","phx_close",{}]');
      expect(reasonOf(await joinChild(wire, child, { ref: "13" }))).toBe("stale");
      const again = childOf({ page, joined: await wire.join(page, { ref: "14" }) });
      expect(again.session).not.toBe(child.session);
      expect(responseOf(await joinChild(wire, again, { ref: "15" }))["rendered"]).toBeDefined();
      expect(wire.rest).toEqual([]);
    });

    test("V25: a child can send to its parent; one that links itself to it takes it down", async () => {
      const linked = await visit(served, "/linked");
      await using wire = linked.wire;
      const { page } = linked;
      const clinging = childOf(linked, "clinging");
      expect(responseOf(await joinChild(wire, clinging))["rendered"]).toMatchObject({ 0: "linked" });
      await wire.click(clinging, "11", "tell", {}, "10");
      expect(await wire.push("diff", page.topic)).toBe(`["4",null,"${page.topic}","diff",{"0":"told"}]`);
      wire.send(["10", "12", clinging.topic, "event", { type: "click", event: "crash", value: {} }]);
      expect(await wire.push("phx_error", clinging.topic)).toBe('["10","10","lv:clinging","phx_error",{}]');
      expect(await wire.push("phx_error", page.topic)).toBe(`["4","4","${page.topic}","phx_error",{}]`);
    });

    test("a parent that leaves takes its child along", async () => {
      const { page, wire } = parent;
      wire.send(["4", "11", page.topic, "phx_leave", {}]);
      expect(await wire.push("phx_close", child.topic)).toBe('["10","10","lv:kid","phx_close",{}]');
      expect(reasonOf(await joinChild(wire, child, { ref: "12" }))).toBe("stale");
      expect(served.reports).toEqual([]);
    });

    test("V25: a token that was altered, or is a stranger's, another id's, a page's or another run's, is stale", async () => {
      const { page, wire } = parent;
      const flipped = child.session.replace(
        /.(.{20})$/,
        (_, end: string) => `${child.session.at(-21) === "A" ? "B" : "A"}${end}`,
      );
      const refused: [string, JoinChanges][] = [
        ["altered", { payload: { session: flipped } }],
        ["page's", { payload: { session: page.session } }],
        ["page's static", { payload: { static: page.static } }],
        ["none", { payload: { session: "" } }],
      ];
      for (const [i, [what, changes]] of refused.entries()) {
        expect(reasonOf(await joinChild(wire, child, { ref: `${20 + i}`, ...changes })), what).toBe("stale");
      }
      const elsewhere = { ...child, id: "kid2", topic: "lv:kid2" };
      expect(reasonOf(await joinChild(wire, elsewhere, { ref: "30" })), "another id").toBe("stale");
      await using stranger = await connect(served, await getPage(served, "/nested"));
      expect(reasonOf(await joinChild(stranger, child)), "a stranger").toBe("stale");

      await using restarted = await serveApp("nested", { schedulers });
      await using sameVisitor = await connect(restarted, page);
      expect(responseOf(await sameVisitor.join(page))["rendered"]).toBeDefined();
      expect(reasonOf(await joinChild(sameVisitor, child)), "another run").toBe("stale");
    });
  },
);

describe("a thread ends", () => {
  test("V25: the child's: its parent stays, and the child is joined elsewhere", async () => {
    await using served = await serveApp("nested", { schedulers: 2 });
    const { page, wire, joined } = await visit(served, "/nested");
    await using _ = wire;
    const child = childOf({ page, joined });
    const parentThread = threadOf(responseOf(joined)["rendered"]);
    const childThread = threadOf(responseOf(await joinChild(wire, child))["rendered"]);
    expect(childThread).not.toBe(parentThread);
    await wire.click(page, "11", "inc");

    void served.server.killThread(childThread);
    expect(await wire.push("phx_error")).toBe('["10","10","lv:kid","phx_error",{}]');
    expect(responseOf(await joinChild(wire, child, { ref: "12" }))["rendered"]).toBeDefined();
    expect(countOf(await wire.click(page, "13", "inc"))).toContain('"5":"2"');
  });

  test("V25: the parent's: the child on another one ends with it", async () => {
    await using served = await serveApp("nested", { schedulers: 2 });
    const { page, wire, joined } = await visit(served, "/nested");
    await using _ = wire;
    const child = childOf({ page, joined });
    await joinChild(wire, child);
    void served.server.killThread(threadOf(responseOf(joined)["rendered"]));
    expect(await wire.push("phx_error")).toContain(page.topic);
    expect(await wire.push("phx_close", child.topic)).toBe('["10","10","lv:kid","phx_close",{}]');
    expect(reasonOf(await joinChild(wire, child, { ref: "12" }))).toBe("stale");
    expect(responseOf(await wire.join(page, { ref: "13" }))["rendered"]).toBeDefined();
  });
});
