/**
 * The one place that imports uWebSockets.js.
 *
 * It is not on the npm registry, has one binary for each version of Node and none for some systems, and is a peer that
 * may not be installed: so "it cannot load" is an ordinary outcome here, with a reason to show, and no error.
 */
import { isMainThread } from "node:worker_threads";
import { MAX_HEADER_BYTES } from "./request-head.ts";
import type { UwsModule } from "./uws-module.ts";

export type LoadedUws =
  | { readonly module: UwsModule; readonly reason?: undefined }
  /** One sentence for people: why it cannot be used, and the way out. */
  | { readonly module: undefined; readonly reason: string; readonly cause?: unknown };

/**
 * Loads uWebSockets.js. Never rejects.
 *
 * @param supplied the module, for apps that install it from another source; default: `import("uWebSockets.js")`.
 *   Both shapes will do, named exports and a default export that holds them
 */
export async function loadUws(supplied?: unknown): Promise<LoadedUws> {
  if (!isMainThread) {
    // A thread that ends while it owns native handles takes the whole process with it:
    // "uv_loop_close() while having open handles", SIGABRT.
    return {
      module: undefined,
      reason: "uWebSockets.js runs on the main thread only, and this is a worker thread. Listen on the main thread.",
    };
  }
  // By default it answers 431 to more than 4,096 bytes of headers, which two full cookies exceed. It reads this variable
  // once, as it is loaded, and so it has to stand before that. Whoever has set it knows better.
  process.env["UWS_HTTP_MAX_HEADERS_SIZE"] ??= String(MAX_HEADER_BYTES);
  let found = supplied;
  try {
    found ??= await import("uWebSockets.js");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split("\n", 1)[0] : String(cause);
    return {
      module: undefined,
      reason: `uWebSockets.js could not be loaded on Node ${process.versions.node} (${process.platform} ${process.arch}): ${why} Install it, or use transport "ws".`,
      cause,
    };
  }
  const module = asUwsModule(found) ?? asUwsModule((found as { default?: unknown } | null)?.default);
  if (module !== undefined) return { module };
  return {
    module: undefined,
    reason: `The module given as uWebSockets.js is not it: expected functions ${NEEDED.join(", ")}.`,
  };
}

const NEEDED = ["App", "us_listen_socket_close", "us_socket_local_port"] as const;

function asUwsModule(found: unknown): UwsModule | undefined {
  if (typeof found !== "object" || found === null) return undefined;
  const record = found as Record<string, unknown>;
  return NEEDED.every((name) => typeof record[name] === "function") ? (found as UwsModule) : undefined;
}
