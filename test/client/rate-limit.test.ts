import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RateLimiter } from "../../client/rate-limit.ts";

const debounce = (value: string) => ({ debounce: value, throttle: null });
const throttle = (value: string) => ({ debounce: null, throttle: value });

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("RateLimiter", () => {
  test("runs at once without a limit", () => {
    const run = vi.fn();
    new RateLimiter().limit({}, "click", { debounce: null, throttle: null }, run);
    expect(run).toHaveBeenCalledOnce();
  });

  test("debounces: the last of a series runs, once it has been quiet for the time", () => {
    const limiter = new RateLimiter();
    const el = {};
    const ran: number[] = [];
    for (const n of [1, 2, 3]) {
      limiter.limit(el, "change", debounce("100"), () => ran.push(n));
      vi.advanceTimersByTime(99);
    }
    expect(ran).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(ran).toEqual([3]);
  });

  test("takes 300 ms for an empty value", () => {
    const run = vi.fn();
    new RateLimiter().limit({}, "change", debounce(""), run);
    vi.advanceTimersByTime(299);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledOnce();
  });

  test("runs what waits when the element loses the focus, and not again", () => {
    const limiter = new RateLimiter();
    const el = {};
    const run = vi.fn();
    limiter.limit(el, "change", debounce("blur"), run);
    limiter.limit(el, "keyup", debounce("500"), run);
    limiter.flush(el);
    expect(run).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(1000);
    expect(run).toHaveBeenCalledTimes(2);
  });

  test("drops what waits when it is cancelled", () => {
    const limiter = new RateLimiter();
    const el = {};
    const run = vi.fn();
    limiter.limit(el, "change", debounce("100"), run);
    limiter.cancel(el);
    vi.advanceTimersByTime(1000);
    expect(run).not.toHaveBeenCalled();
  });

  test("throttles: the first runs at once, the others not before the time is over", () => {
    const limiter = new RateLimiter();
    const el = {};
    const ran: number[] = [];
    for (const n of [1, 2, 3, 4]) {
      limiter.limit(el, "click", throttle("100"), () => ran.push(n));
      vi.advanceTimersByTime(40);
    }
    expect(ran).toEqual([1, 4]);
  });

  test("lets another key pass a throttle", () => {
    const limiter = new RateLimiter();
    const el = {};
    const ran: string[] = [];
    for (const key of ["a", "a", "b"]) limiter.limit(el, "keydown", throttle("100"), () => ran.push(key), key);
    expect(ran).toEqual(["a", "b"]);
  });
});
