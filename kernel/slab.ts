/**
 * Slab: many records on their way to another thread, in one run of bytes.
 *
 *   ┌ u32 length ┬ u8 kind ┬ body ... ┐┌ u32 length ┬ u8 kind ┬ body ...     little endian; length is the body's
 *
 * One slab is one crossing (research 3b: from about 12 frames a flush on, a transferred slab beats a shared ring).
 * A slab is handed over with its memory; the next one starts as large as the last one got.
 */
const headBytes = 5;
const leastBytes = 4096;
const encoder = new TextEncoder();

export class SlabWriter {
  #bytes: Uint8Array;
  #view: DataView;
  used = 0;

  constructor() {
    this.#bytes = new Uint8Array(leastBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Appends a record of bytes, after `prefix` numbers (u32 each). */
  write(kind: number, prefix: readonly number[], body: Uint8Array): void {
    const length = prefix.length * 4 + body.length;
    this.#reserve(headBytes + length);
    let at = this.#head(kind, length, prefix);
    this.#bytes.set(body, at);
    at += body.length;
    this.used = at;
  }

  /** Appends a record of text as UTF-8, after `prefix` numbers (u32 each). */
  writeText(kind: number, prefix: readonly number[], text: string): void {
    this.#reserve(headBytes + prefix.length * 4 + text.length * 3);
    const start = this.#head(kind, 0, prefix);
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(start));
    this.#view.setUint32(start - prefix.length * 4 - headBytes, prefix.length * 4 + written, true);
    this.used = start + written;
  }

  /** Takes what has been written; the writer starts anew. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.used);
    this.#bytes = new Uint8Array(Math.max(leastBytes, powerAbove(this.used)));
    this.#view = new DataView(this.#bytes.buffer);
    this.used = 0;
    return taken;
  }

  #head(kind: number, length: number, prefix: readonly number[]): number {
    let at = this.used;
    this.#view.setUint32(at, length, true);
    this.#bytes[at + 4] = kind;
    at += headBytes;
    for (let i = 0; i < prefix.length; i++) {
      this.#view.setUint32(at, prefix[i]!, true);
      at += 4;
    }
    return at;
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
export function readSlab(slab: Uint8Array, each: (kind: number, body: Uint8Array) => void): void {
  const view = new DataView(slab.buffer, slab.byteOffset, slab.byteLength);
  for (let at = 0; at + headBytes <= slab.length; ) {
    const length = view.getUint32(at, true);
    const start = at + headBytes;
    each(slab[at + 4]!, slab.subarray(start, start + length));
    at = start + length;
  }
}

function powerAbove(size: number): number {
  return 2 ** Math.ceil(Math.log2(size));
}
