/**
 * A browser's part of the wire protocol, by hand: pages over plain HTTP, frames as the text that travels.
 * What a real client would never do wrong can be done wrong here.
 *
 *   const page = await getPage(server, "/counter");              cookie, CSRF token, container, tokens
 *   const socket = await connect(server, page, { origin: "http://evil.test" });
 *   socket.send(joinFrame(page));                                 ["4","4","lv:...","phx_join",{...}]
 *   await socket.reply("4");                                      the reply's text; each frame is handed out once
 */
import { type IncomingHttpHeaders, request } from "node:http";
import { WebSocket } from "ws";
import { msgpack } from "../../client/msgpack.ts";

/** Where a server listens. */
export interface At {
  readonly port: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A page as a browser holds it. */
export interface Page extends Answer {
  readonly path: string;
  /** `name=value` of the session cookie. */
  readonly cookie: string;
  readonly csrf: string;
  /** Of the container; the topic is `lv:` + id. */
  readonly id: string;
  readonly topic: string;
  readonly session: string;
  readonly static: string;
  /** What is inside the container. */
  readonly inner: string;
}

/** One request on a connection of its own. */
export function http(
  { port }: At,
  path: string,
  { method = "GET", headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, method, headers, agent: false, timeout: patienceMs });
    sent.on("timeout", () => sent.destroy(new Error(`${method} ${path}: no answer within ${patienceMs} ms`)));
    sent.on("error", reject);
    sent.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks).toString() }),
      );
    });
    sent.end();
  });
}

/** @param cookie of an earlier page: the same visitor comes back */
export async function getPage(server: At, path: string, cookie?: string): Promise<Page> {
  const answer = await http(server, path, { headers: cookie === undefined ? {} : { cookie } });
  const find = (pattern: RegExp): string => {
    const found = pattern.exec(answer.body)?.[1];
    if (found === undefined) throw new Error(`GET ${path}: ${answer.status}, no ${pattern} in:\n${answer.body}`);
    return found;
  };
  const id = find(/<div id="([^"]+)" data-phx-main/);
  return {
    ...answer,
    path,
    cookie: cookie ?? answer.headers["set-cookie"]![0]!.split(";")[0]!,
    csrf: find(/<meta name="csrf-token" content="([^"]+)">/),
    id,
    topic: `lv:${id}`,
    session: find(/data-phx-session="([^"]+)"/),
    static: find(/data-phx-static="([^"]+)"/),
    inner: find(/data-phx-static="[^"]+">([\s\S]*)<\/div>\s*<\/body>/),
  };
}

/** What a socket is opened with, where it is not the page's; null leaves it out. */
export interface Tampered {
  readonly cookie?: string | null;
  readonly csrf?: string | null;
  readonly origin?: string | null;
  /** Of the whole URL, in place of `_csrf_token` and `vsn`. */
  readonly query?: string;
}

/** The upgrade was answered with something else than a websocket. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`The upgrade was answered with ${status}.`);
    this.status = status;
  }
}

/** @throws {Refused} */
export async function connect(server: At, page: Pick<Page, "cookie" | "csrf">, tampered: Tampered = {}): Promise<Wire> {
  const { cookie = page.cookie, csrf = page.csrf, origin = `http://127.0.0.1:${server.port}` } = tampered;
  const params = new URLSearchParams({ ...(csrf === null ? {} : { _csrf_token: csrf }), _mounts: "0", vsn: "2.0.0" });
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/live/websocket?${tampered.query ?? params}`, {
    headers: { ...(cookie === null ? {} : { cookie }), ...(origin === null ? {} : { origin }) },
    perMessageDeflate: false,
    handshakeTimeout: patienceMs,
  });
  const wire = new Wire(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("unexpected-response", (sent, response) => {
      reject(new Refused(response.statusCode!));
      sent.destroy();
    });
    socket.once("error", reject);
  });
  return wire;
}

/** A decoded frame of the server. */
export type Frame = [joinRef: string | null, ref: string | null, topic: string, event: string, payload: unknown];

export class Wire implements AsyncDisposable {
  /** Resolves with the code when the socket has closed. */
  readonly closed: Promise<number>;
  /** Binary frames that came; each is handed out as the JSON text of what was packed. */
  binaryFrames = 0;
  readonly #socket: WebSocket;
  /** Received, and not handed out. */
  #texts: string[] = [];
  #waiting: { readonly wants: (frame: Frame) => boolean; readonly resolve: (text: string) => void }[] = [];

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => {
      // Its end is heard of by `closed`.
    });
    socket.on("message", (data, isBinary) => {
      if (isBinary) this.binaryFrames += 1;
      this.#received(isBinary ? JSON.stringify(msgpack.decode(data as Buffer)) : String(data));
    });
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** @param frame text goes as it is, bytes as a binary frame */
  send(frame: readonly unknown[] | string | Uint8Array): void {
    this.#socket.send(typeof frame === "string" || frame instanceof Uint8Array ? frame : JSON.stringify(frame));
  }

  /** The text of the reply to a ref. */
  reply(ref: string): Promise<string> {
    return this.next(`the reply to ${ref}`, (frame) => frame[1] === ref && frame[3] === "phx_reply");
  }

  /** The text of the next push of an event: `diff`, `phx_error`, `phx_close`. */
  push(event: string, topic?: string): Promise<string> {
    return this.next(`a push "${event}"`, (frame) => frame[3] === event && (topic === undefined || frame[2] === topic));
  }

  /** The text of the oldest frame that fits, of those that came and of those to come. It is handed out once. */
  next(what: string, wants: (frame: Frame) => boolean = () => true): Promise<string> {
    const at = this.#texts.findIndex((text) => wants(JSON.parse(text) as Frame));
    if (at !== -1) return Promise.resolve(this.#texts.splice(at, 1)[0]!);
    return new Promise((resolve, reject) => {
      const waiting = {
        wants,
        resolve: (text: string): void => {
          clearTimeout(timer);
          resolve(text);
        },
      };
      const fail = (why: string): void => {
        clearTimeout(timer);
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        const rest = this.#texts.map((text) => text.slice(0, 200)).join("\n");
        reject(new Error(`Expected ${what}, ${why}. What came besides:\n${rest}`));
      };
      const timer = setTimeout(() => fail(`got none within ${patienceMs} ms`), patienceMs);
      this.#waiting.push(waiting);
      void this.closed.then((code) => this.#waiting.includes(waiting) && fail(`but the socket closed with ${code}`));
    });
  }

  /** What has come and was not asked for. */
  get rest(): readonly string[] {
    return this.#texts;
  }

  /** Joins a page's view. @returns the reply's text */
  join(page: Page, changes: JoinChanges = {}): Promise<string> {
    this.send(joinFrame(page, changes));
    return this.reply(changes.ref ?? "4");
  }

  /** Sends a click. @returns the reply's text */
  click(page: Page, ref: string, event: string, value: unknown = { value: "" }, joinRef: string | null = "4") {
    this.send([joinRef, ref, page.topic, "event", { type: "click", event, value }]);
    return this.reply(ref);
  }

  /** Closes, and waits for the end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.closed;
  }

  #received(text: string): void {
    const frame = JSON.parse(text) as Frame;
    const at = this.#waiting.findIndex(({ wants }) => wants(frame));
    if (at === -1) this.#texts.push(text);
    else this.#waiting.splice(at, 1)[0]!.resolve(text);
  }
}

/** A visitor with one page, joined. */
export interface Visit {
  readonly page: Page;
  readonly wire: Wire;
  /** Text of the join's reply. */
  readonly joined: string;
}

/** Gets a page, connects, and joins its view with ref "4". */
export async function visit(server: At, path: string): Promise<Visit> {
  const page = await getPage(server, path);
  const wire = await connect(server, page);
  return { page, wire, joined: await wire.join(page) };
}

export interface JoinChanges {
  readonly ref?: string;
  readonly topic?: string;
  /** Merged over the payload; undefined takes a key out. */
  readonly payload?: Readonly<Record<string, unknown>>;
}

/** The join of a page's view, as a browser sends it. */
export function joinFrame(page: Page, { ref = "4", topic = page.topic, payload = {} }: JoinChanges = {}): Frame {
  return [
    ref,
    ref,
    topic,
    "phx_join",
    {
      url: `http://127.0.0.1${page.path}`,
      params: { _csrf_token: page.csrf, _mounts: 0, _mount_attempts: 0 },
      session: page.session,
      static: page.static,
      sticky: false,
      ...payload,
    },
  ];
}

/** The response of a reply's text. */
export function responseOf(text: string): Record<string, unknown> {
  return (JSON.parse(text) as [unknown, unknown, unknown, unknown, { response: Record<string, unknown> }])[4].response;
}

/** The tree of a join's reply, as JSON text. */
export function renderedOf(text: string): string {
  return JSON.stringify(responseOf(text)["rendered"]);
}

/** Long enough for a slow machine; nothing waits for it unless it fails. */
const patienceMs = 5000;
