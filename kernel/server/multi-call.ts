/**
 * multiCall, abcast: one request to many servers.
 *
 *   multiCall ─┬─▷ server 1 ─▷ reply                  ─┐
 *              ├─▷ server 2 ─▷ reply                   ├─▷ { replies, failures }: every server is in one of them, once
 *              └─▷ server 3   gone, or too slow       ─┘
 *
 * In OTP the servers are those that have one name on several nodes. Names are unique in a runtime, so here they are
 * given one by one: pids, names, or the members of a process group (process-groups.ts).
 * Source: Erlang/OTP, gen_server:multi_call and abcast; G4 of the feature map.
 */
import { CallError } from "../errors.ts";
import type { ExitReason } from "../exit-reason.ts";
import type { Kernel } from "../kernel.ts";
import type { Address } from "../pid.ts";
import type { Process } from "../process.ts";
import type { CallName, CallReplyOf, CallRequestOf, CastName, CastPayloadOf, Payload } from "../protocol.ts";

/** What came of a `multiCall`, each in the order in which the servers were given. */
export interface MultiCallResult<P, Reply> {
  readonly replies: readonly { readonly server: Address<P>; readonly value: Reply }[];
  /** `reason` is that of a `CallError`: `noproc`, `timeout`, ... */
  readonly failures: readonly { readonly server: Address<P>; readonly reason: ExitReason }[];
}

/**
 * Calls all of the servers at the same time, and waits until each has replied or failed.
 *
 * @param by the process that calls, or the kernel for code that is no process
 * @param options.timeout milliseconds for all of them together; default 5,000
 * @throws {MessageError} when the request is not data
 * @example
 * const Cache = genServer({
 *   init: (size: number) => ({ size }),
 *   calls: { size: (state) => reply(state.size, state) },
 * });
 * const kernel = new Kernel();
 * const caches = [await Cache.start(kernel, 10), await Cache.start(kernel, 20)];
 * const { replies, failures } = await multiCall(kernel, caches, "size");
 * const total = replies.reduce((sum, { value }) => sum + value, 0);
 * if (total !== 30 || failures.length > 0) throw new Error("a cache is missing");
 */
export async function multiCall<P, K extends CallName<P>>(
  by: Process | Kernel,
  servers: Iterable<Address<P>>,
  name: K,
  ...request: [...Payload<CallRequestOf<P, K>>, options?: { timeout?: number }]
): Promise<MultiCallResult<P, CallReplyOf<P, K>>> {
  const replies: { server: Address<P>; value: CallReplyOf<P, K> }[] = [];
  const failures: { server: Address<P>; reason: ExitReason }[] = [];
  const calls = [...servers].map((server) => ({ server, reply: by.call<P, K>(server, name, ...request) }));
  for (const [i, settled] of (await Promise.allSettled(calls.map(({ reply }) => reply))).entries()) {
    const { server } = calls[i]!;
    if (settled.status === "fulfilled") replies.push({ server, value: settled.value });
    else if (settled.reason instanceof CallError) failures.push({ server, reason: settled.reason.reason });
    else throw settled.reason;
  }
  return { replies, failures };
}

/** Casts to all of the servers. Never fails, not even for those that are gone. */
export function abcast<P, K extends CastName<P>>(
  by: Process | Kernel,
  servers: Iterable<Address<P>>,
  name: K,
  ...payload: Payload<CastPayloadOf<P, K>>
): void {
  for (const server of servers) by.cast<P, K>(server, name, ...payload);
}
