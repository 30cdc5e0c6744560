/**
 * Does a process with many messages waiting still get its reply quickly? Rival: the BEAM, which skips what came before
 * the reference was made when the compiler can see it, and else scans the mailbox.
 */
import { genServer, type Pid, type Process, reply } from "lintel/kernel";
import { expectEqual, type Measurement, nowNs, nsEach } from "../program.ts";
import { inProcess, newKernel } from "./support.ts";

const Echo = genServer({
  name: "Echo",
  init: () => 0,
  calls: { echo: (state, n: number) => reply(n, state) },
});

/** @param size messages that wait; ten times as many for the last figure */
export const backlog: Measurement = async (size, repeats) => ({
  "backlog-ref": await nsEach((rounds) => behind(size, rounds, byRef), size * 2, repeats),
  "backlog-ref-100k": await nsEach((rounds) => behind(size * 10, rounds, byRef), size * 2, repeats),
  "backlog-tag": await nsEach((rounds) => behind(size, rounds, byTag), Math.ceil(size / 20), repeats),
});

type RoundTrips = (self: Process, rounds: number) => Promise<number>;

async function behind(waiting: number, rounds: number, roundTrips: RoundTrips): Promise<number> {
  const kernel = newKernel({ maxMailbox: 200_000 });
  const took = await inProcess(kernel, async (self) => {
    for (let n = 0; n < waiting; n++) self.send(self.pid, { tag: "waits", n });
    const took = await roundTrips(self, rounds);
    for (let n = 0; n < waiting; n++) expectEqual("what waited", (await self.receive<{ n: number }>()).n, n);
    return took;
  });
  kernel.close();
  return took;
}

const byRef: RoundTrips = async (self, rounds) => {
  const server = await Echo.start(self);
  const begun = nowNs();
  for (let n = 0; n < rounds; n++) expectEqual("reply", await self.call(server, "echo", n), n);
  return nowNs() - begun;
};

interface Answer {
  readonly tag: "answer";
  readonly n: number;
}

const byTag: RoundTrips = async (self, rounds) => {
  const pong = self.spawn(answerer, self.pid);
  const begun = nowNs();
  for (let n = 0; n < rounds; n++) {
    self.send(pong, n);
    const answer = await self.receive<Answer>({
      match: (message): message is Answer => (message as Answer).tag === "answer" && (message as Answer).n === n,
    });
    expectEqual("answer", answer.n, n);
  }
  return nowNs() - begun;
};

async function answerer(self: Process, to: Pid): Promise<never> {
  for (;;) self.send(to, { tag: "answer", n: await self.receive<number>() });
}
