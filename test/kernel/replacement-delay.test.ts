import { describe, expect, test } from "vitest";
import { ReplacementDelay } from "../../kernel/threads/replacement-delay.ts";

describe("ReplacementDelay", () => {
  test("replaces at once, unless a sixth thread ends within ten seconds; then later and later, up to 5 s", () => {
    const delay = new ReplacementDelay();
    const delaysMs = Array.from({ length: 12 }, (_, i) => delay.record(i * 100));
    expect(delaysMs).toEqual([0, 0, 0, 0, 0, 200, 400, 800, 1600, 3200, 5000, 5000]);
  });

  test("forgets ends older than ten seconds", () => {
    const delay = new ReplacementDelay();
    for (let i = 0; i < 8; i++) delay.record(0);
    expect(delay.record(10_001)).toBe(0);
  });
});
