/** Which transport? uWebSockets.js where it loads, else ws, which runs everywhere. */
import { OptionError } from "../../kernel/errors.ts";
import type { World } from "../../kernel/world.ts";
import { TransportError } from "./errors.ts";
import { loadUws } from "./load-uws.ts";
import type { Transport } from "./transport.ts";
import { UwsTransport } from "./uws.ts";
import { WsTransport } from "./ws.ts";

export type TransportPreference = "auto" | "uws" | "ws";

export interface ChooseOptions {
  /** uWebSockets.js itself, for apps that install it from another source. */
  readonly uws?: unknown;
  /** Called when "auto" falls back to ws, with the reason in a sentence: worth a line in the log. */
  readonly onFallback?: (reason: string) => void;
}

/**
 * Chooses a transport.
 *
 * @param preference "auto": uws where it loads, else ws
 * @throws {TransportError} when "uws" is asked for and cannot load (`ERR_TRANSPORT`); `cause` is the loader's error
 * @throws {OptionError} for another preference
 */
export async function chooseTransport(
  preference: TransportPreference,
  world: World,
  options: ChooseOptions = {},
): Promise<Transport> {
  switch (preference) {
    case "ws":
      return new WsTransport(world);
    case "uws":
    case "auto": {
      const loaded = await loadUws(options.uws);
      if (loaded.module !== undefined) return new UwsTransport(world, loaded.module);
      if (preference === "uws") throw new TransportError(loaded.reason, { cause: loaded.cause });
      options.onFallback?.(loaded.reason);
      return new WsTransport(world);
    }
    default:
      throw new OptionError(`Transport: expected "auto", "uws" or "ws", got ${JSON.stringify(preference)}.`);
  }
}
