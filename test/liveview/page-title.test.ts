/** What a view tells of the page's title: wire protocol, 6.10. */
import { describe, expect, test } from "vitest";
import { html, liveView } from "../../liveview/index.ts";
import { joinView } from "../support/live-views.ts";

const Page = liveView({
  mount: () => ({ pageTitle: null as string | null }),
  events: { rename: (socket, { title }) => socket.assign({ pageTitle: title as string | null }) },
  render: () => html`<p></p>`,
});

describe("pageTitle", () => {
  test("that is null is none, and never the word", async () => {
    const page = await joinView(Page);
    expect(page.rendered).not.toHaveProperty("t");
    expect(await page.event("rename", { title: "A" })).toEqual({ diff: { t: "A" } });
    expect(await page.event("rename", { title: null })).toEqual({ diff: { t: null } });
    expect(await page.event("rename", { title: null })).toEqual({});
  });
});
