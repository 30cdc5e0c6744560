/**
 * Signals of a program that is a server: it ends in order, or, if somebody insists, at once.
 *
 *   SIGTERM, SIGINT ─▷ close ─▷ exit 0
 *   a second one    ─▷ exit 1, whatever is still under way
 *
 * The same signal within a quarter of a second is no second one: a terminal sends Ctrl+C to a whole group of processes, and
 * some of them, npm for one, pass it on.
 */
const signals = ["SIGTERM", "SIGINT"] as const;
const sameKeyMs = 250;

/**
 * @param close ends everything in order; a rejection means exit code 1
 * @param nowMs monotonic milliseconds
 * @returns leaves the signals alone again
 */
export function endBySignals(close: () => Promise<void>, nowMs: () => number): () => void {
  let firstMs: number | undefined;
  const onSignal = (): void => {
    if (firstMs === undefined) {
      firstMs = nowMs();
      close().then(
        () => process.exit(0),
        (error: unknown) => {
          console.error(error);
          process.exit(1);
        },
      );
    } else if (nowMs() - firstMs > sameKeyMs) process.exit(1);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}
