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
  if (!/^\d{1,15}$/.test(joinRef)) return jsonWriter(joinRef, topic);
  if (asked === "compact") return compactWriter(joinRef);
  if (asked === "msgpack") return msgpackWriter(Number(joinRef));
  return jsonWriter(joinRef, topic);
}

function jsonWriter(joinRef: string, topic: string): FrameWriter {
  // Made once, for a view says little else.
  const [head, tail] = replyAround(joinRef, topic, "ok");
  const diffHead = `[${jsonText(joinRef)},null,${jsonText(topic)},"diff",`;
  return {
    encoding: "json",
    reply: (ref, status, responseJson) => replyFrame(joinRef, ref, topic, status, responseJson),
    diffReply: (ref, diffJson) => `${head}${jsonText(ref)}${tail}{"diff":${diffJson}}}]`,
    diff: (diffJson) => `${diffHead}${diffJson}]`,
    push: (event, payloadJson) => pushFrame(joinRef, topic, event, payloadJson),
  };
}

function compactWriter(joinRef: string): FrameWriter {
  return {
    encoding: "compact",
    reply: (ref, status, responseJson) => `[${joinRef},${refText(ref)},${code[status]},${responseJson}]`,
    diffReply: (ref, diffJson) => `[${joinRef},${refText(ref)},${code.okDiff},${diffJson}]`,
    diff: (diffJson) => `[${joinRef},null,${code.diff},${diffJson}]`,
    push: (event, payloadJson) => `[${joinRef},null,${JSON.stringify(event)},${payloadJson}]`,
  };
}

function msgpackWriter(joinRef: number): FrameWriter {
  const pack = (ref: unknown, what: number | string, json: string): Uint8Array =>
    packr.pack([joinRef, ref, what, JSON.parse(json)]);
  return {
    encoding: "msgpack",
    reply: (ref, status, responseJson) => pack(refValue(ref), code[status], responseJson),
    diffReply: (ref, diffJson) => pack(refValue(ref), code.okDiff, diffJson),
    diff: (diffJson) => pack(null, code.diff, diffJson),
    push: (event, payloadJson) => pack(null, event, payloadJson),
  };
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
