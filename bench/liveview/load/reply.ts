/** The ref of a server's frame, read without decoding it: `["4","10000007","lv:...` gives 10000007. */

/** Refs of events begin here; joins and heartbeats use smaller ones. Eight digits, so that frames keep their length. */
export const firstEventRef = 10_000_001;

const quote = 0x22;
const comma = 0x2c;

/** What a push has instead of a ref. */
export const noRef = -1;

/** @returns -1 when the frame has no ref, or none that is a number */
export function eventReplyRef(bytes: Buffer, start: number, end: number): number {
  let at = start + 1;
  while (at < end && bytes[at] !== comma) at += 1;
  at += 1;
  if (bytes[at] !== quote) return noRef;
  let ref = 0;
  for (at += 1; at < end && bytes[at] !== quote; at++) {
    const digit = bytes[at]! - 48;
    if (digit < 0 || digit > 9) return noRef;
    ref = ref * 10 + digit;
  }
  return at < end ? ref : noRef;
}
