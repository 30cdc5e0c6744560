/** K37: the kernel's laws over real threads, in three placements, each in a program of its own. */
import { beforeAll, describe, expect, test } from "vitest";
import { laws } from "../fixtures/laws/laws.ts";
import { placements } from "../fixtures/laws/stage.ts";
import { type Ended, runProgram } from "../support/program.ts";

interface Played {
  readonly name: string;
  readonly holds: boolean;
  readonly why?: string;
}

test("there are enough of them, and no two of one name", () => {
  expect(laws.length).toBeGreaterThan(60);
  expect(new Set(laws.map(({ name }) => name)).size).toBe(laws.length);
});

describe.each(Object.entries(placements))("K37, in the placement: %s", (placement, { schedulers }) => {
  let ended: Ended;
  beforeAll(async () => {
    ended = await runProgram("test/fixtures/laws/program.js", [placement]);
  });

  test.each(laws.filter(({ endsThread }) => schedulers > 0 || endsThread !== true))("$name", ({ name }) => {
    const played = (ended.printed as readonly Played[]).find((one) => one.name === name);
    expect(played, ended.stderr).toEqual({ name, holds: true });
  });

  test("nothing goes wrong beside them", () => {
    expect([ended.code, ended.stderr]).toEqual([0, ""]);
  });
});
