/**
 * ServerFrameParser: what a server sends on a websocket, cut into messages, without copying those that arrive whole.
 *
 *   chunk     ┤ frame ┤ frame ┤ fra            whole frames are handed out as a range of the chunk itself
 *   next      me ┤ frame ┤                     only the one that was cut is put together in a buffer of its own
 *
 * It accepts what a server may send to a client that offered no extension (RFC 6455): unmasked frames, no reserved bits,
 * fragments of data with control frames in between. Anything else throws: a benchmark has to know.
 */

/** Opcodes of RFC 6455. */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** `bytes` is valid during the call only. */
export type MessageListener = (opcode: number, bytes: Buffer, start: number, end: number) => void;

const maxMessageBytes = 64 * 1024 * 1024;

export class ServerFrameParser {
  readonly #onMessage: MessageListener;
  /** The frame that was cut by the end of a chunk: its first `#heldLength` bytes. */
  #held = Buffer.alloc(0);
  #heldLength = 0;
  /** Payloads of the fragments so far, and the opcode of the first. */
  #fragments: Buffer[] = [];
  #fragmentsOpcode = 0;

  constructor(onMessage: MessageListener) {
    this.#onMessage = onMessage;
  }

  /**
   * Takes the next bytes of the stream. The listener is called for each message that they complete.
   *
   * @throws {Error} when the server broke the protocol; the parser is of no further use then
   */
  push(chunk: Buffer, start = 0, end = chunk.length): void {
    while (start < end) {
      if (this.#heldLength > 0) {
        start = this.#fillHeld(chunk, start, end);
        continue;
      }
      const size = frameSize(chunk, start, end);
      if (size === unknownSize || start + size > end) {
        this.#reserve(Math.max(size, end - start));
        chunk.copy(this.#held, 0, start, end);
        this.#heldLength = end - start;
        return;
      }
      this.#emit(chunk, start, start + size);
      start += size;
    }
  }

  #fillHeld(chunk: Buffer, start: number, end: number): number {
    let size = frameSize(this.#held, 0, this.#heldLength);
    while (size === unknownSize && start < end) {
      this.#reserve(this.#heldLength + 1);
      this.#held[this.#heldLength++] = chunk[start++]!;
      size = frameSize(this.#held, 0, this.#heldLength);
    }
    if (size === unknownSize) return start;
    this.#reserve(size);
    const count = Math.min(size - this.#heldLength, end - start);
    chunk.copy(this.#held, this.#heldLength, start, start + count);
    this.#heldLength += count;
    if (this.#heldLength === size) {
      this.#heldLength = 0;
      this.#emit(this.#held, 0, size);
    }
    return start + count;
  }

  #reserve(size: number): void {
    if (this.#held.length >= size) return;
    const larger = Buffer.allocUnsafe(Math.max(size, 128));
    this.#held.copy(larger, 0, 0, this.#heldLength);
    this.#held = larger;
  }

  #emit(bytes: Buffer, start: number, end: number): void {
    const first = bytes[start]!;
    const opcode = first & 0x0f;
    const payload = start + headerSize(bytes[start + 1]!);
    const final = (first & 0x80) !== 0;
    if (opcode >= opcodes.close || (final && opcode !== opcodes.continuation)) {
      this.#onMessage(opcode, bytes, payload, end);
      return;
    }
    if (opcode !== opcodes.continuation) this.#fragmentsOpcode = opcode;
    else if (this.#fragments.length === 0)
      throw new Error("Server sent a continuation frame with nothing to continue.");
    this.#fragments.push(Buffer.from(bytes.subarray(payload, end)));
    if (!final) return;
    const whole = Buffer.concat(this.#fragments);
    this.#fragments = [];
    this.#onMessage(this.#fragmentsOpcode, whole, 0, whole.length);
  }
}

const unknownSize = -1;

function headerSize(secondByte: number): number {
  return secondByte < 126 ? 2 : secondByte === 126 ? 4 : 10;
}

/** Bytes of the whole frame that begins at `start`, or -1 when its header is not all there. */
function frameSize(bytes: Buffer, start: number, end: number): number {
  if (end - start < 2) return unknownSize;
  if ((bytes[start]! & 0x70) !== 0) throw new Error("Server sent a frame with reserved bits, without an extension.");
  const second = bytes[start + 1]!;
  if (second >= 128) throw new Error("Server sent a masked frame.");
  if (second < 126) return 2 + second;
  if (end - start < headerSize(second)) return unknownSize;
  const length = second === 126 ? bytes.readUInt16BE(start + 2) : Number(bytes.readBigUInt64BE(start + 2));
  if (length > maxMessageBytes) throw new Error(`Server announced a frame of ${length} bytes.`);
  return headerSize(second) + length;
}
