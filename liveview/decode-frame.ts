/**
 * A frame from the client, decoded whole: what a scheduler does once the endpoint has read the head (frame-head.ts).
 *
 *   ["4","9","lv:phx-Ab12","event",{ ... }]        exactly five, the payload an object; else `payload` is undefined,
 *                                                  and the frame is answered as malformed
 */
import { type FrameHead, readFrameHead } from "./frame-head.ts";

export interface DecodedFrame extends FrameHead {
  /** Undefined when there is none, or it is no object: anything may be in it otherwise. */
  readonly payload: Readonly<Record<string, unknown>> | undefined;
}

/** @param bytes a frame whose head the endpoint has accepted */
export function decodeFrame(bytes: Uint8Array): DecodedFrame {
  return { ...readFrameHead(bytes)!, payload: payloadOf(bytes) };
}

function payloadOf(bytes: Uint8Array): DecodedFrame["payload"] {
  let frame: unknown[];
  try {
    frame = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8")) as unknown[];
  } catch {
    return undefined;
  }
  const payload = frame[4];
  if (frame.length !== 5 || typeof payload !== "object" || payload === null || Array.isArray(payload)) return undefined;
  return payload as Readonly<Record<string, unknown>>;
}
