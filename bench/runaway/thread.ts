/** What is measured on a scheduler thread, with and without the watchdog. */
import { genServer, type Kernel, type Pid, reply } from "lintel/kernel";

/** A ring of processes: how long takes a token that is handed on so many times? */
function ring(kernel: Kernel, size: number, hops: number): Promise<number> {
  return new Promise<number>((resolve) => {
    const pids: Pid[] = [];
    let startMs = 0;
    for (let i = 0; i < size; i++) {
      const next = (i + 1) % size;
      pids.push(
        kernel.spawn({
          label: "ring",
          handle: (self, message) => {
            const left = message as number;
            if (left > 0) self.send(pids[next]!, left - 1);
            else {
              for (const pid of pids) kernel.exit(pid, "kill");
              resolve(performance.now() - startMs);
            }
          },
        }),
      );
    }
    startMs = performance.now();
    kernel.send(pids[0]!, hops);
  });
}

/** One process asks another, and awaits each answer. */
function calls(kernel: Kernel, count: number): Promise<number> {
  const echo = genServer({
    name: "Echo",
    init: () => 0,
    calls: { ask: (state: number, n: number) => reply(n, state) },
  });
  return new Promise((resolve) => {
    kernel.spawn(async (self) => {
      const server = await echo.start(kernel);
      const startMs = performance.now();
      for (let n = 0; n < count; n++) await self.call(server, "ask", n);
      resolve(performance.now() - startMs);
      kernel.exit(server, "shutdown");
    });
  });
}

const Subject = genServer({
  name: "Subject",
  init: (kernel: Kernel) => kernel,
  calls: {
    ring: async (kernel: Kernel, { size, hops }: { size: number; hops: number }) =>
      reply(await ring(kernel, size, hops), kernel),
    calls: async (kernel: Kernel, { count }: { count: number }) => reply(await calls(kernel, count), kernel),
    echo: (kernel: Kernel, n: number) => reply(n, kernel),
  },
});

export const subject = Subject.named("subject");

export async function start(kernel: Kernel): Promise<Pid> {
  return Subject.start(kernel, kernel, { name: "subject" });
}
