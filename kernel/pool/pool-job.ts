/** What a task pool and its workers say to each other. Arguments and results are bytes of the codec: the pool that they
 * pass through does not decode them. */
import type { ErrorData } from "../exit-reason.ts";

/** One computation. */
export interface PoolJob {
  /** URL of the module. */
  readonly module: string;
  /** Name of the function that it exports. */
  readonly name: string;
  /** Its arguments: an array. */
  readonly args: Uint8Array;
}

/** What came of it. */
export type PoolAnswer = { readonly value: Uint8Array } | { readonly error: ErrorData };
