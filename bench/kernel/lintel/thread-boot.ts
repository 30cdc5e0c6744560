/** What runs on the other thread of threads.ts. */
import type { Behaviour, Kernel, Pid } from "lintel/kernel";
import {
  ackEvery,
  counterName,
  echoName,
  frameCounterName,
  frameKind,
  loadName,
  type ToCounter,
} from "./thread-protocol.ts";

export async function boot(kernel: Kernel): Promise<{ stop(): Promise<void> }> {
  let producer: Pid | undefined;
  let size = 0;
  let received = 0;
  kernel.spawn(
    {
      label: "counter",
      handle: (self, message) => {
        const counted = message as ToCounter | { readonly tag: undefined; readonly n: number };
        if (counted.tag === "count") {
          ({ from: producer, size } = counted);
          received = 0;
          return;
        }
        received += 1;
        if (counted.n !== received) throw new Error(`expected message ${received}, got ${counted.n}`);
        if (received % ackEvery === 0 || received === size) self.send(producer!, received);
      },
    },
    undefined,
    { name: counterName },
  );

  kernel.spawn(
    {
      label: "echo",
      handle: (self, message) => {
        const { from, n } = message as { from: Pid; n: number };
        self.send(from, n);
      },
    },
    undefined,
    { name: echoName },
  );

  let isLoaded = false;
  kernel.spawn(
    {
      label: "load",
      handle: (self, message) => {
        isLoaded = message as boolean;
        if (isLoaded) for (let i = 0; i < 100; i++) self.spawn(spinner);
      },
    },
    undefined,
    { name: loadName },
  );
  const spinner: Behaviour = {
    label: "spinner",
    init: (self) => self.send(self.pid, "again"),
    handle: (self) => {
      if (isLoaded) self.send(self.pid, "again");
      else self.exit("normal");
    },
  };

  let frames = 0;
  let bytes = 0;
  let wanted = 0;
  let writer: Pid | undefined;
  kernel.spawn(
    {
      label: "frame counter",
      handle: (self, message) => {
        ({ from: writer, size: wanted } = message as { from: Pid; size: number });
        frames = bytes = 0;
        self.send(writer, "ready");
      },
    },
    undefined,
    { name: frameCounterName },
  );
  kernel.peers.onRecord(frameKind, (_thread, _number, body) => {
    frames += 1;
    bytes += body.length;
    if (frames === wanted) kernel.send(writer!, bytes);
  });

  return { stop: async () => {} };
}
