/**
 * A live view in a simulated world, without a server: its real process, and what travels to and from its client.
 *
 *   const page = joinView(Page);              mounted, joined; page.rendered is the tree, page.html() what a browser shows
 *   page.event("inc", {}, { cid: 1 });        page.sent are the payloads of diffs since the last look
 *   page.html()                               both clients that merge what was sent must agree
 */

import type { Pid } from "../../kernel/pid.ts";
import type { Process } from "../../kernel/process.ts";
import { live } from "../../liveview/app/router.ts";
import { renderPage } from "../../liveview/component/dead-page.ts";
import { noFlash } from "../../liveview/view/flash.ts";
import { liveUrl } from "../../liveview/view/live-url.ts";
import type { LiveView } from "../../liveview/view/live-view.ts";
import { mountView } from "../../liveview/view/mounting.ts";
import { ClientFrame, viewBehaviour } from "../../liveview/view/view-process.ts";
import type { ViewJoin } from "../../liveview/view/view-state.ts";
import { frameWriter } from "../../liveview/wire/frame-writer.ts";
import { type SimKernel, simKernel } from "./kernels.ts";
import { WireClient } from "./wire-merge.ts";

type Json = Record<string, unknown>;

export interface JoinOptions {
  readonly sim?: SimKernel;
  /** Path that it is at, and can be patched to with another query; default: none, as if it were nested. */
  readonly at?: string;
  /** The client acknowledges, by `push("ack", { seq })`. */
  readonly acknowledges?: boolean;
  /** Another client that must agree, beside the one written from the wire protocol. */
  readonly clients?: readonly { receive(text: string): unknown; html(): string }[];
}

/** A view whose events, infos and assigns do not matter. */
// biome-ignore lint/suspicious/noExplicitAny: any view will do
type AnyView = LiveView<any, any, any>;

export class JoinedView {
  readonly sim: SimKernel;
  readonly self: Process;
  /** Texts of frames, oldest first, not looked at yet. */
  readonly #frames: string[] = [];
  readonly #clients: readonly { receive(text: string): unknown; html(): string }[];
  #ref = 4;
  readonly #replies = new Map<string, Json>();
  /** Diffs since the last look, as they travelled. */
  #diffs: Json[] = [];
  /** All frames since the last look. */
  #seen: unknown[] = [];
  rendered: Json = {};
  /** Tokens of nested views that were made so far; the last part of each. */
  signed = 0;

  /** Of messages but diffs, that were not looked at yet. */
  #pushes: [event: string, payload: Json][] = [];

  constructor(view: AnyView, { sim = simKernel(), clients = [], at, acknowledges = false }: JoinOptions = {}) {
    this.sim = sim;
    this.#clients = [new WireClient(), ...clients];
    const routes = [live(at ?? "/", view)];
    const locate = (url: unknown) => liveUrl(routes, url, { base: "http://test" });
    const join: ViewJoin = {
      view: view.definition,
      joinRef: "4",
      ref: "4",
      topic: "lv:v",
      id: "v",
      parent: null,
      url: at === undefined ? null : locate(at)!,
      isNavigation: false,
      flash: noFlash,
      locate: at === undefined ? () => undefined : locate,
      signFlash: (flash) => JSON.stringify(flash),
      session: {},
      connectParams: {},
      acknowledges,
      maxFrameBytes: 65_536,
      signChild: (parent, { id, name, session }) => {
        this.signed += 1;
        return `${parent}-${name}-${id}-${session}-${this.signed}`.replace(/[^\w-]/g, "_");
      },
      frames: frameWriter(undefined, "4", "lv:v"),
      send: (frame) => this.#frames.push(String(frame)),
    };
    const pid = sim.kernel.spawn(viewBehaviour, join, { label: "LiveView /test" });
    this.self = sim.kernel.localProcess(pid.serial)!;
  }

  get pid(): Pid {
    return this.self.pid;
  }

  /** Runs the world, for a while or until nothing is left to do, and takes in what was sent. */
  async run(forMs?: number): Promise<this> {
    await this.sim.world.runAsync(forMs === undefined ? {} : { forMs });
    for (const text of this.#frames.splice(0)) this.#take(text);
    return this;
  }

  #take(text: string): void {
    this.#seen.push(JSON.parse(text));
    const [, ref, , event, payload] = JSON.parse(text) as [string, string | null, string, string, Json];
    if (event === "diff") this.#merge(payload);
    else if (event !== "phx_reply") this.#pushes.push([event, payload]);
    if (event !== "phx_reply") return;
    const response = payload["response"] as Json;
    if (response["rendered"] !== undefined) this.#merge((this.rendered = response["rendered"] as Json));
    else if (response["diff"] !== undefined) this.#merge(response["diff"] as Json);
    this.#replies.set(ref!, response);
  }

  #merge(diff: Json): void {
    this.#diffs.push(structuredClone(diff));
    for (const client of this.#clients) {
      client.receive(JSON.stringify(diff));
      client.html();
    }
  }

  /** Sends a message of the client. @returns the response to it, after what it caused has come to rest or `forMs` */
  async push(event: string, payload: Json, forMs = 0): Promise<Json | undefined> {
    this.#ref += 1;
    const ref = String(this.#ref);
    const frame = JSON.stringify(["4", ref, "lv:v", event, payload]);
    this.sim.kernel.deliver(this.self, new ClientFrame(frame));
    await this.run(forMs);
    return this.#replies.get(ref);
  }

  event(name: string, value: Json = {}, cid?: number, forMs = 0): Promise<Json | undefined> {
    return this.push("event", { type: "click", event: name, value, ...(cid === undefined ? {} : { cid }) }, forMs);
  }

  /** Diffs that came since the last call. */
  diffs(): Json[] {
    return this.#diffs.splice(0);
  }

  /** Other messages that came since the last call. */
  pushes(): [event: string, payload: Json][] {
    return this.#pushes.splice(0);
  }

  /** Frames that came since the last call. */
  frames(): unknown[] {
    return this.#seen.splice(0);
  }

  /** What every client shows. */
  html(): string {
    const [first, ...others] = this.#clients.map((client) => client.html());
    for (const other of others) {
      if (other !== first) throw new Error(`The clients do not agree:\n${first}\n${other}`);
    }
    return first!;
  }
}

export function joinView(view: AnyView, options: JoinOptions = {}): Promise<JoinedView> {
  return new JoinedView(view, options).run(0);
}

/** The page of a view, as HTTP sees it: what is inside the container. */
export async function deadHtml(view: AnyView, sim: SimKernel = simKernel()): Promise<string> {
  let html = "";
  sim.kernel.spawn(async (self) => {
    const { socket } = await mountView({
      view: view.definition,
      id: "v",
      self,
      connected: false,
      session: {},
      connectParams: undefined,
      url: null,
      flash: noFlash,
    });
    html = await renderPage(socket, view.definition.show, {
      signStatic: (id) => `static-${id}`,
      ids: new Set(["v"]),
      depth: 0,
    });
  });
  await sim.world.runAsync();
  return html;
}
