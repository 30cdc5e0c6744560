/** serve: starts in order or not at all, and stops in order. */
import { connect as connectTcp } from "node:net";
import { serve } from "lintel/liveview";
import { describe, expect, test } from "vitest";
import { freePort, startServer } from "../support/server.ts";
import { secret } from "../support/setups.ts";
import { http, visit } from "../support/wire-client.ts";
import { appUrl, LifeLog, serveApp } from "./serving.ts";

/** Does anybody listen there? */
function isBound(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

describe.each([0, 1, 2])("serve with schedulers: %i", (schedulers) => {
  test.each([
    [
      "that throws at import",
      "throws-at-import",
      /App module file:.*throws-at-import\.js cannot be loaded: Error: no such luck/,
    ],
    ["that is not there", "not-there", /App module file:.*not-there\.js cannot be loaded: .*not-there/],
    [
      "that exports no app",
      "exports-no-app",
      /App module file:.*exports-no-app\.js: expected its default export to be made by defineApp/,
    ],
    [
      "with a child that does not start",
      "child-fails",
      /The children of the app did not start: .*"database".*no database/,
    ],
  ])("an app module %s: a ThreadError that names it, and a free port", async (_, app, message) => {
    const port = await freePort();
    const failed = serve(appUrl(app), { port, secret, schedulers, report: () => undefined });
    await expect(failed).rejects.toMatchObject({ code: "ERR_THREAD", message: expect.stringMatching(message) });
    expect(await isBound(port)).toBe(false);
  });

  test("a port that is taken: ListenError, and the children are stopped", async () => {
    using life = new LifeLog();
    await using other = await serveApp("odd", { schedulers: 0 });
    await expect(serveApp("children", { schedulers, port: other.port })).rejects.toMatchObject({ code: "ERR_LISTEN" });
    expect(life.lines).toEqual(["start first", "start second", "stop second", "stop first"]);
    expect((await http(other, "/thread")).status).toBe(200);
  });

  test("close: sockets close with 1012, children stop in reverse order, the port is free", async () => {
    using life = new LifeLog();
    const { server, port, reports } = await serveApp("children", { schedulers });
    const visits = await Promise.all([visit({ port }, "/room"), visit({ port }, "/thread")]);
    const [once, twice] = [server.close(), server.close()];
    expect(twice).toBe(once);
    await once;
    expect(await Promise.all(visits.map(({ wire }) => wire.closed))).toEqual([1012, 1012]);
    expect(life.lines).toEqual(["start first", "start second", "stop second", "stop first"]);
    expect(await isBound(port)).toBe(false);
    expect(reports).toEqual([]);
  });

  test.each(["uws", "ws"])(
    "close: with %s the program ends by itself, in the middle of everything",
    async (transport) => {
      using life = new LifeLog();
      const child = await startServer({
        script: "test/fixtures/app-server.js",
        env: {
          APP: "test/fixtures/apps/children.js",
          LIFE_LOG: life.path,
          SCHEDULERS: String(schedulers),
          TRANSPORT: transport,
        },
      });
      const visits = await Promise.all(Array.from({ length: 5 }, () => visit(child, "/slow")));
      for (const { page, wire } of visits) {
        wire.send(["4", "5", page.topic, "event", { type: "click", event: "work", value: { name: "a" } }]);
      }
      expect(await child.stop()).toBe(0);
      for (const { wire } of visits) expect(await wire.closed).toBe(1012);
      expect(life.lines).toEqual(["start first", "start second", "stop second", "stop first"]);
      expect(child.reports).toEqual([]);
    },
  );
});

describe("serve", () => {
  test("two servers in one program know nothing of each other", async () => {
    using _life = new LifeLog();
    await using one = await serveApp("children", { schedulers: 1, transport: "uws" });
    await using two = await serveApp("children", { schedulers: 0, transport: "ws" });
    expect([one.server.transport, two.server.transport]).toEqual(["uws", "ws"]);
    const here = await visit(one, "/room");
    const there = await visit(two, "/room");
    await here.wire.click(here.page, "5", "say", { text: "here" });
    await there.wire.click(there.page, "5", "say", { text: "there" });
    expect(await here.wire.push("diff")).toContain('{"0":"1","1":"here"}');
    expect(await there.wire.push("diff")).toContain('{"0":"1","1":"there"}');
    await one.server.close();
    expect(await here.wire.closed).toBe(1012);
    await there.wire.click(there.page, "6", "say", { text: "still there" });
    expect(await there.wire.push("diff")).toContain('{"0":"2","1":"still there"}');
    expect(there.wire.rest).toEqual([]);
    await there.wire[Symbol.asyncDispose]();
  });

  test("without scheduler threads there is none to end", async () => {
    await using served = await serveApp("odd", { schedulers: 0 });
    await expect(served.server.killThread(1)).rejects.toMatchObject({ code: "ERR_THREAD" });
  });

  test.each<[string, Record<string, unknown>]>([
    ["schedulers", { schedulers: -1 }],
    ["schedulers", { schedulers: 1.5 }],
    ["schedulers", { schedulers: Number.NaN }],
    ["secret", { secret: "too short" }],
    ["port", { port: -1 }],
    ["origin", { allowOrigins: ["evil"] }],
    ["transport", { transport: "carrier pigeon" }],
    ["expected no turnLimitMs with schedulers: 0, got 250", { turnLimitMs: 250, stuckMs: Number.POSITIVE_INFINITY }],
    ["expected no memory with schedulers: 0", { turnLimitMs: Number.POSITIVE_INFINITY, memory: { heapMb: 512 } }],
  ])("an option that makes no sense is named: %s", async (name, options) => {
    await expect(serveApp("odd", { schedulers: 0, ...options })).rejects.toThrow(new RegExp(name, "i"));
  });
});
