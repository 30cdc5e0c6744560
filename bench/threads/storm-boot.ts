/** What runs on the threads of storm.ts. */
import { type Behaviour, DownMessage, type Kernel, type Pid } from "lintel/kernel";
import { type Attempt, hostName, type News, type ToHost } from "./storm-protocol.ts";

export async function boot(kernel: Kernel): Promise<{ stop(): Promise<void> }> {
  kernel.spawn(
    {
      label: "host",
      handle: (_self, message) => {
        const order = message as ToHost;
        if (order.type === "send") kernel.spawn(sender(order.to, order.count));
        else kernel.spawn(receiver(order.of, order.from, order.collector));
      },
    },
    undefined,
    { name: hostName(kernel.thread) },
  );
  return { stop: async () => {} };
}

/** Sends as much as it may: only the crossing holds it back. */
function sender(to: Pid, count: number): Behaviour {
  let sent = 0;
  return {
    label: "sender",
    init: (self) => self.send(self.pid, "more"),
    handle: (self) => {
      for (let i = 0; i < 50 && sent < count; i++) {
        sent += 1;
        self.send(to, { n: sent, text: "storm" });
      }
      if (sent < count) self.send(self.pid, "more");
      else self.exit("normal");
    },
  };
}

function receiver(of: Attempt, from: number, collector: Pid): Behaviour {
  let last = 0;
  let told = 0;
  let isDown = false;
  return {
    label: "receiver",
    init: (self) => {
      self.monitor(hostName(from));
      try {
        self.send(hostName(from), { type: "send", to: self.pid, count: of.count } satisfies ToHost);
      } catch {
        // Nobody has the name: the monitor says so.
      }
    },
    handle: (self, message) => {
      const tell = (isOver: boolean, violation?: string): void => {
        const news: News = { of, got: last - told, isOver, ...(violation === undefined ? {} : { violation }) };
        self.send(collector, news);
        told = last;
        if (isOver) self.exit("normal");
      };
      if (message instanceof DownMessage) {
        isDown = true;
        tell(true);
        return;
      }
      const { n } = message as { n: number };
      if (n !== last + 1 || isDown) tell(true, `expected ${last + 1}, got ${n}${isDown ? " after the down" : ""}`);
      last = n;
      if (n === of.count) tell(true);
      else if (n % tellEvery === 0) tell(false);
    },
  };
}

const tellEvery = 1000;
