/**
 * SlicePort: the place in the event loop that a scheduler thread's slices run at.
 *
 *   nextSlice ─▷ setImmediate: I/O and timers have had their turn ─▷ a message to ourselves ─▷ the slice
 *
 * The first slab of a turn brings a slice with it (read-turns.ts): it, too, comes by a port.
 *
 * Why not in the immediate itself: what is cut off there takes along every immediate behind it, and in a timer's callback
 * the whole program. A port's callback can be cut off: the messages behind it come all the same. Cost: 2.4 us a slice.
 */
import { MessageChannel } from "node:worker_threads";
import type { World } from "../world.ts";

export class SlicePort {
  /** The world, with `nextSlice`. */
  readonly world: World;
  readonly #to: { postMessage(what: number): void };
  #slice: (() => void) | undefined;
  /** Called after `rescue`. */
  onRescue: (() => void) | undefined;

  constructor(world: World) {
    const { port1, port2 } = new MessageChannel();
    this.#to = port2;
    port1.on("message", (what: number) => {
      if (what === rescue) {
        this.onRescue?.();
        return;
      }
      const slice = this.#slice;
      this.#slice = undefined;
      slice?.();
    });
    const post = (): void => port2.postMessage(next);
    this.world = {
      ...world,
      nextSlice: (run) => {
        this.#slice = run;
        world.nextTurn(post);
      },
    };
  }

  /** Calls `onRescue` in a later turn of the event loop, although what runs now is about to be cut off. */
  rescue(): void {
    this.#to.postMessage(rescue);
  }
}

const next = 0;
const rescue = 1;
