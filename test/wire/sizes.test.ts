/**
 * No page costs more bytes here than with Phoenix LiveView 1.2.10: text of a websocket message, without frame headers.
 * The figures are those of the reference on the same pages, averages of a run (research, phoenix-baseline).
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningServer } from "../support/server.ts";
import { pagesApp, setups, startSetup } from "../support/setups.ts";
import { type Visit, visit } from "../support/wire-client.ts";

const phoenix: readonly { path: string; page: number; join: number; events: Readonly<Record<string, number>> }[] = [
  { path: "/counter", page: 1718, join: 945, events: { inc: 96 } },
  { path: "/dashboard", page: 21_955, join: 7905, events: { tick: 404, one: 125, shuffle: 897 } },
  { path: "/form", page: 1834, join: 1237, events: { validate: 890 } },
  { path: "/stream", page: 2247, join: 1390, events: { add: 223 } },
  { path: "/room", page: 1229, join: 456, events: { say: 78, diff: 79 } },
  { path: "/crash", page: 1156, join: 362, events: { inc: 94 } },
];

/** The two values that the benchmark takes in turn. */
const forms = [
  `user%5Bname%5D=a&${["email", "username", "city", "phone"].map((field) => `_unused_user%5B${field}%5D=&user%5B${field}%5D=`).join("&")}`,
  "user%5Bname%5D=alice&user%5Bemail%5D=alice%40example.com&user%5Busername%5D=alice_7&user%5Bcity%5D=Rome&user%5Bphone%5D=555+0100",
];
const runs = 20;

describe("F24: bytes on the wire, against Phoenix", () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startSetup(setups[0]!, pagesApp);
  });
  afterAll(async () => {
    expect(await server.stop()).toBe(0);
  });

  test.each(phoenix)("$path", async ({ path, page, join, events }) => {
    const visitor = await visit(server, path);
    expect(Buffer.byteLength(visitor.page.body)).toBeLessThanOrEqual(page);
    expect(Buffer.byteLength(visitor.joined)).toBeLessThanOrEqual(join);
    for (const [event, bytes] of Object.entries(events)) {
      let sum = 0;
      for (let i = 0; i < runs; i++) sum += Buffer.byteLength(await message(visitor, event, 10 + i));
      expect(sum / runs, event).toBeLessThanOrEqual(bytes);
    }
    await visitor.wire[Symbol.asyncDispose]();
  });
});

/** What one event brings. Refs have two digits, as in the run with the reference. */
function message({ page, wire }: Visit, event: string, ref: number): Promise<string> {
  switch (event) {
    case "validate":
      wire.send([
        "4",
        String(ref),
        page.topic,
        "event",
        { type: "form", event, value: forms[ref % 2], meta: { _target: ["user", "name"] } },
      ]);
      return wire.reply(String(ref));
    case "say":
      return wire.click(page, String(ref), event, { text: `lgm:000000${ref}:hello` });
    case "diff":
      return wire.push("diff");
    default:
      return wire.click(page, String(ref), event);
  }
}
