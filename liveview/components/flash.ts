/** Flash in templates: messages by kind, as a view's `flash` assign has them. */

export type Flash = Readonly<Record<string, string>>;

/** The message of that kind; undefined: there is none. For a hole: `${liveFlash(flash, "info")}`. */
export function liveFlash(flash: Flash | undefined, kind: string): string | undefined {
  return flash !== undefined && Object.hasOwn(flash, kind) ? flash[kind] : undefined;
}
