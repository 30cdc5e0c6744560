/** An app's config under `serve`: from the environment to processes on all threads, and when it changes. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { responseOf, visit } from "../support/wire-client.ts";
import { LifeLog, serveApp } from "./serving.ts";

let life: LifeLog;
beforeEach(() => {
  life = new LifeLog();
});
afterEach(() => life[Symbol.dispose]());

describe.each([0, 1, 2])("schedulers: %i", (schedulers) => {
  const serveWith = (variables: Record<string, string>) => serveApp("configured", { schedulers, variables });

  test("O2: views and children have it, of each app its own", async () => {
    await using served = await serveWith({ GREETING: "welcome", QUEUE: "urgent" });
    expect((await visit(served, "/")).joined).toContain('"0":"welcome"');
    expect(life.lines).toEqual(["Jobs works on urgent", "Jobs works on urgent"]);
  });

  test("O2: one that is wrong: nothing starts, and the error names the key and its variable", async () => {
    await expect(serveWith({ GREETING: "x", LIMIT: "many" })).rejects.toMatchObject({
      code: "ERR_THREAD",
      message: expect.stringMatching(
        /The app cannot start with this config\. Config: greeting \(environment variable GREETING\): .*; limit \(environment variable LIMIT\): /,
      ),
    });
    expect(life.lines).toEqual([]);
  });

  test("O1, O2: a change reaches all threads, then each app that it concerns is told; a view that looks again sees it", async () => {
    await using served = await serveWith({ GREETING: "welcome" });
    const visits = await Promise.all(Array.from({ length: 4 }, () => visit(served, "/")));
    life.clear();
    expect(await served.server.changeConfig({ GREETING: "good day" })).toEqual(["greeting"]);
    expect(life.lines).toEqual(["Shop: greeting -> good day"]);
    for (const { page, wire } of visits) {
      expect(responseOf(await wire.click(page, "5", "look"))).toEqual({ diff: { 0: "good day" } });
    }
    expect(await served.server.changeConfig({ GREETING: "good day" })).toEqual([]);
    expect(await served.server.changeConfig({ GREETING: "good day", QUEUE: "slow" })).toEqual(["queue"]);
    expect(life.lines).toEqual(["Shop: greeting -> good day", "Jobs: queue default -> slow"]);
  });

  test("O2: a change that the app does not accept, or of a fixed key, changes nothing", async () => {
    await using served = await serveWith({ GREETING: "welcome" });
    life.clear();
    const refused = {
      code: "ERR_CONFIG",
      message: expect.stringMatching(/^Config: greeting \(environment variable GREETING\)/),
    };
    await expect(served.server.changeConfig({ GREETING: "x", QUEUE: "slow" })).rejects.toMatchObject(refused);
    await expect(served.server.changeConfig({ GREETING: "good day", LIMIT: "11" })).rejects.toThrow(
      "limit: cannot change",
    );
    expect(life.lines).toEqual([]);
    expect((await visit(served, "/")).joined).toContain('"0":"welcome"');
  });
});

test("O2: a thread that takes another's place has what has changed since", async () => {
  await using served = await serveApp("configured", { schedulers: 1, variables: { GREETING: "welcome" } });
  await served.server.changeConfig({ GREETING: "good day" });
  await served.server.killThread(served.server.threads[0]!);
  expect((await visit(served, "/")).joined).toContain('"0":"good day"');
});
