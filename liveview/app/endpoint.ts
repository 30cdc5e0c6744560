/**
 * Endpoint: the main thread's side of every request and socket. It runs no user code and parses no payload.
 *
 *   GET  ─▷ static file, or ─▷ page (page-requests.ts), with the session cookie if it is new
 *   GET upgrade ─▷ Origin, session cookie, CSRF token ─▷ socket      (a bad token: a socket without a session, whose
 *                                                                     joins are answered "stale")
 *   frame ─▷ head ─▷ heartbeat: answered here
 *                    phx_join:  placed on the scheduler with the least to do
 *                    others:    to the scheduler that hosts the channel; a stale join ref is dropped
 *   thread down ─▷ phx_error on each channel that it hosted, sockets stay open
 *
 * Bounds: channels a socket, joins that wait for a thread, bytes in flight to a thread.
 */
import { crashReason } from "../../kernel/exit-reason.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Alarm } from "../../kernel/world.ts";
import { readCookie } from "../session/cookies.ts";
import { csrfMatches, csrfToken } from "../session/csrf.ts";
import { checkOrigin, type OriginPolicy } from "../session/origin.ts";
import type { Session, SessionCookie } from "../session/session-cookie.ts";
import { sessionBinding } from "../session/view-tokens.ts";
import type {
  HandlerName,
  HttpRequest,
  HttpResponse,
  TransportHandlers,
  TransportSocket,
  UpgradeAnswer,
} from "../transport/transport.ts";
import { flashCookie } from "../view/flash.ts";
import { decodeParams } from "../view/params.ts";
import { readFrameHead } from "../wire/frame-head.ts";
import { closeFrame, errorFrame, replyFrame } from "../wire/frames.ts";
import { record, type Visitor } from "../wire/records.ts";
import { busy, PageRequests, secureHeaders } from "./page-requests.ts";
import type { StaticFiles } from "./static-files.ts";
import { noThread, ThreadLoad } from "./thread-load.ts";

export interface EndpointOptions {
  readonly kernel: Kernel;
  readonly cookie: SessionCookie;
  readonly origin: OriginPolicy;
  /** Of the pages' own URL, as far as one knows here. */
  readonly scheme: "http" | "https";
  /** Asked in this order, before the app. */
  readonly files: readonly StaticFiles[];
  /** Views that one socket may have joined; one more is refused. */
  readonly maxChannels: number;
  /** Threads that have booted. */
  readonly threads: () => readonly number[];
}

/** What a socket was accepted with. */
export interface Connection {
  /** The visitor as JSON for the host; "" when the connection has no session. */
  readonly visitor: string;
  readonly channels: Map<string, Channel>;
}

/** A joined topic of one socket. */
interface Channel {
  readonly number: number;
  readonly socket: TransportSocket<Connection>;
  readonly topic: string;
  readonly joinRef: string;
  thread: number;
  /** Its view has been heard of. */
  answered: boolean;
}

export class Endpoint implements TransportHandlers<Connection> {
  readonly #options: EndpointOptions;
  readonly #kernel: Kernel;
  readonly #channels = new Map<number, Channel>();
  readonly #load: ThreadLoad;
  readonly #pages: PageRequests;
  /** Those that came while there was no thread. */
  #waitingJoins: { channel: Channel; frame: Buffer }[] = [];
  #lastChannel = 0;
  #sweepAlarm: Alarm | undefined;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#kernel = options.kernel;
    this.#load = new ThreadLoad(options.threads);
    this.#pages = new PageRequests(options.kernel, this.#load);
    const { peers } = this.#kernel;
    peers.onRecord(record.send, (_thread, channel, body) => this.#send(channel, body, false));
    peers.onRecord(record.sendBinary, (_thread, channel, body) => this.#send(channel, body, true));
    peers.onRecord(record.ended, (thread, channel) => this.#ended(thread, channel));
    this.#sweep();
  }

  // ---- HTTP ----------------------------------------------------------------------------------------------------------

  request(request: HttpRequest): HttpResponse | Promise<HttpResponse> {
    for (const files of this.#options.files) {
      const file = files.respond(request);
      if (file !== undefined) return file;
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      return { status: 405, headers: { ...secureHeaders, allow: "GET, HEAD" }, body: "" };
    }
    const session = this.#options.cookie.read(request.headers["cookie"]);
    const setCookie = this.#options.cookie.write(session);
    // Who asks for the head alone shows no flash: it stays for who does.
    const flash = request.method === "HEAD" ? undefined : readCookie(request.headers["cookie"], flashCookie);
    if (this.#pages.isFull) return busy;
    const head = JSON.stringify({
      path: request.path,
      query: request.query,
      host: request.headers["host"] ?? "",
      scheme: this.#options.scheme,
      ...(flash === undefined ? {} : { flash }),
      csrfToken: csrfToken(session.csrfSecret, (size) => this.#kernel.world.randomBytes(size)),
      ...visitor(session),
    });
    return new Promise<HttpResponse>((resolve) => {
      this.#pages.ask(head, (response) => {
        if (setCookie === undefined || response.status >= 400) resolve(response);
        else resolve({ ...response, headers: { ...response.headers, "set-cookie": alsoCookie(response, setCookie) } });
      });
    });
  }

  // ---- sockets -------------------------------------------------------------------------------------------------------

  upgrade(request: HttpRequest): UpgradeAnswer<Connection> {
    const { origin, host, cookie } = request.headers;
    if (!checkOrigin(this.#options.origin, origin, host)) return { accept: false, status: 403, body: "Forbidden\n" };
    const session = this.#options.cookie.find(cookie);
    const trusted = session !== undefined && csrfMatches(connectToken(request.query), session.csrfSecret);
    return {
      accept: true,
      data: { visitor: trusted ? JSON.stringify({ ...visitor(session), origin }) : "", channels: new Map() },
    };
  }

  open(): void {
    // A socket costs nothing here until it joins.
  }

  message(socket: TransportSocket<Connection>, data: Buffer, isBinary: boolean): void {
    const head = isBinary ? undefined : readFrameHead(data);
    if (head === undefined) {
      socket.close(closeCode.malformed, "malformed frame");
      return;
    }
    const { joinRef, ref, topic, event } = head;
    if (topic === undefined) {
      const channel = joinedAs(socket.data, joinRef);
      if (channel !== undefined) this.#forward(channel, data);
      return;
    }
    if (topic === "phoenix" && event === "heartbeat") {
      socket.send(replyFrame(null, ref, topic, "ok", "{}"));
      return;
    }
    if (event === "phx_join") {
      this.#join(socket, topic, joinRef ?? ref, ref, data);
      return;
    }
    const channel = socket.data.channels.get(topic);
    if (channel === undefined) {
      if (ref === null) return;
      if (event === "phx_leave") socket.send(replyFrame(joinRef, ref, topic, "ok", "{}"));
      else socket.send(replyFrame(null, ref, topic, "error", unmatched));
      return;
    }
    if (joinRef !== null && joinRef !== channel.joinRef) return;
    if (event === "phx_leave") {
      // The topic is free from here on. The view answers, after what it has to say before; so its number stays valid.
      // One that has not joined yet is answered for: it may be in a mount that never ends.
      socket.data.channels.delete(topic);
      if (!channel.answered) {
        this.#leave(channel);
        socket.send(replyFrame(channel.joinRef, ref, topic, "ok", "{}"));
        socket.send(closeFrame(channel.joinRef, topic));
        return;
      }
    }
    this.#forward(channel, data);
    if (event === "phx_leave") this.#kernel.peers.write(channel.thread, record.leaving, channel.number, "");
  }

  /** To the thread that hosts the channel. */
  #forward(channel: Channel, data: Buffer): void {
    const { peers } = this.#kernel;
    if (peers.inFlight(channel.thread) > maxInFlightBytes) channel.socket.close(closeCode.tryAgainLater, "overloaded");
    else peers.write(channel.thread, record.frame, channel.number, data);
  }

  close(socket: TransportSocket<Connection>): void {
    for (const channel of socket.data.channels.values()) this.#leave(channel);
    socket.data.channels.clear();
  }

  onError(error: unknown, where: HandlerName): void {
    this.#kernel.report({ kind: "error", where: `endpoint, ${where}`, reason: crashReason(error) });
  }

  #join(
    socket: TransportSocket<Connection>,
    topic: string,
    joinRef: string | null,
    ref: string | null,
    data: Buffer,
  ): void {
    if (joinRef === null) {
      socket.close(closeCode.malformed, "malformed frame");
      return;
    }
    const refuse = (reason: string): void => void socket.send(replyFrame(joinRef, ref, topic, "error", reason));
    if (!topic.startsWith("lv:")) return refuse(unmatched);
    const { channels } = socket.data;
    const former = channels.get(topic);
    if (former !== undefined) {
      this.#leave(former);
      channels.delete(topic);
      socket.send(closeFrame(former.joinRef, topic));
    }
    if (channels.size >= this.#options.maxChannels) return refuse('{"reason":"too many channels joined"}');
    this.#lastChannel = (this.#lastChannel + 1) >>> 0;
    const channel: Channel = {
      number: this.#lastChannel,
      socket,
      topic: copied(topic),
      joinRef: copied(joinRef),
      thread: noThread,
      answered: false,
    };
    channels.set(channel.topic, channel);
    this.#channels.set(channel.number, channel);
    const line = Buffer.from(`${socket.data.visitor}\n`);
    this.#placeJoin(channel, Buffer.concat([line, data]));
  }

  #placeJoin(channel: Channel, frame: Buffer): void {
    const thread = this.#load.least();
    if (thread === undefined) {
      if (this.#waitingJoins.length >= maxWaitingJoins) channel.socket.close(closeCode.tryAgainLater, "overloaded");
      else this.#waitingJoins.push({ channel, frame });
      return;
    }
    channel.thread = thread;
    this.#load.add(thread);
    this.#kernel.peers.write(thread, record.join, channel.number, frame);
  }

  /** The client has gone from a channel: its view is told, and nothing more is sent. */
  #leave(channel: Channel): void {
    this.#drop(channel);
    this.#kernel.peers.write(channel.thread, record.gone, channel.number, "");
  }

  #drop(channel: Channel): void {
    if (this.#channels.delete(channel.number)) this.#load.remove(channel.thread);
  }

  #send(number: number, frame: Buffer, isBinary: boolean): void {
    const channel = this.#channels.get(number);
    if (channel === undefined) return;
    channel.answered = true;
    channel.socket.send(frame, isBinary);
  }

  #ended(thread: number, number: number): void {
    const channel = this.#channels.get(number);
    if (channel === undefined || channel.thread !== thread) return;
    this.#drop(channel);
    forgetTopic(channel);
  }

  // ---- threads -------------------------------------------------------------------------------------------------------

  /** A thread has booted: what waited for one goes there. */
  threadUp(): void {
    const joins = this.#waitingJoins;
    this.#waitingJoins = [];
    for (const { channel, frame } of joins) {
      if (this.#channels.has(channel.number)) this.#placeJoin(channel, frame);
    }
    this.#pages.threadUp();
  }

  /** A thread has ended: its views' clients join again, on their open sockets. */
  threadDown(thread: number): void {
    this.#load.forget(thread);
    for (const channel of [...this.#channels.values()]) {
      if (channel.thread !== thread) continue;
      this.#drop(channel);
      forgetTopic(channel);
      channel.socket.send(errorFrame(channel.joinRef, channel.topic));
    }
    this.#pages.threadDown(thread);
  }

  /** Ends what runs by itself. */
  stop(): void {
    this.#sweepAlarm?.cancel();
  }

  /** Once a second: pages that take too long are answered for; joins whose clients have gone wait for nothing. */
  #sweep(): void {
    this.#pages.sweep();
    this.#waitingJoins = this.#waitingJoins.filter(({ channel }) => this.#channels.has(channel.number));
    this.#sweepAlarm = this.#kernel.world.alarm(1000, () => this.#sweep());
  }
}

const maxWaitingJoins = 20_000;
/** Bytes on their way to a thread beyond which a socket that sends more is closed. */
const maxInFlightBytes = 32 * 1024 * 1024;

/** Beside the cookie that the page sets itself. */
function alsoCookie({ headers }: HttpResponse, cookie: string): readonly string[] {
  const own = headers["set-cookie"] ?? [];
  return [cookie, ...(typeof own === "string" ? [own] : own)];
}

const unmatched = '{"reason":"unmatched topic"}';

/** Never 1000: it makes the official client load the page again. */
const closeCode = { malformed: 1007, tryAgainLater: 1013 } as const;

/** Not a slice of the frame's head, which would be held for as long as it is. */
function copied(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}

/** A socket has a few channels; a stale join ref is nobody's. */
function joinedAs({ channels }: Connection, joinRef: string | null): Channel | undefined {
  for (const channel of channels.values()) if (channel.joinRef === joinRef) return channel;
  return undefined;
}

/** Unless another channel has the topic by now. */
function forgetTopic(channel: Channel): void {
  const { channels } = channel.socket.data;
  if (channels.get(channel.topic) === channel) channels.delete(channel.topic);
}

function visitor(session: Session): Visitor {
  return { session: session.data, binding: sessionBinding(session.csrfSecret) };
}

/** `_csrf_token` of the upgrade's query; undefined when there is none, or the query is beyond limits. */
function connectToken(query: string): string | undefined {
  try {
    const token = decodeParams(query)["_csrf_token"];
    return typeof token === "string" ? token : undefined;
  } catch {
    return undefined;
  }
}
