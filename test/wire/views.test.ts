/** Views that wait, throw, leave, and say all there is to say: what of it travels. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningServer } from "../support/server.ts";
import { oddApp, setups, startSetup } from "../support/setups.ts";
import {
  connect,
  type Frame,
  getPage,
  http,
  joinFrame,
  renderedOf,
  responseOf,
  visit,
} from "../support/wire-client.ts";
import { WireClient } from "../support/wire-merge.ts";

describe.each(setups)("views over the wire ($name)", (setup) => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startSetup(setup, oddApp);
  });
  afterAll(async () => {
    expect(await server.stop()).toBe(0);
  });

  test("F16: what arrives during an await waits its turn: events in their order, messages too, none within another", async () => {
    const page = await getPage(server, "/slow");
    await using wire = await connect(server, page);
    // All at once, behind a mount that is not through either.
    wire.send(joinFrame(page));
    ["a", "b", "c"].forEach((name, i) => {
      const event = name === "c" ? "quick" : "work";
      wire.send(["4", String(5 + i), page.topic, "event", { type: "click", event, value: { name } }]);
    });
    const client = new WireClient();
    const replies: string[] = [];
    let log = "";
    while (!(log.includes("note-a()") && log.includes("note-b()") && log.includes("c()"))) {
      const [, ref, , event, payload] = JSON.parse(await wire.next("a frame")) as Frame;
      if (event === "phx_reply") replies.push(ref!);
      const { response } = payload as { response?: { rendered?: object; diff?: object } };
      log = client.receive(JSON.stringify(response?.rendered ?? response?.diff ?? payload)).html();
    }
    expect(replies).toEqual(["4", "5", "6", "7"]);
    expect(log.replaceAll(/ note-[ab]\(\)/g, "")).toBe("<p>mounted a() b() c()</p>");
    expect(wire.rest).toEqual([]);
  });

  test("a client that leaves in the middle of an await is answered in its turn", async () => {
    const { page, wire } = await visit(server, "/slow");
    wire.send(["4", "5", page.topic, "event", { type: "click", event: "work", value: { name: "a" } }]);
    wire.send(["4", "6", page.topic, "phx_leave", {}]);
    const isReply = (frame: Frame): boolean => frame[3] === "phx_reply";
    expect((JSON.parse(await wire.next("a reply", isReply)) as Frame)[1]).toBe("5");
    expect((JSON.parse(await wire.next("a reply", isReply)) as Frame)[1]).toBe("6");
    expect(await wire.push("phx_close")).toBe(`["4","4","${page.topic}","phx_close",{}]`);
    await wire[Symbol.asyncDispose]();
  });

  test.each(["/dead-throws", "/dead-rejects", "/dead-exits"])("%s: 500, for that page alone", async (path) => {
    const well = getPage(server, "/ending");
    expect(await http(server, path)).toMatchObject({ status: 500, body: "Internal server error\n" });
    expect((await well).status).toBe(200);
  });

  test.each(["/join-throws", "/join-rejects", "/join-exits"])("%s: join crashed, for that view alone", async (path) => {
    const { page: well, wire } = await visit(server, "/ending");
    const page = await getPage(server, path, well.cookie);
    expect(page.inner).toBe("<p>well</p>");
    expect(await wire.join(page, { ref: "5" })).toBe(
      `["5","5","${page.topic}","phx_reply",{"status":"error","response":{"reason":"join crashed"}}]`,
    );
    wire.send(["5", "6", page.topic, "event", { type: "click", event: "inc", value: {} }]);
    expect(responseOf(await wire.reply("6"))).toEqual({ reason: "unmatched topic" });
    expect(responseOf(await wire.click(well, "7", "inc"))).toEqual({ diff: { 0: "1" } });
    expect(wire.rest).toEqual([]);
    await wire[Symbol.asyncDispose]();
  });

  test.each<[string, string, unknown]>([
    ["exits with normal", "exit", { reason: "normal" }],
    ["exits with shutdown", "exit", { reason: "shutdown" }],
    ["exits with what a view ends with whose client has left", "exit", { reason: { shutdown: "left" } }],
    ["exits with kill", "exit", { reason: "kill" }],
    ["rejects", "reject", {}],
    ["cannot render", "brokenRender", {}],
    ["cannot handle a message", "brokenInfo", {}],
    ["pushes what is no JSON", "unsendable", {}],
  ])("a view that %s: phx_error, and the next join is well", async (_, event, value) => {
    const { page, wire } = await visit(server, "/ending");
    await wire.click(page, "5", "inc");
    wire.send(["4", "6", page.topic, "event", { type: "click", event, value }]);
    expect(await wire.push("phx_error")).toBe(`["4","4","${page.topic}","phx_error",{}]`);
    expect(responseOf(await wire.join(page, { ref: "7" }))["rendered"]).toHaveProperty("0", "0");
    expect(responseOf(await wire.click(page, "8", "inc", {}, "7"))).toEqual({ diff: { 0: "1" } });
    await wire[Symbol.asyncDispose]();
  });

  test("F12: page title, pushed events and a hook's reply stand at the top", async () => {
    const { page, wire, joined } = await visit(server, "/extras");
    const reply = (ref: string, response: string): string =>
      `["4","${ref}","${page.topic}","phx_reply",{"status":"ok","response":${response}}]`;
    expect(page.body).toMatch(/<title[^>]*>First<\/title>/);
    expect(renderedOf(joined)).toBe('{"0":"0","s":["<p>","</p>"],"t":"First"}');
    expect(await wire.click(page, "5", "rename", { title: '"</title>' })).toBe(
      reply("5", '{"diff":{"t":"\\"</title>"}}'),
    );
    expect(await wire.click(page, "6", "rename", {})).toBe(reply("6", '{"diff":{"t":null}}'));
    expect(await wire.click(page, "7", "notify")).toBe(reply("7", '{"diff":{"e":[["saved",{"id":7}],["again",{}]]}}'));
    expect(await wire.click(page, "8", "ask")).toBe(reply("8", '{"diff":{"r":{"answer":42}}}'));
    expect(await wire.click(page, "9", "all")).toBe(
      reply("9", '{"diff":{"0":"1","e":[["saved",{}]],"r":{"answer":43},"t":"All"}}'),
    );
    await wire[Symbol.asyncDispose]();
  });

  test("params that a schema refuses change nothing, now or later", async () => {
    const { page, wire } = await visit(server, "/extras");
    for (const [ref, value] of [{ by: "5" }, { by: 1.5 }, {}, null, [5], { by: { valueOf: 5 } }].entries()) {
      expect(responseOf(await wire.click(page, `n${ref}`, "add", value))).toEqual({});
    }
    expect(responseOf(await wire.click(page, "5", "addLater", { by: "5" }))).toEqual({});
    expect(responseOf(await wire.click(page, "6", "add", { by: 5 }))).toEqual({ diff: { 0: "5" } });
    await wire[Symbol.asyncDispose]();
  });

  test.each([
    [
      "the keys of a value",
      '{"type":"click","event":"echo","value":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"a":1}}',
      "{&quot;__proto__&quot;:{&quot;polluted&quot;:1},&quot;constructor&quot;:{&quot;prototype&quot;:{&quot;polluted&quot;:1}},&quot;a&quot;:1} 2 false",
    ],
    [
      "the fields of a form",
      '{"type":"form","event":"echo","value":"__proto__[polluted]=1&constructor[prototype][polluted]=1&a[__proto__][polluted]=1&a=1"}',
      "{&quot;constructor&quot;:{&quot;prototype&quot;:{&quot;polluted&quot;:&quot;1&quot;}},&quot;a&quot;:&quot;1&quot;} 2 false",
    ],
    [
      "the meta of a form",
      '{"type":"form","event":"echo","value":"a=1","meta":{"__proto__":{"polluted":1},"_target":"__proto__[x]"}}',
      "{&quot;a&quot;:&quot;1&quot;,&quot;_target&quot;:[&quot;__proto__&quot;,&quot;x&quot;]} 2 false",
    ],
    [
      "markup in a value",
      '{"type":"click","event":"echo","value":"<script>alert(1)</script>"}',
      "{&quot;value&quot;:&quot;&lt;script&gt;alert(1)&lt;/script&gt;&quot;} 1 false",
    ],
  ])("%s harm nobody", async (_, payload, shown) => {
    const { page, wire } = await visit(server, "/echo/me");
    wire.send(`["4","5","${page.topic}","event",${payload}]`);
    const { diff } = responseOf(await wire.reply("5"));
    expect(decoded((diff as Record<string, string>)[2]!)).toBe(decoded(shown));
    await wire[Symbol.asyncDispose]();
  });

  test("params of the URL, escaped, the path's over the query's; and how often the client has mounted", async () => {
    const path = "/echo/%3Ci%3E?name=query&__proto__[polluted]=1&tags[]=a&tags[]=b";
    const page = await getPage(server, path);
    const params = '{"name":"<i>","tags":["a","b"]}';
    expect(decoded(page.inner)).toBe(`<p>${params} none</p><p></p>`);
    expect(page.inner).not.toContain("<i>");
    await using wire = await connect(server, page);
    expect(
      responseOf(await wire.join(page, { payload: { params: { _mounts: 3 } } }))["rendered"] as Record<string, string>,
    ).toMatchObject({ 1: "3" });
    for (const connectParams of [null, 7, "x", [1], undefined]) {
      expect(
        responseOf(await wire.join(page, { ref: `r${connectParams}`, payload: { params: connectParams } }))["rendered"],
      ).toMatchObject({ 1: "none" });
    }
  });
});

/** Text of an escaped one: the tests say what is shown, not how it is escaped. */
function decoded(html: string): string {
  const named: Record<string, string> = { quot: '"', lt: "<", gt: ">", amp: "&" };
  return html.replaceAll(
    /&(quot|lt|gt|amp|#34|#39);/g,
    (entity, name: string) => named[name] ?? (entity === "&#34;" ? '"' : "'"),
  );
}
