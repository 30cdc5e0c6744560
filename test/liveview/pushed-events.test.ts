/** Events for the browser (V19): what they carry is read when they are pushed, and refused there. */
import { expect, test } from "vitest";
import { eventReply, html, liveView } from "../../liveview/index.ts";
import { joinView } from "../support/live-views.ts";

const cycle: Record<string, unknown> = {};
cycle["self"] = cycle;

const View = liveView({
  mount: () => ({ n: 0 }),
  events: {
    changed: (socket) => {
      const detail = { list: [1] };
      socket.pushEvent("shown", detail);
      detail.list.push(2);
    },
    bigint: (socket) => socket.pushEvent("count", { n: 7n }),
    cycle: (socket) => socket.pushEvent("loop", cycle),
    reply: () => eventReply({ n: 7n }),
  },
  render: ({ n }) => html`<p>${n}</p>`,
});

test("V19: what they carry is as it was when they were pushed", async () => {
  const page = await joinView(View);
  expect(await page.event("changed")).toEqual({ diff: { e: [["shown", { list: [1] }]] } });
});

test.each([
  ["bigint", /View v: pushEvent\("count"\): expected what JSON can carry\. .*BigInt\./],
  ["cycle", /View v: pushEvent\("loop"\): expected what JSON can carry\. .*circular/],
  ["reply", /View v: eventReply: expected what JSON can carry\. .*BigInt\./],
])("%s: refused by name, and the stack is the handler's", async (event, sentence) => {
  const page = await joinView(View);
  await page.event(event);
  const crash = page.sim.reports.find(({ kind }) => kind === "crash") as { reason: { error: Error } } | undefined;
  expect(crash?.reason.error.message).toMatch(sentence);
  expect(crash?.reason.error).toMatchObject({ code: "ERR_OPTION" });
});
