/**
 * Frames: what travels <-> `[join_ref, ref, topic, event, payload]`.
 *
 *   json      ["4","9","lv:phx-Ab12","event",{ ... }]   channels protocol V2: joins, their replies, and ends, always
 *   compact   [4,9,0,{ ... }]                            of a join that agreed on it: the join's ref is the topic too
 *   binary    the same four, as a `BinaryEncoding` packs them; only from the server
 *
 * Everything above this file handles `Frame` values, whatever the encoding.
 */
import type { ClientCodes, Frame, FrameEncoding, ReplyResponse, ServerCodes, WireTree } from "../liveview/protocol.ts";

/** Version of the framing, sent as `vsn` when connecting. */
export const VSN = "2.0.0";

/** A frame that came: one of a compact join names no topic, its join ref does. */
export type ReceivedFrame = Frame | [joinRef: string, ref: string | null, topic: null, event: string, payload: unknown];

/** An encoding whose frames are binary, such as `msgpack` of `lintel/client/msgpack`. */
export interface BinaryEncoding {
  /** As the server knows it. */
  readonly name: Exclude<FrameEncoding, "json" | "compact">;
  /** @throws when the bytes are not of this encoding */
  decode(bytes: Uint8Array): unknown;
}

/** What a page may ask for. */
export type Encoding = "json" | "compact" | BinaryEncoding;

/** The text that travels for a frame of a client's. */
export function encodeFrame(frame: Frame, isCompact: boolean): string {
  if (!isCompact) return JSON.stringify(frame);
  const [joinRef, ref, , event, payload] = frame;
  return JSON.stringify([
    Number(joinRef),
    ref === null ? null : Number(ref),
    Object.hasOwn(clientCodes, event) ? clientCodes[event as keyof ClientCodes] : event,
    payload,
  ]);
}

/**
 * The frame in a message from the server.
 *
 * @param data what the websocket delivered: text, or an ArrayBuffer
 * @returns null for what is no frame: a peer from the future must not be able to break the page
 */
export function decodeFrame(data: unknown, binary: BinaryEncoding | null): ReceivedFrame | null {
  let frame: unknown;
  try {
    if (typeof data === "string") frame = JSON.parse(data);
    else if (data instanceof ArrayBuffer && binary !== null) frame = binary.decode(new Uint8Array(data));
  } catch {
    return null;
  }
  if (!Array.isArray(frame)) return null;
  return frame.length === 4 ? compactFrame(frame) : isFrame(frame) ? frame : null;
}

const clientCodes: ClientCodes = { event: 0, ack: 1 };
const serverCodes: ServerCodes = { ok: 0, error: 1, diff: 2, okDiff: 3 };

function compactFrame([joinRef, ref, what, payload]: unknown[]): ReceivedFrame | null {
  if (typeof joinRef !== "number" || (ref !== null && typeof ref !== "number" && typeof ref !== "string")) return null;
  const received = (event: string, body: unknown): ReceivedFrame => [
    String(joinRef),
    ref === null ? null : String(ref),
    null,
    event,
    body,
  ];
  const reply = (status: "ok" | "error", response: ReplyResponse) => received("phx_reply", { status, response });
  switch (what) {
    case serverCodes.ok:
      return reply("ok", payload as ReplyResponse);
    case serverCodes.error:
      return reply("error", payload as ReplyResponse);
    case serverCodes.okDiff:
      return reply("ok", { diff: payload as WireTree });
    case serverCodes.diff:
      return received("diff", payload);
    default:
      return typeof what === "string" ? received(what, payload) : null;
  }
}

function isFrame(value: unknown[]): value is Frame {
  return (
    value.length === 5 &&
    isRef(value[0]) &&
    isRef(value[1]) &&
    typeof value[2] === "string" &&
    typeof value[3] === "string"
  );
}

function isRef(value: unknown): boolean {
  return value === null || typeof value === "string";
}
