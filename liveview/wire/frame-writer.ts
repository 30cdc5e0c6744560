/**
 * FrameWriter: what a joined view says to its client, in the encoding that the client asked for.
 *
 *   json      ["4","9","lv:phx-Ab12","phx_reply",{"status":"ok","response":{"diff":{"0":"1"}}}]    every client; text
 *   compact   [4,9,3,{"0":"1"}]                                                                    ours, the default; text
 *   msgpack   the same four, packed                                                                ours, if asked; binary
 *
 * In the latter two the join's ref stands for join and topic, as an integer, and what the server says most often has a
 * number (`ServerCodes`). What they save and cost: docs/decisions/0009-frames-have-integer-ids.md.
 */
import { Packr } from "msgpackr";
import type { FrameEncoding, ServerCodes } from "../protocol.ts";
import { jsonText, pushFrame, replyAround, replyFrame } from "./frames.ts";

/** A frame, ready to go: text, or the bytes of a binary one. */
export type OutgoingFrame = string | Uint8Array;

export interface FrameWriter {
  readonly encoding: FrameEncoding;
  /** @param responseJson the response as JSON text */
  reply(ref: string, status: "ok" | "error", responseJson: string): OutgoingFrame;
  /** The reply `{"diff":DIFF}`. */
  diffReply(ref: string, diffJson: string): OutgoingFrame;
  /** A diff that nobody asked for. */
  diff(diffJson: string): OutgoingFrame;
  /** Any other message, by its event's name. */
  push(event: string, payloadJson: string): OutgoingFrame;
}

/**
 * @param asked what the join's payload says under `frames`: anything may be in it
 * @param joinRef one that is no integer, as no client of ours sends, gets "json"
 */
export function frameWriter(asked: unknown, joinRef: string, topic: string): FrameWriter {
  if (!/^\d{1,15}$/.test(joinRef)) return new JsonWriter(joinRef, topic);
  if (asked === "compact") return new CompactWriter(joinRef);
  if (asked === "msgpack") return new MsgpackWriter(Number(joinRef));
  return new JsonWriter(joinRef, topic);
}

/** What stands around its frames is made once, for a view says little else. */
class JsonWriter implements FrameWriter {
  readonly encoding = "json";
  readonly #joinRef: string;
  readonly #topic: string;
  /** Before a diff that nobody asked for, */
  readonly #diffHead: string;
  /** before the ref of a reply, */
  readonly #head: string;
  /** and behind it. */
  readonly #tail: string;

  constructor(joinRef: string, topic: string) {
    this.#joinRef = joinRef;
    this.#topic = topic;
    this.#diffHead = `[${jsonText(joinRef)},null,${jsonText(topic)},"diff",`;
    [this.#head, this.#tail] = replyAround(joinRef, topic, "ok");
  }

  reply(ref: string, status: "ok" | "error", responseJson: string): string {
    return replyFrame(this.#joinRef, ref, this.#topic, status, responseJson);
  }

  diffReply(ref: string, diffJson: string): string {
    return `${this.#head}${jsonText(ref)}${this.#tail}{"diff":${diffJson}}}]`;
  }

  diff(diffJson: string): string {
    return `${this.#diffHead}${diffJson}]`;
  }

  push(event: string, payloadJson: string): string {
    return pushFrame(this.#joinRef, this.#topic, event, payloadJson);
  }
}

class CompactWriter implements FrameWriter {
  readonly encoding = "compact";
  readonly #joinRef: string;

  constructor(joinRef: string) {
    this.#joinRef = joinRef;
  }

  reply(ref: string, status: "ok" | "error", responseJson: string): string {
    return `[${this.#joinRef},${refText(ref)},${code[status]},${responseJson}]`;
  }

  diffReply(ref: string, diffJson: string): string {
    return `[${this.#joinRef},${refText(ref)},${code.okDiff},${diffJson}]`;
  }

  diff(diffJson: string): string {
    return `[${this.#joinRef},null,${code.diff},${diffJson}]`;
  }

  push(event: string, payloadJson: string): string {
    return `[${this.#joinRef},null,${JSON.stringify(event)},${payloadJson}]`;
  }
}

class MsgpackWriter implements FrameWriter {
  readonly encoding = "msgpack";
  readonly #joinRef: number;

  constructor(joinRef: number) {
    this.#joinRef = joinRef;
  }

  reply(ref: string, status: "ok" | "error", responseJson: string): Uint8Array {
    return this.#pack(refValue(ref), code[status], responseJson);
  }

  diffReply(ref: string, diffJson: string): Uint8Array {
    return this.#pack(refValue(ref), code.okDiff, diffJson);
  }

  diff(diffJson: string): Uint8Array {
    return this.#pack(null, code.diff, diffJson);
  }

  push(event: string, payloadJson: string): Uint8Array {
    return this.#pack(null, event, payloadJson);
  }

  #pack(ref: unknown, what: number | string, json: string): Uint8Array {
    return packr.pack([this.#joinRef, ref, what, JSON.parse(json)]);
  }
}

/** Record definitions stand in the message that uses them: nothing is remembered from one to the next. */
const packr = new Packr({ useRecords: true });

const code = { ok: 0, error: 1, diff: 2, okDiff: 3 } as const satisfies ServerCodes;

/** Our client's refs are integers; any other is given back as it came. */
function refText(ref: string): string {
  return plainInteger.test(ref) ? ref : JSON.stringify(ref);
}

function refValue(ref: string): string | number {
  return plainInteger.test(ref) ? Number(ref) : ref;
}

const plainInteger = /^(?:0|[1-9]\d{0,14})$/;
