/**
 * Debug annotations: which template an element on the page comes from. For development: they travel with the page.
 *
 *   <!-- app/rows.ts:12 --><li data-phx-loc="app/rows.ts:12">...</li><!-- /app/rows.ts:12 -->
 *
 * A template is parsed once, so this counts for those that are used for the first time after it was switched on.
 */

export interface AnnotationOptions {
  /** Modules to leave out, by the location `file:line` of their templates. Default: none. */
  readonly exclude?: (location: string) => boolean;
}

let options: AnnotationOptions | null = null;

/** Switches annotations on, in this thread; with `false` off again. Call it before any template is used. */
export function debugAnnotations(on: AnnotationOptions | boolean = true): void {
  options = on === true ? {} : on === false ? null : on;
}

/** @internal */
export function isAnnotated(location: string): boolean {
  return options !== null && options.exclude?.(location) !== true;
}

/** @internal The statics with a comment before and behind them, but for a page's: nothing stands before its doctype. */
export function withComments(statics: readonly string[], location: string): readonly string[] {
  if (/^\s*<!doctype/i.test(statics[0]!)) return statics;
  const label = location.replaceAll("--", "- -");
  const annotated = [...statics];
  annotated[0] = `<!-- ${label} -->${annotated[0]}`;
  annotated[annotated.length - 1] += `<!-- /${label} -->`;
  return annotated;
}
