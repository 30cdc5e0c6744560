/** What raw.ts and raw-worker.ts say to each other, beside the messages that are counted. */
export type ToRaw =
  | { readonly type: "count"; readonly size: number; readonly every: number }
  | { readonly type: "echo"; readonly n: number }
  | { readonly type: "load"; readonly sliceMs: number };

export type FromRaw =
  | { readonly type: "counted"; readonly count: number }
  | { readonly type: "echo"; readonly n: number };
