/**
 * The words of the wire, once: what server and browser client say to each other (channels V2 JSON over one websocket).
 * The whole of it is in the protocol's specification; this file holds the types that both sides share, and no code.
 *
 *   frame      [join_ref, ref, topic, event, payload]
 *   topic      "lv:" + id of the view's container element; "phoenix" for heartbeats
 *   tree       s0 d0 s1 d1 ... sn: statics "s", dynamics "0", "1", ...
 */

/** `[joinRef, ref, topic, event, payload]` as text. Refs are strings that the client chose; null where there is none. */
export type Frame = [joinRef: string | null, ref: string | null, topic: string, event: string, payload: unknown];

/**
 * Extension: how the frames of one join are written. The client asks for one in the join's payload (`frames`), the reply
 * says which it got; the join itself and its reply are "json", as is what ends a channel. In the others a frame is
 *
 *   [join ref, ref or null, code or event's name, payload]
 *
 * with both refs as integers: the client's refs are unique on its socket, so the join's ref stands for the topic too.
 */
export type FrameEncoding = "json" | "compact" | "msgpack";

/** Codes of what the server says: a reply, the reply `{ diff }` (its payload is the diff), an unasked diff. */
export interface ServerCodes {
  readonly ok: 0;
  readonly error: 1;
  readonly diff: 2;
  readonly okDiff: 3;
}

/** Codes of what the client says, always as text. Any other event has its name. */
export interface ClientCodes {
  readonly event: 0;
  readonly ack: 1;
}

/** Names of control events. */
export type ControlEvent = "phx_join" | "phx_leave" | "phx_reply" | "phx_close" | "phx_error" | "heartbeat";

/** Payload of `phx_reply`. */
export interface ReplyPayload {
  status: "ok" | "error";
  response: ReplyResponse;
}

export interface ReplyResponse {
  /** Of a successful join: the full tree. */
  rendered?: WireTree;
  liveview_version?: string;
  /** Of a successful join whose payload had `ack`: acknowledge every so many frames. */
  ack?: number;
  /** Beside `ack`: bytes of a frame, beyond which the server closes the socket. */
  max?: number;
  /** Of a successful join whose payload had `frames`: how frames are written from here on. */
  frames?: FrameEncoding;
  /** Of an event: what changed. Absent when nothing did. */
  diff?: WireTree;
  /** Of a refused join: "stale" and "unauthorized" mean "load the page again". */
  reason?: string;
  redirect?: { to: string; flash?: string };
  live_redirect?: { to: string; kind: "push" | "replace"; flash?: string };
  /** Of a successful join: the view has changed its address meanwhile. */
  live_patch?: LivePatchPayload;
  /** Of a `live_patch`: that address is another view's. */
  link_redirect?: true;
  /** Of a successful join by live navigation: tag and attributes of the view's container. */
  container?: [tag: string, attributes: Record<string, string>];
  [key: string]: unknown;
}

/** Payload of `phx_join`. */
export interface JoinPayload {
  url?: string;
  redirect?: string;
  params: Record<string, unknown>;
  session: string;
  static: string | null;
  flash?: string;
  sticky?: boolean;
  /** Extension: this client acknowledges what it gets, by `ack` messages (`AckPayload`). */
  ack?: true;
  /** Extension: the encoding that this client would like. */
  frames?: FrameEncoding;
}

/**
 * Extension, payload of `ack` (no ref, no reply): the client has applied so many frames of this join, the reply to the
 * join not counted. Frames of a join come in order, so their count is their sequence number and need not be sent.
 */
export interface AckPayload {
  seq: number;
}

/** Payload of `live_patch`, when the server says it: the view has changed its address. */
export interface LivePatchPayload {
  to: string;
  kind: "push" | "replace";
  /**
   * Extension, for a client that acknowledges: the request during which it did. A patch that the client has asked for later
   * is handled after it, and so has the last word about the address.
   */
  ref?: string;
}

/** Payload of `event`. */
export interface EventPayload {
  /** "click", "form", "keydown", "keyup", "focus", "blur", "hook", ...; only "form" changes how `value` is decoded. */
  type: string | null;
  event: string;
  /** Decoded value, or for "form" a urlencoded string. */
  value: unknown;
  cid?: number;
  /** Forms: `_target` and the like, merged over the decoded value. */
  meta?: Record<string, unknown>;
  uploads?: Record<string, unknown>;
}

/** Statics: written out, or an index into the message's shared templates `p`, or (top of a component) a cid. */
export type WireStatics = string[] | number;

/** A dynamic: final HTML, a component's cid, a nested template, or a list. */
export type WireDynamic = string | number | WireTree;

/** A template node, a list node (it has `k`), or a change to one of them. */
export interface WireTree {
  [dynamic: `${number}`]: WireDynamic;
  s?: WireStatics;
  /** Shared templates of this one message. */
  p?: Record<string, string[]>;
  /** 1: the template is one root element. At the top of a diff: the reply to a hook. */
  r?: unknown;
  k?: WireEntries;
  stream?: WireStream;
  /** Components, by cid; top only. */
  c?: Record<string, WireTree>;
  /** Events to dispatch; top only. */
  e?: [name: string, payload: unknown, before?: boolean][];
  /** Page title; top only. */
  t?: string;
}

/** Entries of a list by position: new or changed in place, moved from, or moved and changed. */
export interface WireEntries {
  [position: `${number}`]: WireTree | number | [from: number, change: WireTree];
  /** Count of entries after this message. */
  kc: number;
  /** True when any entry moved. */
  km?: boolean;
}

/** `[ref, inserts, deletes, reset?]` */
export type WireStream = [
  ref: string,
  inserts: [domId: string, at: number, limit: number | null, updateOnly: boolean | null][],
  deletes: string[],
  reset?: boolean,
];
