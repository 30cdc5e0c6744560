/**
 * The head of a frame: what the main thread reads to know where it goes. The payload is not parsed here.
 *
 *   ["4","9","lv:phx-Ab12","event",{ ... }]        [4,9,0,{ ... }]
 *    └┬┘ └┬┘ └─────┬─────┘ └──┬──┘ └─ left as bytes  compact: the join ref stands for the topic, events may have codes
 *     join ref, ref, topic, event
 *
 * Cost: one pass over the first bytes, one string, and four slices of it: whoever keeps one copies it. Anything that is not
 * of this shape is undefined: malformed.
 */
import type { ClientCodes } from "../protocol.ts";

export interface FrameHead {
  readonly joinRef: string | null;
  readonly ref: string | null;
  /** Undefined in a compact frame: then there is a join ref. */
  readonly topic: string | undefined;
  readonly event: string;
}

/** Refs, topics and events longer than this are nobody's, */
const maxStringBytes = 256;
/** and so are heads, however much white space is in them. */
const maxHeadBytes = 4 * maxStringBytes + 64;

/** @returns undefined when the bytes do not begin like a frame */
export function readFrameHead(bytes: Buffer): FrameHead | undefined {
  const scan = new Scan(bytes);
  if (!scan.take(bracket)) return undefined;
  if (scan.isAtDigit()) return compactHead(scan);
  const joinRef = scan.stringOrNull();
  if (joinRef === undefined || !scan.take(comma)) return undefined;
  const ref = scan.stringOrNull();
  if (ref === undefined || !scan.take(comma)) return undefined;
  const topic = scan.stringOrNull();
  if (typeof topic !== "string" || !scan.take(comma)) return undefined;
  const event = scan.stringOrNull();
  if (typeof event !== "string" || !scan.take(comma)) return undefined;
  return { joinRef, ref, topic, event };
}

function compactHead(scan: Scan): FrameHead | undefined {
  const joinRef = scan.integer();
  if (joinRef === undefined || !scan.take(comma)) return undefined;
  const ref = scan.isAtDigit() ? scan.integer() : scan.null();
  if (ref === undefined || !scan.take(comma)) return undefined;
  const event = scan.isAtDigit() ? clientEvent(Number(scan.integer())) : scan.stringOrNull();
  if (typeof event !== "string" || !scan.take(comma)) return undefined;
  return { joinRef, ref, topic: undefined, event };
}

const codes = { event: 0, ack: 1 } as const satisfies ClientCodes;
const clientEvents: readonly (string | undefined)[] = Object.keys(codes);

/** The event that a code of a compact frame stands for. */
export function clientEvent(code: number): string | undefined {
  return clientEvents[code];
}

const bracket = 0x5b;
const comma = 0x2c;
const quote = 0x22;
const backslash = 0x5c;

class Scan {
  readonly #buffer: Buffer;
  /** Its beginning, a character a byte: one call for it, where each slice of a buffer would be another. */
  readonly #text: string;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
    this.#text = buffer.toString("latin1", 0, maxHeadBytes);
  }

  take(byte: number): boolean {
    this.#skipSpace();
    if (this.#buffer[this.#at] !== byte) return false;
    this.#at += 1;
    return true;
  }

  /** A JSON string or null; undefined for anything else. */
  stringOrNull(): string | null | undefined {
    this.#skipSpace();
    if (this.#buffer[this.#at] !== quote) {
      if (!this.#text.startsWith("null", this.#at)) return undefined;
      this.#at += 4;
      return null;
    }
    const start = this.#at + 1;
    const limit = Math.min(this.#text.length, start + maxStringBytes);
    let isPlain = true;
    for (let at = start; at < limit; at++) {
      const byte = this.#buffer[at]!;
      if (byte === quote) {
        this.#at = at + 1;
        return isPlain ? this.#text.slice(start, at) : parsed(this.#buffer.toString("utf8", start - 1, at + 1));
      }
      if (byte === backslash) at += 1;
      if (byte === backslash || byte >= 0x80 || byte < 0x20) isPlain = false;
    }
    return undefined;
  }

  null(): null | undefined {
    this.#skipSpace();
    return this.#buffer[this.#at] === quote ? undefined : (this.stringOrNull() as null | undefined);
  }

  isAtDigit(): boolean {
    this.#skipSpace();
    return isDigit(this.#buffer[this.#at]);
  }

  /** The digits of an integer without sign, at most 15. */
  integer(): string | undefined {
    const start = this.#at;
    while (isDigit(this.#buffer[this.#at])) this.#at += 1;
    const length = this.#at - start;
    if (length === 0 || length > 15 || this.#at > this.#text.length) return undefined;
    return this.#text.slice(start, this.#at);
  }

  #skipSpace(): void {
    for (;;) {
      const byte = this.#buffer[this.#at];
      if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return;
      this.#at += 1;
    }
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function parsed(json: string): string | undefined {
  try {
    return JSON.parse(json) as string;
  } catch {
    return undefined;
  }
}
