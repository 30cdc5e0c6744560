/**
 * A frame from the client, decoded whole: what a scheduler does once the endpoint has read the head (frame-head.ts).
 *
 *   ["4","9","lv:phx-Ab12","event",{ ... }]        exactly five (compact: four), the payload an object; else `payload`
 *                                                  is undefined, and the frame is answered as malformed
 */
import { clientEvent, type FrameHead, readFrameHead } from "./frame-head.ts";

export interface DecodedFrame extends FrameHead {
  /** Undefined when there is none, or it is no object: anything may be in it otherwise. */
  readonly payload: Payload | undefined;
}

type Payload = Readonly<Record<string, unknown>>;
/** What the endpoint has found at the beginning of the frame. */
type Whole = readonly [joinRef: string | null, ref: string | null, topic: string, event: string, payload?: unknown];
type Compact = readonly [joinRef: number, ref: number | null, event: number | string, payload?: unknown];

/** @param text a frame whose head the endpoint has accepted */
export function decodeFrame(text: string): DecodedFrame {
  let frame: Whole | Compact;
  try {
    frame = JSON.parse(text) as Whole | Compact;
  } catch {
    const { joinRef, ref, topic, event } = readFrameHead(Buffer.from(text)) ?? unreadable;
    return { joinRef, ref, topic, event, payload: undefined };
  }
  if (isCompact(frame)) {
    const [joinRef, ref, event, payload] = frame;
    return {
      joinRef: String(joinRef),
      ref: ref === null ? null : String(ref),
      topic: undefined,
      event: typeof event === "string" ? event : clientEvent(event)!,
      payload: frame.length === 4 ? objectOf(payload) : undefined,
    };
  }
  const [joinRef, ref, topic, event, payload] = frame;
  return { joinRef, ref, topic, event, payload: frame.length === 5 ? objectOf(payload) : undefined };
}

/** Bytes that were no text have become longer: too long for a head. */
const unreadable: FrameHead = { joinRef: null, ref: null, topic: undefined, event: "" };

function isCompact(frame: Whole | Compact): frame is Compact {
  return typeof frame[0] === "number";
}

function objectOf(payload: unknown): Payload | undefined {
  return typeof payload === "object" && payload !== null && !Array.isArray(payload) ? (payload as Payload) : undefined;
}
