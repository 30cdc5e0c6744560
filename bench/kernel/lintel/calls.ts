/** What does a request with its reply cost a process that waits for it? Rivals: gen_server of the BEAM, nact's query. */
import { genServer, type Pid, type Process, reply } from "lintel/kernel";
import { expectEqual, type Measurement, nowNs, perSecond } from "../program.ts";
import { inProcess, newKernel } from "./support.ts";

/** Adds one to what it is asked. */
const Successor = genServer({
  name: "Successor",
  init: () => 0,
  calls: { of: (state, n: number) => reply(n + 1, state) },
});

export const call: Measurement = async (size, repeats) => ({
  call: await perSecond((size) => calls(size, 1), size, repeats),
  "call-100": await perSecond((size) => calls(size, 100), size, repeats),
});

/** With the default timeout; the call fails at once if the server ends, as with a monitor. */
async function calls(size: number, callers: number): Promise<number> {
  const kernel = newKernel();
  const server = await Successor.start(kernel);
  const each = Math.ceil(size / callers);
  const begun = nowNs();
  await Promise.all(
    Array.from({ length: callers }, () =>
      inProcess(kernel, async (self) => {
        let n = 0;
        while (n < each) n = await self.call(server, "of", n);
        expectEqual("last reply", n, each);
      }),
    ),
  );
  const ended = nowNs();
  kernel.close();
  return ((ended - begun) / (each * callers)) * size;
}

/** Two plain processes, each in `await self.receive()`. */
export const async: Measurement = async (size, repeats) => ({
  async: await perSecond(
    async (size) => {
      const kernel = newKernel();
      const begun = nowNs();
      await inProcess(kernel, async (self) => {
        const pong = self.spawn(echo, self.pid);
        for (let n = 1; n <= size; n++) {
          self.send(pong, n);
          expectEqual("echo", await self.receive(), n);
        }
      });
      const ended = nowNs();
      kernel.close();
      return ended - begun;
    },
    size,
    repeats,
  ),
});

async function echo(self: Process, to: Pid): Promise<never> {
  for (;;) self.send(to, await self.receive());
}
