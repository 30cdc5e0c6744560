/** Flash and navigation over the wire: in what order, with what, and who is let in. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningServer } from "../support/server.ts";
import { setups, startSetup } from "../support/setups.ts";
import { connect, type Frame, getPage, http, joinFrame, type Page, visit, type Wire } from "../support/wire-client.ts";
import { WireClient } from "../support/wire-merge.ts";

const app = "test/fixtures/apps/departures.js";
type Json = Record<string, unknown>;

/** One tab: what it shows, and the frames that it got, by event and payload. */
class Tab {
  readonly client = new WireClient();
  readonly page: Page;
  readonly wire: Wire;
  #ref = 10;
  #joinRef: string;

  constructor(page: Page, wire: Wire, joinRef = "4") {
    this.page = page;
    this.wire = wire;
    this.#joinRef = joinRef;
  }

  static async open(server: RunningServer, path: string): Promise<Tab> {
    const { page, wire, joined } = await visit(server, path);
    const tab = new Tab(page, wire);
    tab.show((JSON.parse(joined) as Frame)[4] as Json);
    return tab;
  }

  /** Sends an event, and takes what comes until its reply, or until the view has ended. */
  async event(event: string, value: Json = {}, cid?: number): Promise<[event: string, payload: unknown][]> {
    return this.request("event", { type: "click", event, value, ...(cid === undefined ? {} : { cid }) });
  }

  async request(event: string, payload: Json): Promise<[event: string, payload: unknown][]> {
    this.#ref += 1;
    const ref = String(this.#ref);
    this.wire.send([this.#joinRef, ref, this.page.topic, event, payload]);
    return this.until((frame) => frame[1] === ref);
  }

  /** Takes what comes until a frame; if it says that the view has gone, also its close. */
  async until(isLast: (frame: Frame) => boolean): Promise<[event: string, payload: unknown][]> {
    const got: [string, unknown][] = [];
    for (;;) {
      const frame = JSON.parse(await this.wire.next("a frame")) as Frame;
      got.push([frame[3], frame[4]]);
      this.show(frame[3] === "diff" ? { response: { diff: frame[4] } } : (frame[4] as Json));
      const text = JSON.stringify(frame[4]);
      if (frame[3] === "phx_close" || frame[3] === "phx_error") return got;
      if (isLast(frame) && !text.includes('redirect":{') && !frame[3].includes("redirect")) return got;
    }
  }

  show(payload: Json): void {
    const { rendered, diff } = (payload["response"] ?? {}) as Json;
    if (rendered !== undefined || diff !== undefined) this.client.receive(JSON.stringify(rendered ?? diff));
  }

  get html(): string {
    return this.client.html().replaceAll(/\s+/g, " ");
  }

  /** Leaves, and joins at another URL as a live navigation does: at once, under the same topic and tokens. */
  async navigate(to: string, payload: Json = {}): Promise<Json> {
    const ref = String((this.#ref += 1));
    this.wire.send([this.#joinRef, String((this.#ref += 1)), this.page.topic, "phx_leave", {}]);
    this.wire.send(
      joinFrame(this.page, { ref, payload: { url: undefined, redirect: `http://127.0.0.1${to}`, ...payload } }),
    );
    this.#joinRef = ref;
    const reply = JSON.parse(await this.wire.reply(ref)) as Frame;
    this.show(reply[4] as Json);
    return reply[4] as Json;
  }
}

const ok = (response: Json): [string, unknown] => ["phx_reply", { status: "ok", response }];
const closed: [string, unknown] = ["phx_close", {}];
const token = expect.stringMatching(/^v1\./);

describe.each(setups)("flash and navigation ($name)", (setup) => {
  let server: RunningServer;
  const tabs: Tab[] = [];
  const open = async (path: string): Promise<Tab> => {
    const tab = await Tab.open(server, path);
    tabs.push(tab);
    return tab;
  };
  beforeAll(async () => {
    server = await startSetup(setup, app);
  });
  afterAll(async () => {
    for (const { wire } of tabs) await wire[Symbol.asyncDispose]();
    expect(await server.stop()).toBe(0);
  });

  describe("params (V4)", () => {
    test("runs after mount, in the page as in the join, with path over query, and the whole URL", async () => {
      const tab = await open("/list/3?page=8&x=1");
      expect(tab.page.inner).toContain("<p>3 /list/3?page=8&amp;x=1 1</p>");
      expect(tab.html).toContain("<p>3 /list/3?page=8&amp;x=1 1</p>");
    });

    test("N11: a patch by it: 302 for the page; the tree after it and its URL for the join", async () => {
      const answer = await http(server, "/list?page=4&bounce=on");
      expect(answer).toMatchObject({ status: 302, headers: { location: "/list?page=4&bounce=off" }, body: "" });
      const page = await getPage(server, "/list");
      await using wire = await connect(server, page);
      const joined = JSON.parse(
        await wire.join(page, { payload: { url: "http://127.0.0.1/list?page=4&bounce=on" } }),
      ) as Frame;
      const { response } = joined[4] as { response: Json };
      expect(response["live_patch"]).toEqual({ to: "/list?page=4&bounce=off", kind: "replace" });
      expect(new WireClient().receive(JSON.stringify(response["rendered"])).html()).toContain("bounce=off 2</p>");
    });

    test("N11: a navigation by it: 302 with its flash in a cookie; an error reply for the join", async () => {
      const answer = await http(server, "/list?bounce=out");
      expect(answer).toMatchObject({ status: 302, headers: { location: "/target?from=params" } });
      const cookies = answer.headers["set-cookie"]!;
      const flash = cookies.find((cookie) => cookie.startsWith("__phoenix_flash__="))!;
      expect(flash).toMatch(/^__phoenix_flash__=v1\.[^;]+; Max-Age=60; Path=\/; SameSite=Lax$/);
      const shown = await http(server, "/target", { headers: { cookie: flash.split(";")[0]! } });
      expect(shown.body).toContain("dead:  bounced");
      expect(shown.headers["set-cookie"]).toContain("__phoenix_flash__=; Max-Age=0; Path=/; SameSite=Lax");
      // Who asks for the head alone has shown nothing: the flash stays for who does.
      const head = await http(server, "/target", { method: "HEAD", headers: { cookie: flash.split(";")[0]! } });
      expect(head.status).toBe(200);
      expect(String(head.headers["set-cookie"])).not.toContain("__phoenix_flash__");

      const page = await getPage(server, "/list");
      await using wire = await connect(server, page);
      const joined = JSON.parse(
        await wire.join(page, { payload: { url: "http://127.0.0.1/list?bounce=out" } }),
      ) as Frame;
      expect(joined[4]).toEqual({
        status: "error",
        response: { live_redirect: { to: "/target?from=params", kind: "push", flash: token }, events: [] },
      });
    });

    test.each(["javascript:/list?page=2", "javascript://127.0.0.1/list", "ftp://127.0.0.1/list", "data:/list"])(
      "N17: %s has a path, and is no URL of a page",
      async (url) => {
        const tab = await open("/list");
        expect(await tab.request("live_patch", { url })).toEqual([ok({ link_redirect: true })]);
        for (const payload of [{ url }, { url: undefined, redirect: url }]) {
          const page = await getPage(server, "/list");
          await using wire = await connect(server, page);
          const [, , , , reply] = JSON.parse(await wire.join(page, { payload })) as Frame;
          expect(reply).toEqual({ status: "error", response: { reason: "unauthorized" } });
        }
      },
    );

    test("N17: the URL's host is that of the page which has opened the socket, whatever the frames say", async () => {
      const page = await getPage(server, "/where");
      const host = `http://127.0.0.1:${server.port}`;
      expect(page.inner).toBe(`<p>${host}/where</p>`);
      const tab = new Tab(page, await connect(server, page));
      tabs.push(tab);
      tab.show(
        (
          JSON.parse(await tab.wire.join(page, { payload: { url: "https://u:p@evil.test/where?x=1#y" } })) as Frame
        )[4] as Json,
      );
      expect(tab.html).toBe(`<p>${host}/where?x=1#y</p>`);
      await tab.request("live_patch", { url: "http://evil.test/where?y=2" });
      expect(tab.html).toBe(`<p>${host}/where?y=2</p>`);
      await tab.event("patch");
      expect(tab.html).toBe(`<p>${host}/where?z=3</p>`);
      await tab.navigate("/where", { redirect: "http://evil.test/where" });
      expect(tab.html).toBe(`<p>${host}/where</p>`);
    });

    test("V20: a patch without end is cut after 20, in the page and in the view", async () => {
      expect(await http(server, "/list?bounce=forever")).toMatchObject({ status: 302 });
      const tab = await open("/list");
      const got = await tab.event("patch", { to: "/list?bounce=forever" });
      expect(got.map(([event]) => event)).toEqual([...Array.from({ length: 20 }, () => "live_patch"), "phx_error"]);
    });
  });

  describe("patch (N3, V20)", () => {
    test("by an event: first the URL, then one reply with what handler and params changed", async () => {
      const tab = await open("/list");
      const got = await tab.event("patch", { to: "/list?page=2" });
      expect(got.map(([event]) => event)).toEqual(["live_patch", "phx_reply"]);
      expect(got[0]![1]).toEqual({ to: "/list?page=2", kind: "push" });
      expect(tab.html).toContain("<p>2 /list?page=2 2</p>");
      expect((await tab.event("patch", { to: "/list/6", replace: true }))[0]![1]).toEqual({
        to: "/list/6",
        kind: "replace",
      });
      expect(tab.html).toContain("<p>6 /list/6 3</p>");
    });

    test("N7: one that params patches on: two URLs, one reply", async () => {
      const tab = await open("/list");
      const got = await tab.event("patch", { to: "/list?page=3&bounce=on" });
      expect(got.slice(0, 2)).toEqual([
        ["live_patch", { to: "/list?page=3&bounce=on", kind: "push" }],
        ["live_patch", { to: "/list?page=3&bounce=off", kind: "replace" }],
      ]);
      expect(got[2]![0]).toBe("phx_reply");
      expect(tab.html).toContain("<p>3 /list?page=3&amp;bounce=off 3</p>");
    });

    test("a client that acknowledges is told which of its requests a URL is a part of", async () => {
      const page = await getPage(server, "/list");
      await using wire = await connect(server, page);
      await wire.join(page, { payload: { ack: true } });
      const event = (name: string, value: Json) => ({ type: "click", event: name, value });
      wire.send(["4", "7", page.topic, "event", event("patch", { to: "/list?page=3" })]);
      wire.send(["4", "8", page.topic, "live_patch", { url: "http://127.0.0.1/list?bounce=on" }]);
      wire.send(["4", "9", page.topic, "event", event("later", { how: "patch" })]);
      const told: unknown[] = [];
      for (let n = 0; n < 3; n++) told.push((JSON.parse(await wire.push("live_patch")) as Frame)[4]);
      expect(told).toEqual([
        { to: "/list?page=3", kind: "push", ref: "7" },
        { to: "/list?page=1&bounce=off", kind: "replace", ref: "8" },
        { to: "/list?page=7", kind: "push" },
      ]);
    });

    test("by a message: the URL, then a diff", async () => {
      const tab = await open("/list");
      expect(await tab.event("later", { how: "patch" })).toEqual([ok({})]);
      const got = await tab.until(([, , , event]) => event === "diff");
      expect(got.map(([event]) => event)).toEqual(["live_patch", "diff"]);
      expect(tab.html).toContain("<p>7 /list?page=7 2</p>");
    });

    test("by the client: params runs, the flash goes; what is of another view is a navigation", async () => {
      const tab = await open("/list");
      await tab.event("flash", { text: "gone soon" });
      expect(tab.html).toContain("<li>info: gone soon</li>");
      expect(
        (await tab.request("live_patch", { url: "http://127.0.0.1/list/12?y=1" })).map(([event]) => event),
      ).toEqual(["phx_reply"]);
      expect(tab.html).toContain("<p>12 /list/12?y=1 2</p> <ul></ul>");
      for (const url of [
        "http://127.0.0.1/target",
        "http://127.0.0.1/nowhere",
        "http://127.0.0.1/admin/list",
        "%%",
        7,
      ]) {
        expect(await tab.request("live_patch", { url })).toEqual([ok({ link_redirect: true })]);
      }
      expect(await tab.request("live_patch", {})).toEqual([ok({ link_redirect: true })]);
    });

    test("a flash put by the same handler stays (V18)", async () => {
      const tab = await open("/list");
      await tab.event("patchWithFlash");
      expect(tab.html).toContain("<p>5 /list?page=5 2</p> <ul><li>info: patched</li></ul>");
    });

    test.each(["/target", "/admin/list", "/nowhere", "//evil.test/list", "list", "https://evil.test/list"])(
      "N17: to %s costs the view, and says why",
      async (to) => {
        const tab = await open("/list");
        expect(await tab.event("patch", { to })).toEqual([["phx_error", {}]]);
      },
    );

    test("a rejoin says the URL after patches, at which the view's other route is right as well", async () => {
      const tab = await open("/list");
      await using wire = await connect(server, tab.page);
      const at = async (url: string): Promise<unknown> =>
        (JSON.parse(await wire.join(tab.page, { payload: { url } })) as Frame)[4];
      expect(await at("http://127.0.0.1/list/9")).toMatchObject({ status: "ok" });
      expect(await at("http://127.0.0.1/target")).toEqual({ status: "error", response: { reason: "unauthorized" } });
      expect(await at("http://127.0.0.1/admin/list")).toEqual({
        status: "error",
        response: { reason: "unauthorized" },
      });
    });
  });

  describe("navigate and redirect (V20)", () => {
    test("by an event: pending events, the reply, the close, in this order; nothing of the view's own changes", async () => {
      const tab = await open("/list");
      expect(await tab.event("navigate")).toEqual([
        ["diff", { e: [["leaving", { to: "/target" }]] }],
        ok({ live_redirect: { to: "/target", kind: "push" } }),
        closed,
      ]);
    });

    test("by a message: as a push", async () => {
      const tab = await open("/list");
      tab.wire.send(["4", null, tab.page.topic, "event", { type: "click", event: "later", value: { how: "go" } }]);
      expect(await tab.until(() => false)).toEqual([
        ["live_redirect", { to: "/target", kind: "replace", flash: token }],
        closed,
      ]);
    });

    test("V18: the flash goes to the next view by its join, once, and only for 60 s", async () => {
      const tab = await open("/list");
      await tab.event("flash", { text: "old" });
      const [, [, reply]] = (await tab.event("navigate", { flash: "saved" })) as [unknown, [string, Json]];
      const { live_redirect: there } = reply["response"] as { live_redirect: { flash: string } };
      const joined = await tab.navigate("/target?from=list", { flash: there.flash });
      expect(joined).toMatchObject({ status: "ok", response: { container: ["div", {}] } });
      expect(tab.html).toBe("<section>from list, live: saved </section>"); // "old" was not put by this event
      for (const flash of ["", "v1.nonsense", 7, null, `${there.flash.slice(0, -2)}AA`]) {
        await tab.navigate("/target", { flash });
        expect(tab.html).toBe("<section>from nowhere, live: </section>");
      }
    });

    test("redirect: with status ok, flash as token, for the page's cookie", async () => {
      const tab = await open("/list");
      const got = await tab.event("redirect");
      expect(got).toEqual([ok({ redirect: { to: "/target", flash: token } }), closed]);
      expect(await (await open("/list")).event("outside")).toEqual([
        ok({ redirect: { to: "https://example.test/x" } }),
        closed,
      ]);
    });

    test("N17: elsewhere is no path of this site", async () => {
      for (const to of ["//evil.test", "/\\evil.test", "/\t/evil.test", "evil", ""]) {
        expect(await (await open("/list")).event("redirect", { to })).toEqual([["phx_error", {}]]);
        expect((await (await open("/list")).event("navigate", { to })).at(-1)).toEqual(["phx_error", {}]);
      }
    });

    test("two in one callback cost the view", async () => {
      expect(await (await open("/list")).event("twice")).toEqual([["phx_error", {}]]);
    });

    test.each<[string, number, string]>([
      ["redirect", 302, "/target"],
      ["moved", 301, "/target"],
      ["navigate", 302, "/target"],
      ["outside", 302, "https://example.test/"],
    ])("N11: by mount, %s: %i", async (how, status, location) => {
      expect(await http(server, `/gate?how=${how}`)).toMatchObject({ status, headers: { location }, body: "" });
      const page = await getPage(server, `/gate?when=joined&how=${how}`);
      await using wire = await connect(server, page);
      const [, , , , reply] = JSON.parse(await wire.join(page)) as Frame;
      const name = how === "navigate" ? "live_redirect" : "redirect";
      expect(reply).toMatchObject({ status: "error", response: { [name]: { to: location }, events: [] } });
      // The number is free again, and the socket as it was.
      expect(JSON.parse(await wire.join({ ...page, path: "/gate" }, { ref: "5" }))).toMatchObject({
        4: { status: "ok" },
      });
      expect(wire.rest).toEqual([]);
    });

    test("N3, N4: within a live session on the open socket; from outside it, unauthorized", async () => {
      const tab = await open("/list");
      expect(await tab.navigate("/target")).toMatchObject({ status: "ok" });
      expect(await tab.navigate("/list?page=3")).toMatchObject({ status: "ok" });
      expect(tab.html).toContain("<p>3 /list?page=3 1</p>");
      expect(await tab.navigate("/admin")).toEqual({ status: "error", response: { reason: "unauthorized" } });
      expect(await tab.navigate("/nowhere")).toEqual({ status: "error", response: { reason: "unauthorized" } });
      const admin = await open("/admin");
      expect(await admin.navigate("/admin/logs")).toMatchObject({ status: "ok" });
      expect(await admin.navigate("/target")).toEqual({ status: "error", response: { reason: "unauthorized" } });
    });
  });

  test.each([
    ["a host that is more than a host", "/list", "x/admin?"],
    ["a host with a fragment", "/list", "x/admin#"],
    ["a host with a name before it", "/list", "a@b"],
    ["backslashes, which URLs have not", "/list/..\\admin", "x"],
    ["dots in disguise", "/list/%2e%2e", "x"],
  ])("N17: a page request with %s is a bad one: it would be another page than its path says", async (_, path, host) => {
    expect(await http(server, path, { headers: { host } })).toMatchObject({ status: 400 });
  });

  describe("flash (V18, B23)", () => {
    test("lv:clear-flash takes one message, or all", async () => {
      const tab = await open("/list");
      await tab.event("flash", { text: "one" });
      await tab.event("flash", { kind: "error", text: "<two>" });
      expect(tab.html).toContain("<li>info: one</li><li>error: &lt;two&gt;</li>");
      await tab.event("lv:clear-flash", { key: "info", value: "" });
      expect(tab.html).toContain("<ul><li>error: &lt;two&gt;</li></ul>");
      expect(await tab.event("lv:clear-flash", { key: "toString" })).toEqual([ok({})]);
      await tab.event("flash", { text: "three" });
      await tab.event("lv:clear-flash", { value: "" });
      expect(tab.html).toContain("<ul></ul>");
      expect(await tab.event("lv:clear-flash", { key: 7 })).toEqual([ok({})]);
    });

    test("the page's own goes to its first join, and not to those after, nor along with a navigation", async () => {
      const answer = await http(server, "/list?bounce=out");
      const flash = answer.headers["set-cookie"]!.find((cookie) => cookie.startsWith("__phoenix_flash__="))!.split(
        ";",
      )[0]!;
      const first = await getPage(server, "/target");
      const page = await getPage(server, "/target", `${first.cookie}; ${flash}`);
      expect(page.inner).toBe("<section>from nowhere, dead:  bounced</section>");
      await using wire = await connect(server, { ...page, cookie: first.cookie });
      const tab = new Tab(page, wire);
      const join = async (payload: Json): Promise<string> => {
        tab.show((JSON.parse(await wire.join(page, { payload })) as Frame)[4] as Json);
        return tab.html;
      };
      expect(await join({})).toBe("<section>from nowhere, live: bounced</section>");
      expect(await join({ params: { _mounts: 1 } })).toBe("<section>from nowhere, live: </section>");
      expect(await join({ url: undefined, redirect: "http://127.0.0.1/target" })).toBe(
        "<section>from nowhere, live: </section>",
      );
    });

    test("a page that shows what came by cookie is not kept by the browser, for its way back", async () => {
      const away = await http(server, "/gate?how=navigate");
      const cookie = away.headers["set-cookie"]!.map((set) => set.split(";")[0]!).join("; ");
      const page = await http(server, "/target", { headers: { cookie } });
      expect(page.body).toContain("from the gate");
      expect(page.headers["cache-control"]).toBe("no-store");
      const usual = await http(server, "/target");
      expect(usual.headers["cache-control"]).toBe("max-age=0, private, must-revalidate");
    });

    test("a flash cookie that is forged says nothing, and is taken away", async () => {
      const answer = await http(server, "/target", { headers: { cookie: '__phoenix_flash__={"info":"<b>hi</b>"}' } });
      expect(answer.status).toBe(200);
      expect(answer.body).toContain("dead:  </section>");
      expect(answer.headers["set-cookie"]).toContain("__phoenix_flash__=; Max-Age=0; Path=/; SameSite=Lax");
    });
  });

  describe("C7: a component", () => {
    test("its flash is its own, and cleared by itself", async () => {
      const tab = await open("/list");
      await tab.event("note", {}, 1);
      expect(tab.html).toContain("<ul></ul> <b>1 panel</b>");
      await tab.event("lv:clear-flash", {}, 1);
      expect(tab.html).toContain("<b>1 </b>");
    });

    test("patches: its own diff as a push, the URL, then the reply with what else changed; its flash is the view's now", async () => {
      const tab = await open("/list");
      await tab.event("note", {}, 1);
      const got = await tab.event("patch", {}, 1);
      expect(got.map(([event]) => event)).toEqual(["diff", "live_patch", "phx_reply"]);
      expect(Object.keys(got[0]![1] as Json)).toEqual(["c"]);
      expect(got[1]![1]).toEqual({ to: "/list?page=9", kind: "push" });
      expect(tab.html).toContain(
        "<p>9 /list?page=9 2</p> <ul><li>info: panel patched</li></ul> <b>2 panel patched</b>",
      );
    });

    test("what it has put before a patch does not go along with a later navigation of its view", async () => {
      const tab = await open("/bare");
      await tab.event("patch", { to: "/bare?x=1" }, 1);
      expect(tab.html).toContain("0 panel patched");
      expect(await tab.event("navigate")).toEqual([ok({ live_redirect: { to: "/target", kind: "push" } }), closed]);
    });

    test("navigates: its own diff and events as a push without the ref, the reply, the close; its flash goes along", async () => {
      const tab = await open("/list");
      const got = await tab.event("navigate", {}, 1);
      expect(got.map(([event]) => event)).toEqual(["diff", "phx_reply", "phx_close"]);
      expect(got[0]![1]).toMatchObject({ e: [["bye", {}]], c: { 1: {} } });
      const { response } = got[1]![1] as { response: { live_redirect: { flash: string } } };
      expect(response.live_redirect).toEqual({ to: "/target", kind: "push", flash: token });
      await tab.navigate("/target", { flash: response.live_redirect.flash });
      expect(tab.html).toBe("<section>from nowhere, live: panel navigated </section>");
    });

    test("redirects", async () => {
      expect(await (await open("/list")).event("redirect", {}, 1)).toEqual([
        ok({ redirect: { to: "/target" } }),
        closed,
      ]);
    });
  });
});
