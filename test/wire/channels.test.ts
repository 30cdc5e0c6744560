/** Channels on one socket: joins, leaves, refs, and frames that are none. Wire protocol, section 4. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { forgePage } from "../support/forge.ts";
import type { RunningServer } from "../support/server.ts";
import { pagesApp, setups, startSetup } from "../support/setups.ts";
import { connect, getPage, joinFrame, responseOf, type Visit, visit, type Wire } from "../support/wire-client.ts";

describe.each(setups)("channels ($name)", (setup) => {
  let server: RunningServer;
  /** Somebody else, whom nothing that happens here may touch. */
  let bystander: Visit;
  let count = 0;
  /** Whom it happens to. */
  let page: Visit["page"];
  let wire: Wire;

  beforeAll(async () => {
    server = await startSetup(setup, pagesApp);
    bystander = await visit(server, "/counter");
    count = 0;
  });
  beforeEach(async () => {
    ({ page, wire } = await visit(server, "/counter"));
  });
  afterEach(async () => {
    await wire[Symbol.asyncDispose]();
    count += 1;
    expect(responseOf(await bystander.wire.click(bystander.page, String(count + 4), "inc"))).toEqual({
      diff: { 0: String(count) },
    });
    expect(bystander.wire.rest).toEqual([]);
  });
  afterAll(async () => {
    await bystander.wire[Symbol.asyncDispose]();
    expect(await server.stop()).toBe(0);
    // Undeclared events are reported, once a view; nothing else is.
    expect(server.reports.filter((line) => !line.includes('"kind":"refused"'))).toEqual([]);
    expect(server.reports.filter((line) => line.includes("__proto__"))).toHaveLength(1);
  });

  test("heartbeat", async () => {
    wire.send('[null,"17","phoenix","heartbeat",{}]');
    expect(await wire.next("a reply")).toBe('[null,"17","phoenix","phx_reply",{"status":"ok","response":{}}]');
  });

  test("leave of a joined channel is answered, closes it, and frees the topic", async () => {
    wire.send(`["4","7","${page.topic}","phx_leave",{}]`);
    expect(await wire.reply("7")).toBe(`["4","7","${page.topic}","phx_reply",{"status":"ok","response":{}}]`);
    expect(await wire.push("phx_close")).toBe(`["4","4","${page.topic}","phx_close",{}]`);
    wire.send(`["4","8","${page.topic}","event",{"type":"click","event":"inc","value":{}}]`);
    expect(await wire.reply("8")).toBe(
      `[null,"8","${page.topic}","phx_reply",{"status":"error","response":{"reason":"unmatched topic"}}]`,
    );
    expect(responseOf(await wire.join(page, { ref: "9" }))["rendered"]).toHaveProperty("0", "0");
    expect(wire.rest).toEqual([]); // no phx_error, above all
  });

  test("leave of a topic that was never joined, as a page without a view sends it", async () => {
    wire.send('[null,"9","lv:","phx_leave",{}]');
    expect(await wire.next("a reply")).toBe('[null,"9","lv:","phx_reply",{"status":"ok","response":{}}]');
    wire.send('["3","10","lv:unknown","phx_leave",{}]');
    expect(await wire.next("a reply")).toBe('["3","10","lv:unknown","phx_reply",{"status":"ok","response":{}}]');
  });

  test("event, leave and join in one breath, as by live navigation: each is answered", async () => {
    wire.send(`["4","7","${page.topic}","event",{"type":"click","event":"inc","value":{}}]`);
    wire.send(`["4","8","${page.topic}","phx_leave",{}]`);
    wire.send(joinFrame(page, { ref: "9" }));
    expect(await wire.reply("7")).toBe(
      `["4","7","${page.topic}","phx_reply",{"status":"ok","response":{"diff":{"0":"1"}}}]`,
    );
    expect(await wire.reply("8")).toBe(`["4","8","${page.topic}","phx_reply",{"status":"ok","response":{}}]`);
    expect(responseOf(await wire.reply("9"))["rendered"]).toHaveProperty("0", "0");
    expect(await wire.push("phx_close")).toBe(`["4","4","${page.topic}","phx_close",{}]`);
    expect(responseOf(await wire.click(page, "10", "inc", {}, "9"))).toEqual({ diff: { 0: "1" } });
  });

  test("a null join ref is accepted", async () => {
    expect(responseOf(await wire.click(page, "7", "inc", {}, null))).toEqual({ diff: { 0: "1" } });
    wire.send([null, ...joinFrame(page, { ref: "8" }).slice(1)]);
    expect(await wire.reply("8")).toMatch(`["8","8","${page.topic}","phx_reply",{"status":"ok"`);
    expect(await wire.push("phx_close")).toBe(`["4","4","${page.topic}","phx_close",{}]`);
    expect(responseOf(await wire.click(page, "9", "inc", {}, "8"))).toEqual({ diff: { 0: "1" } });
  });

  test("a stale join ref is dropped without a word", async () => {
    wire.send(`["3","7","${page.topic}","event",{"type":"click","event":"inc","value":{}}]`);
    wire.send(`["3","8","${page.topic}","phx_leave",{}]`);
    expect(responseOf(await wire.click(page, "9", "inc"))).toEqual({ diff: { 0: "1" } });
    expect(wire.rest).toEqual([]);
  });

  test("an event without a ref gets its diff as a push", async () => {
    wire.send(`["4",null,"${page.topic}","event",{"type":"click","event":"inc","value":{}}]`);
    expect(await wire.next("a push")).toBe(`["4",null,"${page.topic}","diff",{"0":"1"}]`);
  });

  test("a second join of a topic closes the first", async () => {
    await wire.click(page, "7", "inc");
    const second = wire.join(page, { ref: "8" });
    expect(await wire.push("phx_close")).toBe(`["4","4","${page.topic}","phx_close",{}]`);
    expect(await second).toMatch(`["8","8","${page.topic}","phx_reply",{"status":"ok","response":{"rendered":{"0":"0"`);
    expect(responseOf(await wire.click(page, "9", "inc", {}, "8"))).toEqual({ diff: { 0: "1" } });
    expect(wire.rest).toEqual([]);
  });

  test.each(["lv:unknown", "room:lobby", "lvu:0", "phoenix", "__proto__", "constructor", ""])(
    "an event on the unknown topic %j",
    async (topic) => {
      wire.send(["4", "7", topic, "event", { type: "click", event: "inc", value: {} }]);
      expect(await wire.reply("7")).toBe(
        `[null,"7","${topic}","phx_reply",{"status":"error","response":{"reason":"unmatched topic"}}]`,
      );
    },
  );

  test.each(["room:lobby", "lvu:0", "phoenix", ""])("a join of the topic %j, which no view can have", async (topic) => {
    wire.send(joinFrame(page, { ref: "7", topic }));
    expect(await wire.reply("7")).toBe(
      `["7","7","${topic}","phx_reply",{"status":"error","response":{"reason":"unmatched topic"}}]`,
    );
  });

  test.each(["nothing", "__proto__", "constructor", "toString", "lv:clear-flash", ""])(
    "the unknown event %j does nothing, and is answered",
    async (event) => {
      expect(await wire.click(page, "7", event)).toBe(
        `["4","7","${page.topic}","phx_reply",{"status":"ok","response":{}}]`,
      );
      expect(responseOf(await wire.click(page, "8", "inc"))).toEqual({ diff: { 0: "1" } });
    },
  );

  test("an event for a component that is not there is answered without a change", async () => {
    wire.send(`["4","7","${page.topic}","event",{"type":"click","event":"inc","value":{},"cid":3}]`);
    expect(await wire.reply("7")).toBe(`["4","7","${page.topic}","phx_reply",{"status":"ok","response":{}}]`);
    wire.send(`["4","8","${page.topic}","cids_will_destroy",{"cids":[1,3]}]`);
    expect(await wire.reply("8")).toBe(`["4","8","${page.topic}","phx_reply",{"status":"ok","response":{}}]`);
    wire.send(`["4","9","${page.topic}","cids_destroyed",{"cids":[1,3]}]`);
    expect(await wire.reply("9")).toBe(`["4","9","${page.topic}","phx_reply",{"status":"ok","response":{"cids":[]}}]`);
  });

  test("an unknown message of a joined channel", async () => {
    wire.send(`["4","7","${page.topic}","allow_everything",{}]`);
    expect(await wire.reply("7")).toBe(
      `["4","7","${page.topic}","phx_reply",{"status":"error","response":{"reason":"unknown message"}}]`,
    );
  });

  test.each(["{}", '{"event":null}', '{"event":7,"value":{}}', '{"event":["inc"]}'])(
    "the event payload %s is malformed",
    async (payload) => {
      wire.send(`["4","7","${page.topic}","event",${payload}]`);
      expect(await wire.reply("7")).toBe(
        `["4","7","${page.topic}","phx_reply",{"status":"error","response":{"reason":"malformed event"}}]`,
      );
    },
  );

  test("a form beyond all limits is malformed", async () => {
    const value = Array.from({ length: 2000 }, (_, i) => `f${i}=1`).join("&");
    wire.send(["4", "7", page.topic, "event", { type: "form", event: "inc", value }]);
    expect(responseOf(await wire.reply("7"))).toEqual({ reason: "malformed event" });
  });

  test.each([
    ["cut off", "{"],
    ["no JSON", '{"event":inc}]'],
    ["an array", "[]]"],
    ["null", "null]"],
    ["a number", "7]"],
    ["one element too many", '{"event":"inc","value":{}},1]'],
    ["a bomb that is never closed", '{"event":"inc","value":'.padEnd(60_000, "[")],
  ])("a payload that is %s is answered as malformed, and harms nobody", async (_, payload) => {
    wire.send(`["4","7","${page.topic}","event",${payload}`);
    expect(await wire.reply("7")).toBe(
      `["4","7","${page.topic}","phx_reply",{"status":"error","response":{"reason":"malformed frame"}}]`,
    );
    wire.send(`["9","9","lv:other","phx_join",${payload}`);
    expect(await wire.reply("9")).toBe(
      `["9","9","lv:other","phx_reply",{"status":"error","response":{"reason":"malformed frame"}}]`,
    );
    expect(responseOf(await wire.click(page, "10", "inc"))).toEqual({ diff: { 0: "1" } });
  });

  test("a deep bomb is a value like any other", async () => {
    const bomb = `${"[".repeat(30_000)}${"]".repeat(30_000)}`;
    wire.send(`["4","7","${page.topic}","event",{"type":"click","event":"inc","value":${bomb}}]`);
    expect(responseOf(await wire.reply("7"))).toEqual({ diff: { 0: "1" } });
  });

  test.each<[string, string | Uint8Array]>([
    ["nothing", ""],
    ["no JSON", "hello"],
    ["an object", '{"topic":"phoenix"}'],
    ["too short", '["4","7","phoenix"]'],
    ["without a payload", '["4","7","phoenix","heartbeat"]'],
    ["a number as join ref", '[4,"7","phoenix","heartbeat",{}]'],
    ["a number as ref", '[null,7,"phoenix","heartbeat",{}]'],
    ["a topic of null", '["4","7",null,"event",{}]'],
    ["an event of null", '["4","7","lv:a",null,{}]'],
    ["a huge ref", `[null,"${"7".repeat(300)}","phoenix","heartbeat",{}]`],
    ["a ref that never ends", `[null,"${"7".repeat(60_000)}`],
    ["cut off in a ref", '["4","7'],
    ["a bomb", "[".repeat(60_000)],
    ["a join without any ref", '[null,null,"lv:a","phx_join",{}]'],
    ["binary", Buffer.from([0, 1, 1, 5, 5, 0x36, 0x37])],
    ["text in a binary frame", Buffer.from('[null,"7","phoenix","heartbeat",{}]')],
  ])("a frame that is none (%s) closes the socket with 1007", async (_, frame) => {
    wire.send(frame);
    expect(await wire.closed).toBe(1007);
    expect(wire.rest).toEqual([]);
  });

  test("a frame larger than 65,536 bytes closes the socket", async () => {
    wire.send(`["4","7","${page.topic}","event",{"type":"click","event":"inc","value":"${"x".repeat(70_000)}"}]`);
    expect(await wire.closed).toBe(setup.transport === "ws" ? 1009 : 1006); // uws: without a close frame
  });

  test("more than a hundred channels", async () => {
    const channels = Array.from({ length: 100 }, (_, i) => forgePage(page, `forged-${i}`));
    const answers = await Promise.all(channels.map((one, i) => wire.join(one, { ref: `j${i}` })));
    expect(answers.filter((text) => text.includes('"status":"ok"'))).toHaveLength(99);
    expect(answers[99]).toBe(
      `["j99","j99","lv:forged-99","phx_reply",{"status":"error","response":{"reason":"too many channels joined"}}]`,
    );
    wire.send(`["j0","l","lv:forged-0","phx_leave",{}]`);
    await wire.reply("l");
    expect(responseOf(await wire.join(channels[99]!, { ref: "again" }))["rendered"]).toHaveProperty("0", "0");
  });

  test("a socket that closes takes its channels along, and no others", async () => {
    const second = await getPage(server, "/counter", page.cookie);
    const other = await connect(server, page);
    await other.join(second);
    await wire[Symbol.asyncDispose]();
    expect(responseOf(await other.click(second, "5", "inc"))).toEqual({ diff: { 0: "1" } });
    await other[Symbol.asyncDispose]();
  });
});
