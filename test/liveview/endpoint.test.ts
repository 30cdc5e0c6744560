/** The endpoint and a thread's host, in a simulated world: what becomes of pages that are late, or not to be shown. */
import { describe, expect, test } from "vitest";
import { Kernel } from "../../kernel/kernel.ts";
import { processOf } from "../../kernel/pid.ts";
import type { Process } from "../../kernel/process.ts";
import { SimWorld, simBoundaryPair } from "../../kernel/testing/index.ts";
import { Endpoint } from "../../liveview/endpoint.ts";
import { Host } from "../../liveview/host.ts";
import { defineApp, html, live, liveView } from "../../liveview/index.ts";
import { originPolicy } from "../../liveview/origin.ts";
import { SessionCookie } from "../../liveview/session-cookie.ts";
import { TokenSigner } from "../../liveview/token.ts";
import type { HttpResponse } from "../../liveview/transport/transport.ts";

const mounted: Process[] = [];

const Page = liveView({
  mount: async ({ self, params }) => {
    mounted.push(self);
    if (params["wait"] !== undefined) await new Promise<never>(() => undefined);
    return { n: 0 };
  },
  params: (socket) => socket.assign({ n: 1 }),
  render: ({ n }) => html`<p>${n}</p>`,
});

async function served() {
  const world = new SimWorld(1);
  const [main, scheduler] = [0, 1].map((thread) => new Kernel({ world, thread, report: () => undefined }));
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
  const starting = new Host(scheduler!, defineApp({ routes: [live("/page", Page)] }), signer, "one").start();
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
  return { get, kernel: scheduler!, world };
}

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
