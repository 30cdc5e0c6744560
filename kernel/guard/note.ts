/**
 * Note: what a thread's process is at, in memory that other threads can read: there is nobody to ask while native code runs.
 *
 *   serial │ length │ "LiveView /room, event save", cut at 200 characters
 *
 * One writer, by plain stores; read only once the thread stands still. Cost: 40 ns, for what is worth it: a view's events.
 */
import { quarantineKey } from "./quarantine.ts";

export class Note {
  readonly #text: Uint16Array;
  readonly #serial: Float64Array;
  #label: string | undefined;
  #activity: string | undefined;

  /** @param memory `Note.bytes` of it */
  constructor(memory: SharedArrayBuffer) {
    this.#serial = new Float64Array(memory, 0, 1);
    this.#text = new Uint16Array(memory, 8);
  }

  write(serial: number, label: string, activity: string): void {
    this.#serial[0] = serial;
    if (activity === this.#activity && label === this.#label) return;
    this.#label = label;
    this.#activity = activity;
    const text = quarantineKey(label, activity);
    const length = Math.min(text.length, maxLength);
    for (let i = 0; i < length; i++) this.#text[i + 1] = text.charCodeAt(i);
    this.#text[0] = length;
  }

  /** @returns what the process was at; undefined when it is another that has written last */
  read(serial: number): string | undefined {
    if (serial === 0 || this.#serial[0] !== serial) return undefined;
    return String.fromCharCode(...this.#text.subarray(1, 1 + Math.min(this.#text[0]!, maxLength)));
  }

  /** The second half of it. */
  activity(serial: number): string | undefined {
    return this.read(serial)?.split(", ", 2)[1];
  }

  static readonly bytes: number = 8 + 2 * 204;
}

const maxLength = 200;
