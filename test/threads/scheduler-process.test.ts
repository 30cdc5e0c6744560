/** A thread's start, drain, stop and crash are processes and signals of the kernel like any other. */
import {
  type DownMessage,
  type Kernel,
  type Pid,
  type Process,
  type SchedulerEvent,
  schedulerEvents,
} from "lintel/kernel";
import { expect, test } from "vitest";
import { until } from "../support/until.ts";
import { getPage } from "../support/wire-client.ts";
import { LifeLog, type Served, serveApp } from "./serving.ts";

/** Notes what a process of the main thread's kernel hears. */
async function listen(kernel: Kernel, begin: (self: Process) => void): Promise<unknown[]> {
  const heard: unknown[] = [];
  await new Promise<void>((resolve) => {
    kernel.spawn(async (self) => {
      begin(self);
      resolve();
      for (;;) heard.push(await self.receive());
    });
  });
  return heard;
}

async function watchThread({
  server,
}: Served): Promise<{ thread: number; pid: Pid; downs: unknown[]; events: unknown[] }> {
  const thread = server.threads[0]!;
  const pid = server.threadPid(thread)!;
  return {
    thread,
    pid,
    downs: await listen(server.kernel, (self) => void self.monitor(pid)),
    events: await listen(server.kernel, (self) => self.subscribe(schedulerEvents)),
  };
}

const reasons = (downs: unknown[]): unknown[] => (downs as DownMessage[]).map(({ object, reason }) => [object, reason]);
const words = (events: unknown[]): string[] =>
  (events as SchedulerEvent[]).map(({ event, thread }) => `${event} ${thread}`);

test('an exit signal "shutdown" drains the thread: its children stop in order, and another one takes its place', async () => {
  using log = new LifeLog();
  await using served = await serveApp("children", { schedulers: 1 });
  const { thread, pid, downs, events } = await watchThread(served);
  log.clear();
  served.server.kernel.exit(pid, "shutdown");
  await until("another thread is up", () => words(events).some((word) => word.startsWith("up")));
  expect(reasons(downs)).toEqual([[pid, "shutdown"]]);
  expect(words(events)).toEqual([`draining ${thread}`, `down ${thread}`, `up ${thread + 1}`]);
  const stops = log.lines.filter((line) => line.startsWith("stop"));
  expect(stops).toHaveLength(2);
  expect(log.lines.slice(0, 4)).toEqual([...stops, ...stops.map((line) => line.replace("stop", "start")).reverse()]);
  expect(served.server.threads).toEqual([thread + 1]);
  expect(served.server.threadPid(thread)).toBeUndefined();
  expect((await getPage(served, "/counter")).status).toBe(200);
});

test('"kill" ends it at once; so does its end its process', async () => {
  await using served = await serveApp("lifecycle", { schedulers: 1 });
  const first = await watchThread(served);
  served.server.kernel.exit(first.pid, "kill");
  await until("another thread is up", () => words(first.events).some((word) => word.startsWith("up")));
  expect(reasons(first.downs)).toEqual([[first.pid, "killed"]]);
  expect(words(first.events)).toEqual([`down ${first.thread}`, `up ${first.thread + 1}`]);

  const second = await watchThread(served);
  await served.server.killThread(second.thread);
  await until("another thread is up", () => words(second.events).some((word) => word.startsWith("up")));
  expect(reasons(second.downs)).toEqual([[second.pid, "schedulerDown"]]);
});

test("when the server closes, they end in order", async () => {
  const served = await serveApp("lifecycle", { schedulers: 2 });
  const { pid, downs } = await watchThread(served);
  await served.server.close();
  expect(reasons(downs)).toEqual([[pid, "shutdown"]]);
});
