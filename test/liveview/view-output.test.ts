/** What a view says to its client, and in which order: wire protocol, 8.1 to 8.3. */
import { expect, test } from "vitest";
import { eventReply, html, liveView } from "../../liveview/index.ts";
import { ClientFrame } from "../../liveview/view/view-process.ts";
import { actor } from "../support/kernels.ts";
import { joinView } from "../support/live-views.ts";

const View = liveView({
  mount: () => ({ log: "", count: 0 }),
  events: {
    note: (socket, { text }) => {
      for (const letter of String(text)) socket.update("log", (log) => log + letter);
    },
    ask: () => eventReply({ answer: 42 }),
    back: (socket) => {
      socket.assign({ log: "changed" });
      socket.assign({ log: "" });
    },
    later: (socket) => {
      socket.self.send(socket.self.pid, "own");
      socket.update("count", (n) => n + 1);
    },
  },
  info: (socket, message) => socket.update("log", (log) => `${log}[${String(message)}]`),
  render: ({ log, count }) => html`<p>${log} ${count}</p>`,
});

test("F16: a diff for each callback, as a reply to an event, as a push after a message, in the order of these", async () => {
  const page = await joinView(View);
  const { kernel } = page.sim;
  const other = actor(kernel);
  const event = (ref: string, event: string, value = {}): void => {
    const frame = JSON.stringify(["4", ref, "lv:v", "event", { type: "click", event, value }]);
    kernel.deliver(page.self, new ClientFrame(frame));
  };
  page.frames();
  other.self.send(page.pid, "a");
  event("5", "later");
  event("6", "note", { text: "xyz" });
  other.self.send(page.pid, "b");
  event("7", "ask");
  await page.run(0);
  const reply = (ref: string, diff: object) => ["4", ref, "lv:v", "phx_reply", { status: "ok", response: { diff } }];
  const push = (diff: object) => ["4", null, "lv:v", "diff", diff];
  expect(page.frames()).toEqual([
    push({ 0: "[a]" }),
    reply("5", { 1: "1" }),
    reply("6", { 0: "[a]xyz" }),
    push({ 0: "[a]xyz[b]" }),
    reply("7", { r: { answer: 42 } }),
    push({ 0: "[a]xyz[b][own]" }),
  ]);
});

test("F15: an event after which all is as it was is answered, without a diff; a message says nothing", async () => {
  const page = await joinView(View);
  expect(await page.event("note", { text: "" })).toEqual({});
  expect(await page.event("back")).toEqual({});
  expect(await page.event("no such event")).toEqual({});
  page.frames();
  const Silent = liveView({
    mount: () => ({ n: 0 }),
    info: (socket) => socket.assign({ n: 0 }),
    render: () => html`<p></p>`,
  });
  const silent = await joinView(Silent);
  silent.frames();
  actor(silent.sim.kernel).self.send(silent.pid, "x");
  expect((await silent.run(0)).frames()).toEqual([]);
});
