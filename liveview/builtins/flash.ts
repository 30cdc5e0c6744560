/** liveFlash: a message of a view's flash, in a template. */
import type { Flash } from "../view/flash.ts";

/** The message of that kind; undefined: there is none. For a hole: `${liveFlash(flash, "info")}`. */
export function liveFlash(flash: Flash | undefined, kind: string): string | undefined {
  return flash !== undefined && Object.hasOwn(flash, kind) ? flash[kind] : undefined;
}
