/**
 * A frame from the client, decoded whole: what a scheduler does once the endpoint has read the head (frame-head.ts).
 *
 *   ["4","9","lv:phx-Ab12","event",{ ... }]        exactly five (compact: four), the payload an object; else `payload`
 *                                                  is undefined, and the frame is answered as malformed
 */
import { type FrameHead, readFrameHead } from "./frame-head.ts";

export interface DecodedFrame extends FrameHead {
  /** Undefined when there is none, or it is no object: anything may be in it otherwise. */
  readonly payload: Readonly<Record<string, unknown>> | undefined;
}

/** @param bytes a frame whose head the endpoint has accepted */
export function decodeFrame(bytes: Uint8Array): DecodedFrame {
  const { joinRef, ref, topic, event } = readFrameHead(bytes)!;
  return { joinRef, ref, topic, event, payload: payloadOf(bytes, topic === undefined ? 4 : 5) };
}

function payloadOf(bytes: Uint8Array, length: number): DecodedFrame["payload"] {
  let frame: unknown[];
  try {
    frame = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8")) as unknown[];
  } catch {
    return undefined;
  }
  const payload = frame[length - 1];
  if (frame.length !== length || typeof payload !== "object" || payload === null || Array.isArray(payload))
    return undefined;
  return payload as Readonly<Record<string, unknown>>;
}
