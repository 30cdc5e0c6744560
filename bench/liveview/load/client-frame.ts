/**
 * Client frames: masked as RFC 6455 demands, and cheap to make by the ten thousand per second.
 *
 *   template   81 FE len len  m0 m1 m2 m3  [ " 4 " , " _ _ _ _ _ _ _ " , " l v : ...       masked once
 *   fill(12)                                         1 0 0 0 0 1 2                         copy, then 7 digits xor mask
 *
 * The mask is random per connection, not per frame: it protects proxies from scripts in browsers, and we are neither.
 * What it costs the server to unmask is the same.
 */

/** A piece of a template: text, or a number of so many decimal digits that `fill` is given. */
export type Piece = string | { readonly digits: number };

/** Makes one frame: for joins, heartbeats and answers to pings, whose text varies. */
export function maskedFrame(opcode: number, payload: string | Uint8Array, mask: Uint8Array): Buffer {
  const body = typeof payload === "string" ? Buffer.from(payload) : payload;
  const header = body.length < 126 ? 2 : body.length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(header + 4 + body.length);
  frame[0] = 0x80 | opcode;
  if (header === 2) frame[1] = 0x80 | body.length;
  else if (header === 4) {
    frame[1] = 0xfe;
    frame.writeUInt16BE(body.length, 2);
  } else {
    frame[1] = 0xff;
    frame.writeBigUInt64BE(BigInt(body.length), 2);
  }
  frame.set(mask, header);
  const start = header + 4;
  for (let i = 0; i < body.length; i++) frame[start + i] = body[i]! ^ mask[i & 3]!;
  return frame;
}

export class FrameTemplate {
  readonly #frame: Buffer;
  readonly #mask: Uint8Array;
  readonly #slots: readonly { readonly end: number; readonly digits: number; readonly maskAt: number }[];

  /** @param mask four random bytes */
  constructor(pieces: readonly Piece[], mask: Uint8Array) {
    let text = "";
    const slots: { bodyEnd: number; digits: number }[] = [];
    for (const piece of pieces) {
      text += typeof piece === "string" ? piece : "0".repeat(piece.digits);
      if (typeof piece !== "string") slots.push({ bodyEnd: Buffer.byteLength(text), digits: piece.digits });
    }
    this.#frame = maskedFrame(1, text, mask);
    this.#mask = mask;
    const bodyStart = this.#frame.length - Buffer.byteLength(text);
    this.#slots = slots.map(({ bodyEnd, digits }) => ({ end: bodyStart + bodyEnd, digits, maskAt: bodyEnd }));
  }

  /** A new frame with these numbers in the slots, padded with zeros; higher digits than fit are left out. */
  fill(first: number, second = 0): Buffer {
    const frame = Buffer.allocUnsafe(this.#frame.length);
    frame.set(this.#frame);
    for (let i = 0; i < this.#slots.length; i++) {
      const slot = this.#slots[i]!;
      let rest = i === 0 ? first : second;
      for (let back = 1; back <= slot.digits; back++) {
        const next = Math.floor(rest / 10);
        frame[slot.end - back] = (48 + rest - next * 10) ^ this.#mask[(slot.maskAt - back) & 3]!;
        rest = next;
      }
    }
    return frame;
  }
}
