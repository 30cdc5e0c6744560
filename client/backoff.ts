/**
 * Backoff: how long to wait before try number n.
 *
 *   reconnect   10  50  100  150  200  250  500  1000  2000  5000  5000 ...   the socket, after it closed
 *   rejoin      50  200  1000  2000  5000  10000  10000 ...                   one channel, after its view crashed
 *
 * Each wait is spread over half to one and a half times the figure, so that the clients of a server that restarts
 * do not all come back in the same millisecond. Durations are milliseconds, tries count from 1.
 */

/** Milliseconds to wait before try `tries` (1 is the first). */
export type Backoff = (tries: number) => number;

const RECONNECT_MS = [10, 50, 100, 150, 200, 250, 500, 1000, 2000, 5000];
const REJOIN_MS = [50, 200, 1000, 2000, 5000, 10_000];

/** The waits before the socket connects again, without spread. */
export const reconnectAfterMs: Backoff = (tries) => entry(RECONNECT_MS, tries);

/** The waits before a channel joins again, without spread. Shorter than the official ones: views are back at once. */
export const rejoinAfterMs: Backoff = (tries) => entry(REJOIN_MS, tries);

/**
 * Spreads a wait evenly over [0.5, 1.5) times its length.
 *
 * @param ms the wait
 * @param random a number in [0, 1)
 */
export function spread(ms: number, random: number): number {
  return ms * (0.5 + random);
}

/** The n-th figure of the table, counted from 1; the last one for all that follow. */
function entry(table: readonly number[], tries: number): number {
  return table[Math.min(Math.max(tries, 1), table.length) - 1]!;
}
