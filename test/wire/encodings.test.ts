/** F19: a client that asks for it gets short frames, with integers for refs, topic and events; others notice nothing. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningServer } from "../support/server.ts";
import { pagesApp, setups, startSetup } from "../support/setups.ts";
import { connect, getPage, type Page, responseOf, type Wire } from "../support/wire-client.ts";

describe.each(setups)("encodings ($name)", (setup) => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startSetup(setup, pagesApp);
  });
  afterAll(async () => {
    expect(await server.stop()).toBe(0);
  });

  const join = async (path: string, frames: unknown): Promise<{ page: Page; wire: Wire; agreed: unknown }> => {
    const page = await getPage(server, path);
    const wire = await connect(server, page);
    const joined = await wire.join(page, { payload: { frames } });
    expect(joined, "the reply to a join is channels V2").toContain(`["4","4","${page.topic}","phx_reply"`);
    return { page, wire, agreed: responseOf(joined)["frames"] };
  };
  const click = (event: string): object => ({ type: "click", event, value: { value: "" } });
  const answered = (wire: Wire, ref: unknown): Promise<string> => wire.next(`${ref}`, (frame) => frame[1] === ref);

  test.each(["compact", "msgpack"])("F19 %s: an event and its reply, four integers and a diff", async (frames) => {
    const { wire, agreed } = await join("/counter", frames);
    expect(agreed).toBe(frames);
    wire.send([4, 9, 0, click("inc")]);
    expect(await answered(wire, 9)).toBe('[4,9,3,{"0":"1"}]');
    wire.send([4, 10, "event", click("nonsense")]);
    expect(await answered(wire, 10)).toBe("[4,10,0,{}]");
    wire.send([4, 11, "no such message", {}]);
    expect(await answered(wire, 11)).toBe('[4,11,1,{"reason":"unknown message"}]');
    wire.send([4, 12, 0, 1]);
    expect(await answered(wire, 12)).toBe('[4,12,1,{"reason":"malformed frame"}]');
    expect(wire.binaryFrames).toBe(frames === "msgpack" ? 4 : 0);
    await wire[Symbol.asyncDispose]();
  });

  test("F19: pushes, acknowledgements, and what ends a channel", async () => {
    const { page, wire } = await join("/room", "compact");
    wire.send([4, 9, 0, { ...click("say"), value: { text: "hello" } }]);
    await answered(wire, 9);
    wire.send([4, null, 1, { seq: 1 }]);
    expect(await wire.next("a diff", (frame) => (frame[2] as unknown) === 2)).toBe('[4,null,2,{"0":"1","1":"hello"}]');
    wire.send(["4", "10", page.topic, "phx_leave", {}]);
    expect(await wire.push("phx_close")).toBe(`["4","4","${page.topic}","phx_close",{}]`);
    await wire[Symbol.asyncDispose]();
  });

  test("a crash is told as to every client", async () => {
    const { page, wire } = await join("/crash", "compact");
    wire.send([4, 9, 0, click("boom")]);
    expect(await wire.push("phx_error")).toBe(`["4","4","${page.topic}","phx_error",{}]`);
    await wire[Symbol.asyncDispose]();
  });

  test("one that asks for nothing, or for nonsense, has channels V2", async () => {
    for (const frames of [undefined, "json", "xml", 7, { length: 1 }]) {
      const { page, wire, agreed } = await join("/counter", frames);
      expect(agreed).toBeUndefined();
      expect(await wire.click(page, "9", "inc")).toBe(
        `["4","9","${page.topic}","phx_reply",{"status":"ok","response":{"diff":{"0":"1"}}}]`,
      );
      await wire[Symbol.asyncDispose]();
    }
  });

  test("a compact frame of a stale or unknown join is nobody's; what is malformed closes the socket", async () => {
    const { wire } = await join("/counter", "compact");
    for (const joinRef of [3, 5, 44, 999_999]) wire.send([joinRef, 9, 0, click("inc")]);
    wire.send([4, 10, 0, click("inc")]);
    expect(await answered(wire, 10)).toBe('[4,10,3,{"0":"1"}]');
    expect(wire.rest).toEqual([]);
    await wire[Symbol.asyncDispose]();
    for (const text of [
      "[4",
      "[4,",
      "[4,9",
      "[4,9,",
      "[4,9,0",
      "[4,9,7,{}]",
      "[4.5,9,0,{}]",
      `[${"4".repeat(16)},9,0,{}]`,
    ]) {
      const { wire: other } = await join("/counter", "compact");
      other.send(text);
      expect(await other.closed, text).toBe(1007);
    }
  });
});
