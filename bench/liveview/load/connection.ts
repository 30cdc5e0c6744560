/**
 * PageConnection: one visitor. It gets the page, connects, joins the view, and then sends events as it is told to.
 *
 *   open:  GET page ─▷ tokens ─▷ upgrade ─▷ phx_join ─▷ reply with the full tree        (each is timed)
 *   then:  send(due) ─▷ event, ref 10000001, 10000002, ...        replies come in the order of the events
 *
 * The ref of every reply is compared with the one that is due; one reply in `checkEvery` is decoded and its content
 * checked, the first five of each connection among them. Everything unexpected (a crash of the view, a closed socket,
 * an error status) is a failure, and a benchmark with failures has no result.
 */
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { FrameTemplate, maskedFrame, type Piece } from "./client-frame.ts";
import { opcodes, ServerFrameParser } from "./frame-parser.ts";
import { httpGet } from "./http-get.ts";
import { type PageTokens, pageTokens } from "./page-html.ts";
import type { PageEvent } from "./pages.ts";
import { rawSocket, type Target } from "./raw-socket.ts";
import { eventReplyRef, firstEventRef, noRef } from "./reply.ts";

export interface ConnectionListener {
  /** @param dueMs what `send` was given; `bytes` the length of the reply's text */
  replied(connection: PageConnection, dueMs: number, nowMs: number, bytes: number): void;
  /** A `diff` that the view pushed by itself; `bytes` are valid during the call only. */
  pushed?(connection: PageConnection, bytes: Buffer, start: number, end: number): void;
  /** The connection is of no further use. */
  failed(connection: PageConnection | undefined, problem: string): void;
}

/** Milliseconds of each step of `PageConnection.open`. */
export interface OpenTimes {
  readonly get: number;
  readonly upgrade: number;
  readonly join: number;
}

const checkEvery = 16;
const answerTimeoutMs = 30_000;

export class PageConnection {
  readonly #page: PageEvent;
  readonly #listener: ConnectionListener;
  readonly #target: Target;
  readonly #mask = randomBytes(4);
  readonly #templates: readonly FrameTemplate[];
  readonly #tokens: PageTokens;
  readonly #topic: string;
  readonly #parser: ServerFrameParser;
  #socket!: Socket;
  #state: "upgrading" | "joining" | "joined" | "closing" | "closed" = "upgrading";
  #head = "";
  #step: { resolve(): void; reject(error: Error): void } | undefined;
  #closed: (() => void) | undefined;
  /** Due times of the events that are not answered yet, oldest first. */
  readonly #due: number[] = [];
  #sent = 0;
  #answered = 0;
  #heartbeatRef = 0;
  #heartbeatAnswered = true;

  private constructor(target: Target, page: PageEvent, tokens: PageTokens, listener: ConnectionListener) {
    this.#target = target;
    this.#page = page;
    this.#tokens = tokens;
    this.#listener = listener;
    this.#topic = `lv:${tokens.id}`;
    const head: Piece[] = ['["4","', { digits: 8 }, `",${JSON.stringify(this.#topic)},"event",`];
    this.#templates = page.payloads.map((payload) => new FrameTemplate([...head, ...payload, "]"], this.#mask));
    this.#parser = new ServerFrameParser((opcode, bytes, start, end) => this.#onMessage(opcode, bytes, start, end));
  }

  /**
   * Loads the page and joins its view.
   *
   * @throws {Error} when any step is refused or not answered within 30 s
   */
  static async open(
    target: Target,
    page: PageEvent,
    listener: ConnectionListener,
  ): Promise<{ connection: PageConnection; times: OpenTimes }> {
    const startMs = performance.now();
    const { head, body } = await httpGet(target, page.path);
    const gotMs = performance.now();
    const connection = new PageConnection(target, page, pageTokens(head, body), listener);
    await connection.#upgrade();
    const upgradedMs = performance.now();
    await connection.#join();
    const times = { get: gotMs - startMs, upgrade: upgradedMs - gotMs, join: performance.now() - upgradedMs };
    return { connection, times };
  }

  /** Events sent and not answered. */
  get outstanding(): number {
    return this.#due.length;
  }

  /**
   * @param dueMs from when its latency counts, by `performance.now`
   * @param number for the payload's number slot; default: the how-manieth event of this connection it is, from 1
   */
  send(dueMs: number, number = this.#sent + 1): void {
    if (this.#state !== "joined") return;
    const nth = this.#sent++;
    this.#due.push(dueMs);
    this.#socket.write(this.#templates[nth % this.#templates.length]!.fill(firstEventRef + nth, number));
  }

  /** Sends what the browser client sends every 30 s. The one before must have been answered. */
  heartbeat(): void {
    if (this.#state !== "joined") return;
    if (!this.#heartbeatAnswered) {
      this.#fail("a heartbeat was not answered");
      return;
    }
    this.#heartbeatAnswered = false;
    this.#heartbeatRef += 1;
    this.#write(`[null,"${100 + this.#heartbeatRef}","phoenix","heartbeat",{}]`);
  }

  /** Says goodbye, and resolves when the socket is gone. */
  close(): Promise<void> {
    if (this.#state === "closed") return Promise.resolve();
    const closed = new Promise<void>((resolve) => {
      this.#closed = resolve;
    });
    this.#state = "closing";
    this.#socket.write(maskedFrame(opcodes.close, new Uint8Array([0x03, 0xe8]), this.#mask));
    this.#socket.setTimeout(5_000, () => this.#socket.destroy());
    return closed;
  }

  #upgrade(): Promise<void> {
    const done = this.#nextStep("the upgrade");
    const query = new URLSearchParams({ _csrf_token: this.#tokens.csrfToken, vsn: "2.0.0" });
    const origin = `${this.#target.host}:${this.#target.port}`;
    this.#socket = rawSocket(this.#target, {
      connected: () =>
        this.#socket.write(
          `GET /live/websocket?${query} HTTP/1.1\r\nhost: ${origin}\r\norigin: http://${origin}\r\n` +
            "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n" +
            `sec-websocket-key: ${randomBytes(16).toString("base64")}\r\ncookie: ${this.#tokens.cookie}\r\n\r\n`,
        ),
      bytes: (bytes, length) => this.#onBytes(bytes, length),
      closed: (error) => this.#onClosed(error),
    });
    return done;
  }

  #join(): Promise<void> {
    const done = this.#nextStep("the join");
    const payload = {
      url: `http://${this.#target.host}:${this.#target.port}${this.#page.path}`,
      params: { _csrf_token: this.#tokens.csrfToken, _mounts: 0, _mount_attempts: 0 },
      session: this.#tokens.session,
      static: this.#tokens.static,
      sticky: false,
    };
    this.#state = "joining";
    this.#write(JSON.stringify(["4", "4", this.#topic, "phx_join", payload]));
    return done;
  }

  #nextStep(what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timeout = setTimeout(() => this.#fail(`${what} was not answered in time`), answerTimeoutMs);
      const settled = () => {
        clearTimeout(timeout);
        this.#step = undefined;
      };
      this.#step = {
        resolve: () => {
          settled();
          resolve();
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
    });
  }

  #onBytes(bytes: Buffer, length: number): void {
    try {
      if (this.#state === "upgrading") this.#onUpgradeBytes(bytes, length);
      else this.#parser.push(bytes, 0, length);
    } catch (error) {
      this.#fail((error as Error).message);
    }
  }

  #onUpgradeBytes(bytes: Buffer, length: number): void {
    const before = this.#head.length;
    this.#head += bytes.toString("latin1", 0, length);
    const end = this.#head.indexOf("\r\n\r\n");
    if (end === -1) return;
    if (!this.#head.startsWith("HTTP/1.1 101 ")) {
      this.#fail(`the upgrade was answered ${JSON.stringify(this.#head.slice(0, 60))}`);
      return;
    }
    this.#state = "joining";
    this.#step?.resolve();
    this.#parser.push(bytes, end + 4 - before, length);
  }

  #onMessage(opcode: number, bytes: Buffer, start: number, end: number): void {
    if (opcode === opcodes.ping) {
      this.#socket.write(maskedFrame(opcodes.pong, bytes.subarray(start, end), this.#mask));
    } else if (opcode === opcodes.close) {
      if (this.#state === "closing") this.#socket.end();
      else this.#fail(`the server closed with code ${end - start >= 2 ? bytes.readUInt16BE(start) : "none"}`);
    } else if (opcode === opcodes.text) {
      const ref = eventReplyRef(bytes, start, end);
      if (ref >= firstEventRef) this.#onReply(ref, bytes, start, end);
      else if (ref === noRef && this.#state === "joined") this.#onPush(bytes, start, end);
      else this.#onOther(bytes.toString("utf8", start, end));
    }
  }

  #onReply(ref: number, bytes: Buffer, start: number, end: number): void {
    const nth = ++this.#answered;
    if (ref !== firstEventRef + nth - 1 || this.#due.length === 0) {
      this.#fail(`expected the reply to ${firstEventRef + nth - 1}, got that to ${ref}`);
      return;
    }
    const nowMs = performance.now();
    if (nth <= 5 || nth % checkEvery === 0) {
      const [, , , , payload] = JSON.parse(bytes.toString("utf8", start, end));
      const problem =
        payload.status === "ok" ? this.#page.check(payload.response, nth) : `the reply is ${JSON.stringify(payload)}`;
      if (problem !== undefined) {
        this.#fail(`reply ${nth}: ${problem}`);
        return;
      }
    }
    this.#listener.replied(this, this.#due.shift()!, nowMs, end - start);
  }

  #onPush(bytes: Buffer, start: number, end: number): void {
    if (this.#listener.pushed !== undefined) this.#listener.pushed(this, bytes, start, end);
    else this.#onOther(bytes.toString("utf8", start, end));
  }

  /** The reply to the join or to a heartbeat, or the end of the view. */
  #onOther(text: string): void {
    const [, ref, topic, event, payload] = JSON.parse(text);
    if (event === "phx_reply" && topic === "phoenix") this.#heartbeatAnswered = true;
    else if (event === "phx_reply" && ref === "4" && this.#state === "joining") {
      if (payload.status === "ok" && payload.response.rendered !== undefined) {
        this.#state = "joined";
        this.#step?.resolve();
      } else this.#fail(`the join was answered ${text.slice(0, 200)}`);
    } else if (event === "phx_error" || event === "phx_close") this.#fail(`the view ended with ${event}`);
  }

  #onClosed(error: Error | undefined): void {
    if (this.#state !== "closing" && this.#state !== "closed") {
      this.#fail(`the socket closed${error ? `: ${error.message}` : ""}`);
    }
    this.#state = "closed";
    this.#closed?.();
  }

  #fail(problem: string): void {
    if (this.#state === "closed" || this.#state === "closing") return;
    this.#state = "closed";
    this.#socket.destroy();
    if (this.#step) this.#step.reject(new Error(`${this.#page.path}: ${problem}`));
    else this.#listener.failed(this, `${this.#page.path}: ${problem}`);
  }

  #write(text: string): void {
    this.#socket.write(maskedFrame(opcodes.text, text, this.#mask));
  }
}
