/** The endpoint and a thread's host, in a simulated world: what becomes of pages and views for which nobody waits. */
import { describe, expect, test } from "vitest";
import { Kernel } from "../../kernel/kernel.ts";
import type { Report } from "../../kernel/observe/report.ts";
import { processOf } from "../../kernel/pid.ts";
import type { Process } from "../../kernel/process.ts";
import { SimWorld, simBoundaryPair } from "../../kernel/testing/index.ts";
import { type Connection, Endpoint } from "../../liveview/app/endpoint.ts";
import { defineApp, html, live, liveView } from "../../liveview/index.ts";
import { originPolicy } from "../../liveview/session/origin.ts";
import { SessionCookie } from "../../liveview/session/session-cookie.ts";
import { TokenSigner } from "../../liveview/session/token.ts";
import type { HttpResponse, TransportSocket } from "../../liveview/transport/transport.ts";
import { Host } from "../../liveview/view/host.ts";

type Joined = Awaited<ReturnType<Awaited<ReturnType<typeof served>>["join"]>>;

const mounted: Process[] = [];

const Page = liveView({
  mount: async ({ self, params }) => {
    mounted.push(self);
    if (params["wait"] !== undefined) await new Promise<never>(() => undefined);
    return { n: 0 };
  },
  params: (socket) => socket.assign({ n: 1 }),
  events: { hang: () => new Promise<never>(() => undefined) },
  render: ({ n }) => html`<p>${n}</p>`,
});

async function served() {
  const world = new SimWorld(1);
  const reports: Report[] = [];
  const [main, scheduler] = [0, 1].map(
    (thread) => new Kernel({ world, thread, report: (report) => void reports.push(report) }),
  );
  const [one, other] = simBoundaryPair(world);
  main!.peers.connect(1, one);
  scheduler!.peers.connect(0, other);
  const systemMs = () => world.systemMs();
  const signer = new TokenSigner("a secret of at least thirty-two bytes", systemMs);
  const endpoint = new Endpoint({
    kernel: main!,
    cookie: new SessionCookie({ signer, systemMs, randomBytes: (size) => Buffer.from(world.randomBytes(size)) }),
    origin: originPolicy(),
    scheme: "http",
    files: [],
    maxChannels: 10,
    threads: () => [1],
  });
  const starting = new Host(scheduler!, defineApp({ routes: [live("/page", Page)] }), signer, {
    runtime: "one",
    maxFrameBytes: 65_536,
    maxLingerMs: 120_000,
  }).start();
  await world.runAsync({ forMs: 1 });
  await starting;
  const get = async (query: string, forMs: number): Promise<HttpResponse> => {
    const answer = endpoint.request({
      method: "GET",
      path: "/page",
      query,
      headers: { host: "example.test" },
      remoteAddress: "",
    });
    await world.runAsync({ forMs });
    return answer;
  };
  /** A visitor's socket, with the page's view joined. */
  const join = async () => {
    const { headers, body } = await get("", 10);
    const find = (pattern: RegExp): string => pattern.exec(String(body))![1]!;
    const csrf = find(/csrf-token" content="([^"]+)"/);
    const upgrade = endpoint.upgrade({
      method: "GET",
      path: "/live/websocket",
      query: `_csrf_token=${csrf}`,
      headers: {
        host: "example.test",
        origin: "http://example.test",
        cookie: (headers["set-cookie"] as readonly string[])[0]!.split(";")[0]!,
      },
      remoteAddress: "",
    });
    if (!upgrade.accept) throw new Error(`The upgrade was answered with ${upgrade.status}.`);
    const got: string[] = [];
    const socket: TransportSocket<Connection> = {
      data: upgrade.data,
      bufferedAmount: 0,
      send: (frame) => {
        got.push(Buffer.from(frame).toString());
        return "sent";
      },
      cork: (work) => work(),
      close: () => undefined,
    };
    const topic = `lv:${find(/<div id="([^"]+)" data-phx-main/)}`;
    const send = async (ref: string, event: string, payload: object): Promise<void> => {
      endpoint.message(socket, Buffer.from(JSON.stringify(["4", ref, topic, event, payload])), false);
      await world.runAsync({ forMs: 10 });
    };
    await send("4", "phx_join", {
      url: "http://example.test/page",
      params: {},
      session: find(/data-phx-session="([^"]+)"/),
      static: null,
    });
    expect(got.pop()).toContain('"status":"ok"');
    return { view: mounted.at(-1)!.pid, got, send, close: () => endpoint.close(socket) };
  };
  return { get, join, kernel: scheduler!, world, reports };
}

describe("a view that is in a callback which never returns", () => {
  test.each([
    ["leaves", async ({ send }: Joined) => send("6", "phx_leave", {})],
    ["closes its socket", async ({ close }: Joined) => close()],
  ])("is killed `maxLingerMs` after its client %s", async (_, go) => {
    const { join, world, reports } = await served();
    const stuck = await join();
    const other = await join();
    await stuck.send("5", "event", { type: "click", event: "hang", value: {} });
    await go(stuck);
    await world.runAsync({ forMs: 119_000 });
    expect(processOf(stuck.view)).toBeDefined();
    await world.runAsync({ forMs: 2_000 });
    expect(processOf(stuck.view)).toBeUndefined();
    expect(processOf(other.view)).toBeDefined();
    expect(reports).toMatchObject([{ event: "lingering", detail: expect.stringContaining("LiveView /page <1.") }]);
    await other.send("6", "phx_leave", {});
    expect(processOf(other.view)).toBeUndefined();
    await world.runAsync({ forMs: 600_000 });
    expect(reports).toHaveLength(1);
  });
});

describe("a page", () => {
  test("whose mount never ends is answered for after 30 s, and its process ends", async () => {
    const { get, world } = await served();
    expect((await get("wait=1", 32_000)).status).toBe(504);
    await world.runAsync({ forMs: 1 });
    expect(processOf(mounted.at(-1)!.pid)).toBeUndefined();
    expect((await get("", 10)).status).toBe(200);
  });

  test("whose params took threads for itself too often is switched off, as one whose render did", async () => {
    const { get, kernel } = await served();
    const count = mounted.length;
    kernel.quarantine.add("Page /page, params", 60_000);
    expect(await get("", 10)).toMatchObject({ status: 503, headers: { "retry-after": "60" } });
    expect(mounted.length).toBe(count);
  });
});
