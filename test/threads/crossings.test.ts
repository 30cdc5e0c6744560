/** The order of messages between threads, over real ones that die in the middle. `npm run bench -- threads` has it larger. */
import { expect, test } from "vitest";
import { storm } from "../../bench/threads/storm.ts";

const boot = new URL("../../build/bench/threads/storm-boot.js", import.meta.url);

test("K5: 16 pairs on four threads, of which eight are killed: no message is missing or out of order without a `down`", async () => {
  const { violations, kills, attempts, mostRss } = await storm(20_000, boot);
  expect(violations).toEqual([]);
  expect(kills).toBe(8);
  expect(attempts).toBeGreaterThan(16);
  expect(mostRss).toBeLessThan(1024 * 2 ** 20);
});
