/**
 * The protocol of a process, for the compiler: which calls and casts it answers, and which messages it takes.
 * `genServer` infers it from the definition, a pid carries it, and `call`, `cast` and `send` check against it.
 */

import type { Name } from "./pid.ts";

/** What a server answers to. */
export interface Protocol {
  readonly calls: Readonly<Record<string, CallShape>>;
  readonly casts: Readonly<Record<string, unknown>>;
  readonly info: unknown;
}

/** The protocol of a definition: `Pid<ProtocolOf<typeof Stock>>` is the pid of a `Stock`. */
export type ProtocolOf<Server> = Server extends { named(name: string): Name<infer P> } ? P : never;

export interface CallShape {
  readonly request: unknown;
  readonly reply: unknown;
}

/** The names that may be called. Any, when the protocol is not known. */
export type CallName<P> = P extends Protocol ? keyof P["calls"] & string : string;

/** What follows the name in a call: nothing when the handler takes no request. */
export type CallRequestOf<P, K> = P extends Protocol
  ? K extends keyof P["calls"]
    ? P["calls"][K]["request"]
    : never
  : unknown;

export type CallReplyOf<P, K> = P extends Protocol
  ? K extends keyof P["calls"]
    ? P["calls"][K]["reply"]
    : never
  : unknown;

export type CastName<P> = P extends Protocol ? keyof P["casts"] & string : string;

export type CastPayloadOf<P, K> = P extends Protocol ? (K extends keyof P["casts"] ? P["casts"][K] : never) : unknown;

/** The messages that `send` may carry there. */
export type InfoOf<P> = P extends Protocol ? P["info"] : unknown;

/** `[]` for a handler without a payload, `[payload]` for one with, `[payload?]` where it is not known. */
export type Payload<T> = [T] extends [undefined]
  ? [payload?: undefined]
  : unknown extends T
    ? [payload?: T]
    : [payload: T];
