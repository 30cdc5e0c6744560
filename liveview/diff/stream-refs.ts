/** StreamRefs: by which `ref` the client knows a stream: "0", "1", ... in the order in which they were first shown. */

import { StreamError } from "../template/template-errors.ts";
import type { Stream } from "./stream.ts";

/** Streams of different names that one view, or one component, may show in its life; one more throws. */
export const maxStreams = 1000;

interface Shown {
  readonly ref: string;
  readonly domId: Stream<unknown>["ownDomId"];
}

export class StreamRefs {
  readonly #prefix: string;
  #shown: Map<string, Shown> | null = null;

  /** @param prefix "" in a view; "<cid>-" in a component */
  constructor(prefix = "") {
    this.#prefix = prefix;
  }

  /** @throws {StreamError} for a stream whose name was another one's, with another `domId`; or one too many */
  of({ name, ownDomId: domId }: Stream<unknown>): string {
    this.#shown ??= new Map();
    let shown = this.#shown.get(name);
    if (shown === undefined) {
      if (this.#shown.size >= maxStreams) {
        throw new StreamError(
          `Stream "${name}": the view has shown ${maxStreams} streams of other names (maxStreams).`,
        );
      }
      shown = { ref: this.#prefix + this.#shown.size, domId };
      this.#shown.set(name, shown);
    } else if (shown.domId !== domId) {
      throw new StreamError(
        `Stream "${name}": expected the domId that a stream of this name was first shown with, got another one: the ` +
          "browser has items by the first. Keep the function in a constant, or reset the stream in place of a new one.",
      );
    }
    return shown.ref;
  }
}
