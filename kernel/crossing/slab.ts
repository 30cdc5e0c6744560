/**
 * Slab: many records on their way to another thread, in one run of bytes.
 *
 *   ┌ u32 length ┬ u8 kind ┬ u32 number ┬ body ... ┐┌ u32 length ┬ ...     little endian; length is the body's
 *
 * A batch is a record whose body is one MessagePack array, written element by element as they come:
 *
 *   ┌ u32 length ┬ u8 kind ┬ u32 0 ┬ 0xdd u32 elements (big endian) ┬ element ┬ element ...
 *
 * One slab is one crossing (decision 7). It is handed over with its memory; the next one starts as large as the last one got.
 * A small one is handed over as a copy.
 */
const headBytes = 9;
const batchHeadBytes = headBytes + 5;
const leastBytes = 4096;
const copiedAtMost = 1024;
const noBatch = -1;
const encoder = new TextEncoder();

export class SlabWriter {
  #bytes: Uint8Array;
  #view: DataView;
  /** Where the batch that is being written begins. */
  #batchAt = noBatch;
  #elements = 0;
  used = 0;

  constructor() {
    this.#bytes = new Uint8Array(leastBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Appends a record of bytes. @param number a u32, for whoever reads records of this kind */
  write(kind: number, number: number, body: Uint8Array): void {
    if (this.#batchAt !== noBatch) this.#endBatch();
    this.#reserve(headBytes + body.length);
    const start = this.#head(kind, number, body.length);
    this.#bytes.set(body, start);
    this.used = start + body.length;
  }

  /** Appends a record of text, as UTF-8. */
  writeText(kind: number, number: number, text: string): void {
    if (this.#batchAt !== noBatch) this.#endBatch();
    this.#reserve(headBytes + text.length * 3);
    const start = this.#head(kind, number, 0);
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(start));
    this.#view.setUint32(start - headBytes, written, true);
    this.used = start + written;
  }

  /** The next elements go into a batch of this kind: the one that is being written, or a new one. */
  batch(kind: number): void {
    if (this.#batchAt !== noBatch) {
      if (this.#bytes[this.#batchAt + 4] === kind) return;
      this.#endBatch();
    }
    this.#reserve(batchHeadBytes);
    this.#batchAt = this.used;
    this.#elements = 0;
    this.#head(kind, 0, 0);
    this.#bytes[this.used + headBytes] = 0xdd; // array of u32
    this.used += batchHeadBytes;
  }

  /** Appends a whole number of at least 0 to the batch. */
  number(value: number): void {
    this.#reserve(9);
    const bytes = this.#bytes;
    let at = this.used;
    // Not 0x40 to 0x7f in a byte: there msgpackr has its shapes.
    if (value < 0x40) bytes[at++] = value;
    else if (value < 0x100) {
      bytes[at++] = 0xcc;
      bytes[at++] = value;
    } else if (value < 0x10000) {
      bytes[at++] = 0xcd;
      bytes[at++] = value >>> 8;
      bytes[at++] = value;
    } else if (value < 0x1_0000_0000) {
      bytes[at++] = 0xce;
      this.#view.setUint32(at, value);
      at += 4;
    } else {
      bytes[at++] = 0xcb;
      this.#view.setFloat64(at, value);
      at += 8;
    }
    this.used = at;
    this.#elements += 1;
  }

  /** Appends a packed element to the batch. */
  packed(source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.#reserve(length);
    const bytes = this.#bytes;
    let at = this.used;
    if (length <= copiedByHand) for (let from = start; from < end; from++) bytes[at++] = source[from]!;
    else bytes.set(source.subarray(start, end), at);
    this.used += length;
    this.#elements += 1;
  }

  /** Takes what has been written; the writer starts anew. */
  take(): Uint8Array {
    if (this.#batchAt !== noBatch) this.#endBatch();
    if (this.used <= copiedAtMost && this.#bytes.length === leastBytes) return this.#takeCopy();
    const taken = this.#bytes.subarray(0, this.used);
    this.#bytes = new Uint8Array(Math.max(leastBytes, powerAbove(this.used)));
    this.#view = new DataView(this.#bytes.buffer);
    this.used = 0;
    return taken;
  }

  /** So little that it goes in memory of its own size: what is handed over counts whole, and soon has V8 collect it all. */
  #takeCopy(): Uint8Array {
    const taken = this.#bytes.slice(0, this.used);
    this.used = 0;
    return taken;
  }

  #endBatch(): void {
    this.#view.setUint32(this.#batchAt, this.used - this.#batchAt - headBytes, true);
    this.#view.setUint32(this.#batchAt + headBytes + 1, this.#elements);
    this.#batchAt = noBatch;
  }

  /** @returns where the body begins */
  #head(kind: number, number: number, length: number): number {
    const at = this.used;
    this.#view.setUint32(at, length, true);
    this.#bytes[at + 4] = kind;
    this.#view.setUint32(at + 5, number, true);
    return at + headBytes;
  }

  #reserve(more: number): void {
    if (this.used + more <= this.#bytes.length) return;
    const grown = new Uint8Array(powerAbove(this.used + more));
    grown.set(this.#bytes.subarray(0, this.used));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Calls `each` for every record. The body is a view into the slab: valid for as long as you hold it, never written again. */
export function readSlab(slab: Uint8Array, each: (kind: number, number: number, body: Buffer) => void): void {
  const bytes = Buffer.from(slab.buffer, slab.byteOffset, slab.byteLength);
  for (let at = 0; at + headBytes <= bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    const start = at + headBytes;
    each(bytes[at + 4]!, bytes.readUInt32LE(at + 5), bytes.subarray(start, start + length));
    at = start + length;
  }
}

/** So few bytes are quicker copied one by one than by a call. */
const copiedByHand = 48;

function powerAbove(size: number): number {
  return 2 ** Math.ceil(Math.log2(size));
}
