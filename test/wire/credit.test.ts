/** Credit: a client that acknowledges is never outrun; one that does not (the official one) gets every diff. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningServer } from "../support/server.ts";
import { pagesApp, setups, startSetup } from "../support/setups.ts";
import { connect, getPage, type Page, responseOf, visit, type Wire } from "../support/wire-client.ts";

describe.each(setups)("credit ($name)", (setup) => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startSetup(setup, pagesApp);
  });
  afterAll(async () => {
    await server.stop();
  });

  const listen = async (payload: Record<string, unknown>): Promise<{ page: Page; wire: Wire; joined: string }> => {
    const page = await getPage(server, "/room");
    const wire = await connect(server, page);
    return { page, wire, joined: await wire.join(page, { payload }) };
  };
  /** When its reply has come, the view has handled all that came before. */
  const barrier = (page: Page, wire: Wire, ref: string): Promise<string> => {
    wire.send(["4", ref, page.topic, "cids_will_destroy", { cids: [] }]);
    return wire.reply(ref);
  };
  const diffs = (wire: Wire): string[] => wire.rest.filter((text) => text.includes('"diff"'));
  const sayForty = async (): Promise<void> => {
    const { page, wire } = await visit(server, "/room");
    for (let i = 1; i <= 40; i++) await wire.click(page, String(100 + i), "say", { text: `word ${i}` });
    await wire[Symbol.asyncDispose]();
  };

  test("sixteen frames go out unacknowledged; the rest comes as one diff when the client has caught up", async () => {
    const { page, wire, joined } = await listen({ ack: true });
    expect(responseOf(joined)["ack"]).toBe(8);
    await sayForty();
    await barrier(page, wire, "50");
    expect(diffs(wire)).toHaveLength(16);
    expect(diffs(wire)[15]).toContain("word 16");

    for (const seq of [0, -1, 1000, 1.5, "17", null]) wire.send(["4", null, page.topic, "ack", { seq }]);
    await barrier(page, wire, "51");
    expect(diffs(wire), "acknowledgements of what was not sent mean nothing").toHaveLength(16);

    wire.send(["4", null, page.topic, "ack", { seq: 17 }]);
    await barrier(page, wire, "52");
    expect(diffs(wire)).toHaveLength(17);
    expect(diffs(wire)[16]).toBe(`["4",null,"${page.topic}","diff",{"0":"40","1":"word 40"}]`);
    await wire[Symbol.asyncDispose]();
  });

  test("an event is answered at once, whatever is unacknowledged, and its reply has what was held back", async () => {
    const { page, wire } = await listen({ ack: true });
    await sayForty();
    const reply = await wire.click(page, "50", "say", { text: "mine" });
    expect(responseOf(reply)).toEqual({ diff: { 0: "40", 1: "word 40" } });
    await wire[Symbol.asyncDispose]();
  });

  test("a client that does not acknowledge gets them all", async () => {
    const { page, wire, joined } = await listen({});
    expect(responseOf(joined)).not.toHaveProperty("ack");
    await sayForty();
    await barrier(page, wire, "50");
    expect(diffs(wire)).toHaveLength(40);
    await wire[Symbol.asyncDispose]();
  });
});
