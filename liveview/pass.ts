/**
 * Pass: what one message gathers on its way: the statics it names, and the streams whose operations it carries.
 */
import { SharedStatics } from "./shared-statics.ts";
import type { Stream } from "./stream.ts";
import type { Template } from "./template.ts";
import { StreamError } from "./template-errors.ts";

/** Streams of different names that one view may show in its life; one more throws. */
export const maxStreams = 1000;

/** By which `ref` the client knows a stream of a view: "0", "1", ... in the order in which they were first shown. */
export class StreamRefs {
  #refs: Map<string, string> | null = null;

  of(name: string): string {
    this.#refs ??= new Map();
    let ref = this.#refs.get(name);
    if (ref === undefined) {
      if (this.#refs.size >= maxStreams) {
        throw new StreamError(
          `Stream "${name}": the view has shown ${maxStreams} streams of other names (maxStreams).`,
        );
      }
      ref = String(this.#refs.size);
      this.#refs.set(name, ref);
    }
    return ref;
  }
}

export class Pass {
  readonly #streamRefs: StreamRefs;
  #statics: SharedStatics | null = null;
  #streams: Stream<unknown>[] | null = null;

  constructor(streamRefs: StreamRefs) {
    this.#streamRefs = streamRefs;
  }

  /** A template's statics, for the message: filled in by `finish`. */
  statics(template: Template): string {
    this.#statics ??= new SharedStatics();
    return this.#statics.mark(template);
  }

  /** Notes that a stream is shown by this message. Returns its ref. */
  show(stream: Stream<unknown>): string {
    this.#streams ??= [];
    if (this.#streams.some((shown) => shown.name === stream.name)) {
      throw new StreamError(`Stream "${stream.name}": a view can show a stream, or streams of one name, only once.`);
    }
    this.#streams.push(stream);
    return this.#streamRefs.of(stream.name);
  }

  /** How many streams were shown so far, for `rewind`. */
  get streamsShown(): number {
    return this.#streams?.length ?? 0;
  }

  /** Forgets the streams that were shown since there were `count`: their place is written anew. */
  rewind(count: number): void {
    if (this.#streams !== null) this.#streams.length = count;
  }

  finish(message: string): string {
    if (this.#streams !== null) for (const stream of this.#streams) stream.flush();
    return this.#statics === null || message === "" ? message : this.#statics.fill(message);
  }
}
