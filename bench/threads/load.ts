/** Keeps the other thread of a pair busy: a hundred processes there that always have a message (thread-boot.ts). */

import { loadName } from "../kernel/lintel/thread-protocol.ts";
import type { Pair } from "../kernel/lintel/threads.ts";

export async function setLoad({ kernel }: Pair, on: boolean): Promise<void> {
  while (kernel.names.whereis(loadName) === undefined) await new Promise(setImmediate);
  kernel.send(loadName, on);
  await new Promise((resolve) => setTimeout(resolve, 50));
}
