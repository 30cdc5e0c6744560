import { describe, expect, test } from "vitest";
import { count, counted, duration, gibibytes, mebibytes, percent } from "../../examples/demo/units.ts";

describe("units", () => {
  test("show fewer digits for larger numbers", () => {
    expect([percent(0), percent(0.52), percent(9.96), percent(42.4)]).toEqual(["0 %", "0.5 %", "10.0 %", "42 %"]);
    expect([gibibytes(0), gibibytes(1.234), gibibytes(23.54)]).toEqual(["0 GiB", "1.23 GiB", "23.5 GiB"]);
    expect(mebibytes(80 * 2 ** 20)).toBe("80.0 MiB");
    expect([count(1_234_567), counted(1, "page"), counted(2, "page")]).toEqual(["1,234,567", "1 page", "2 pages"]);
  });

  test("show a duration in its two largest units", () => {
    expect([0, 59, 60, 3661, 90_000].map(duration)).toEqual(["0 s", "59 s", "1 min 0 s", "1 h 1 min", "1 d 1 h"]);
  });
});
