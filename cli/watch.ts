/** Tells of changed files below directories, once they have been quiet for a moment: an editor, or tsc, writes several. */
import { type FSWatcher, watch } from "node:fs";

/** Milliseconds without a further change. */
const quietMs = 100;

/** What is nobody's own source: dependencies, and what tools keep for themselves. */
const ignored = /(?:^|[\\/])(?:node_modules|\.[^\\/]*)(?:[\\/]|$)|[~#]$|\.tsbuildinfo$/;

/**
 * @param onChange waited for; what changes meanwhile is one more change
 * @throws {Error} when a directory cannot be watched
 */
export function watchFiles(directories: readonly string[], onChange: () => Promise<void>): Disposable {
  let timer: NodeJS.Timeout | undefined;
  let isBusy = false;
  let again = false;
  const tell = async (): Promise<void> => {
    if (isBusy) {
      again = true;
      return;
    }
    isBusy = true;
    await onChange();
    isBusy = false;
    if (!again) return;
    again = false;
    await tell();
  };
  const changed = (_event: string, file: string | null): void => {
    if (file !== null && ignored.test(file)) return;
    clearTimeout(timer);
    timer = setTimeout(() => void tell(), quietMs);
  };
  const watchers: FSWatcher[] = directories.map((directory) => watch(directory, { recursive: true }, changed));
  return {
    [Symbol.dispose]() {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    },
  };
}
