/** StreamRefs: by which `ref` the client knows a stream: "0", "1", ... in the order in which they were first shown. */
import { StreamError } from "./template-errors.ts";

/** Streams of different names that one view, or one component, may show in its life; one more throws. */
export const maxStreams = 1000;

export class StreamRefs {
  readonly #prefix: string;
  #refs: Map<string, string> | null = null;

  /** @param prefix "" in a view; "<cid>-" in a component */
  constructor(prefix = "") {
    this.#prefix = prefix;
  }

  of(name: string): string {
    this.#refs ??= new Map();
    let ref = this.#refs.get(name);
    if (ref === undefined) {
      if (this.#refs.size >= maxStreams) {
        throw new StreamError(
          `Stream "${name}": the view has shown ${maxStreams} streams of other names (maxStreams).`,
        );
      }
      ref = this.#prefix + this.#refs.size;
      this.#refs.set(name, ref);
    }
    return ref;
  }
}
