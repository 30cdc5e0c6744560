/**
 * Frames: text <-> `[join_ref, ref, topic, event, payload]`, the channels protocol V2.
 *
 * The one place to change for another encoding (a binary one, say): everything above it handles `Frame` values.
 */
import type { Frame } from "../liveview/protocol.ts";

/** Version of the framing, sent as `vsn` when connecting. */
export const VSN = "2.0.0";

/** The text that travels for a frame. */
export function encodeFrame(frame: Frame): string {
  return JSON.stringify(frame);
}

/**
 * The frame in a message from the server.
 *
 * @param data what the websocket delivered
 * @returns null for what is not a text frame: live views never send binary ones, and a peer from the future
 *   must not be able to break the page
 */
export function decodeFrame(data: unknown): Frame | null {
  if (typeof data !== "string") return null;
  let frame: unknown;
  try {
    frame = JSON.parse(data);
  } catch {
    return null;
  }
  return isFrame(frame) ? frame : null;
}

function isFrame(value: unknown): value is Frame {
  return (
    Array.isArray(value) &&
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
