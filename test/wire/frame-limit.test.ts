/** How large a frame may be is the app's to say; our client is told, so that it never sends one for which it would be cut off. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunningServer, startServer } from "../support/server.ts";
import { oddApp, secret, setups } from "../support/setups.ts";
import { responseOf, visit } from "../support/wire-client.ts";

describe.each(setups)("SE7, X5: maxFrameBytes ($name)", ({ transport, schedulers }) => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startServer({
      script: "test/fixtures/app-server.js",
      env: {
        APP: oddApp,
        TRANSPORT: transport,
        SCHEDULERS: String(schedulers),
        LINTEL_SECRET: secret,
        MAX_FRAME: "200000",
      },
    });
  });
  afterAll(async () => {
    expect(await server.stop()).toBe(0);
  });

  test("a form as large as its frame may be is decoded; a larger frame ends the socket", async () => {
    const { page, wire } = await visit(server, "/echo/x");
    const value = `text=${"x".repeat(190_000)}`;
    wire.send(["4", "5", page.topic, "event", { type: "form", event: "echo", value }]);
    const { diff } = responseOf(await wire.reply("5")) as { diff: Record<string, string> };
    expect(Object.values(diff).join("")).toContain("x".repeat(190_000));
    wire.send(["4", "6", page.topic, "event", { type: "form", event: "echo", value: value + value }]);
    expect([1006, 1009]).toContain(await wire.closed);
  });

  test("a client of ours learns it with its join, another one does not", async () => {
    const { page, wire, joined } = await visit(server, "/echo/x");
    expect(responseOf(joined)).not.toHaveProperty("max");
    const ours = await wire.join(page, { ref: "7", payload: { ack: true } });
    expect(responseOf(ours)).toMatchObject({ ack: 8, max: 200_000 });
    await wire[Symbol.asyncDispose]();
  });
});
