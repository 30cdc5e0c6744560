/** The defaults and ranges of `ListenOptions`, the same for every transport. */
import { OptionError } from "../../kernel/errors.ts";
import type { ListenOptions } from "./transport.ts";

/**
 * Fills in the defaults.
 *
 * @throws {OptionError} naming the first option that makes no sense
 */
export function resolveListenOptions(options: ListenOptions): Required<ListenOptions> {
  if (options.sharePort === true && options.port === 0) {
    throw new OptionError('Listen option "sharePort": expected a port that all can know, got port 0.');
  }
  return {
    sharePort: options.sharePort ?? false,
    host: text("host", options.host ?? "127.0.0.1"),
    port: integer("port", options.port, 0, 65_535),
    socketPath: path("socketPath", options.socketPath ?? "/live/websocket"),
    maxFrameBytes: integer("maxFrameBytes", options.maxFrameBytes ?? 65_536, 1, MAX_BYTES),
    maxBodyBytes: integer("maxBodyBytes", options.maxBodyBytes ?? 1_048_576, 0, MAX_BYTES),
    maxBackpressureBytes: integer("maxBackpressureBytes", options.maxBackpressureBytes ?? 1_048_576, 1, MAX_BYTES),
    idleTimeoutMs: integer("idleTimeoutMs", options.idleTimeoutMs ?? 60_000, 1, 960_000),
    maxSockets: integer("maxSockets", options.maxSockets ?? 16_384, 1, 1_000_000),
  };
}

/** uWebSockets.js keeps sizes in 32 bits; a gibibyte is beyond all sense here. */
const MAX_BYTES = 1_073_741_824;

function integer(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new OptionError(`Listen option "${name}": expected an integer from ${min} to ${max}, got ${String(value)}.`);
}

function text(name: string, value: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new OptionError(`Listen option "${name}": expected a non-empty string, got ${JSON.stringify(value)}.`);
}

function path(name: string, value: string): string {
  if (typeof value === "string" && /^\/[!-~]*$/.test(value) && !value.includes("?") && !value.includes("#"))
    return value;
  throw new OptionError(
    `Listen option "${name}": expected a path such as "/live/websocket", without query, got ${JSON.stringify(value)}.`,
  );
}
