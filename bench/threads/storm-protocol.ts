/** What the threads of storm.ts say to each other. */
import type { Name, Pid } from "lintel/kernel";

/** The process of a thread that starts the others there. */
export const hostName = (thread: number): Name => `storm.host.${thread}`;

export type ToHost =
  | { readonly type: "receive"; readonly of: Attempt; readonly from: number; readonly collector: Pid }
  | { readonly type: "send"; readonly to: Pid; readonly count: number };

/** One try to bring `count` messages over. */
export interface Attempt {
  readonly pair: number;
  readonly number: number;
  readonly count: number;
}

/** From a receiver to the collector. */
export interface News {
  readonly of: Attempt;
  /** Messages that have come since it last told. */
  readonly got: number;
  /** All have come, or the sender's thread has ended. */
  readonly isOver: boolean;
  readonly violation?: string;
}
