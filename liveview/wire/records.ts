/**
 * Records: what the endpoint (main thread) and the host (scheduler threads) say to each other, as kinds of the kernel's
 * crossing (kernel/crossing/peers.ts). Each has a number; the rest is bytes.
 *
 *   endpoint ─▷ host                                   host ─▷ endpoint
 *   request   [request id]   head as JSON              response  [request id]           head as JSON, \n, body
 *   join      [channel]      connection as JSON, \n,   send      [channel]              a frame, ready to go
 *                            the frame                 ended     [channel]              forget the channel
 *   frame     [channel]      the frame as it came
 *   gone      [channel]      (nothing)                 sendBinary [channel]             the same, a binary one
 *   late      [request id]   (nothing)
 *   leaving   [channel]      (nothing)
 */
import { firstFreeKind } from "../../kernel/crossing/peers.ts";

export const record = {
  request: firstFreeKind,
  join: firstFreeKind + 1,
  frame: firstFreeKind + 2,
  /** The client is gone: the socket closed, or joined the topic anew. */
  gone: firstFreeKind + 3,
  response: firstFreeKind + 4,
  send: firstFreeKind + 5,
  ended: firstFreeKind + 6,
  sendBinary: firstFreeKind + 7,
  /** The page has taken too long, and its request was answered without it. */
  late: firstFreeKind + 8,
  /** The client has left the channel; the frame that says so went before. */
  leaving: firstFreeKind + 9,
} as const;

/** What the endpoint knows of a visitor, whether by request or by socket. */
export interface Visitor {
  /** Data of the session cookie. */
  readonly session: Readonly<Record<string, unknown>>;
  /** A digest of the session's secret, which ties view tokens to the session that they were made for. */
  readonly binding: string;
  /** Of the page that has opened the socket, checked; undefined: it was none that a browser showed, or this is a request. */
  readonly origin?: string;
}

export interface RequestHead extends Visitor {
  readonly path: string;
  readonly query: string;
  readonly host: string;
  readonly scheme: "http" | "https";
  /** Token in the cookie that a page, or our client, has left for this request alone. */
  readonly flash?: string;
  /** For the page's `csrf-token`. */
  readonly csrfToken: string;
}

export type ResponseHeaders = Readonly<Record<string, string>>;

export interface ResponseHead {
  readonly status: number;
  readonly headers: ResponseHeaders;
}

const newline = 0x0a;

/** Splits `json \n rest`. */
export function splitLine(bytes: Buffer): [json: string, rest: Buffer] {
  const at = bytes.indexOf(newline);
  return [bytes.toString("utf8", 0, at), bytes.subarray(at + 1)];
}
