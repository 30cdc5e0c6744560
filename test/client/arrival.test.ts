import { describe, expect, test } from "vitest";
import { Arrival, type Entry } from "../../client/arrival.ts";

const entry = { to: "https://example.test/b", referer: "https://example.test/a", flash: undefined } as Entry;

function setUp() {
  const log: string[] = [];
  const arrival = new Arrival<string>(
    entry,
    () => log.push("replace"),
    () => log.push("done"),
  );
  const ready = (name: string) => arrival.ready(name, () => log.push(`show ${name}`));
  return { arrival, log, ready };
}

describe("Arrival", () => {
  test("N13: shows a view once its children are ready, parents first", () => {
    const { arrival, log, ready } = setUp();
    arrival.await("main");
    arrival.await("child");
    ready("main");
    arrival.await("grandchild");
    ready("child");
    expect(log).toEqual([]);
    ready("grandchild");
    expect(log).toEqual(["replace", "show main", "show child", "show grandchild", "done"]);
  });

  test("awaits again what has crashed meanwhile", () => {
    const { arrival, log, ready } = setUp();
    arrival.await("main");
    arrival.await("child");
    ready("main");
    arrival.await("main");
    arrival.gone("child");
    expect(log).toEqual([]);
    ready("main");
    expect(log).toEqual(["replace", "show main", "done"]);
  });

  test("does without a child that has given up", () => {
    const { arrival, log, ready } = setUp();
    arrival.await("main");
    arrival.await("child");
    ready("main");
    arrival.gone("child");
    expect(log).toEqual(["replace", "show main", "done"]);
  });

  test("shows nothing once another navigation has taken its place", () => {
    const { arrival, log, ready } = setUp();
    arrival.await("main");
    arrival.cancel();
    ready("main");
    expect(log).toEqual([]);
  });
});
