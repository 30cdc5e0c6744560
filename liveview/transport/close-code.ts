/** Close codes and reasons of RFC 6455, 5.5.1 and 7.4: checked before they are sent, since uWebSockets.js would send anything. */
import { OptionError } from "../../kernel/errors.ts";

/** Bytes of a close frame's reason: a control frame carries 125, two of them are the code. */
const MAX_REASON_BYTES = 123;

/** @throws {OptionError} for a code that must not appear in a close frame */
export function checkCloseCode(code: number): void {
  const ours = Number.isInteger(code) && code >= 1000 && code <= 1014 && (code < 1004 || code > 1006);
  const applications = Number.isInteger(code) && code >= 3000 && code <= 4999;
  if (ours || applications) return;
  throw new OptionError(
    `Socket close code: expected 1000 to 1014 without 1004 to 1006, or 3000 to 4999, got ${String(code)}.`,
  );
}

/** Cuts a reason to what a close frame can carry, not in the middle of a character. */
export function cutReason(reason: string): string {
  const bytes = Buffer.from(reason);
  if (bytes.length <= MAX_REASON_BYTES) return reason;
  let end = MAX_REASON_BYTES;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end -= 1;
  return bytes.toString("utf8", 0, end);
}
