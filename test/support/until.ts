/** Waits until something is so, looking every few milliseconds: for what tells nobody when it happens. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, withinMs = 5000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`Expected within ${withinMs} ms: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
