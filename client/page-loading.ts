/**
 * Page loading: events on `window` by which a page can show that it is waiting.
 *
 *   phx:page-loading-start ... phx:page-loading-stop    detail { to, kind }; as many of the one as of the other
 */

export interface PageLoad {
  /** The address that is being loaded. */
  readonly to: string;
  /** The first join, live navigation within a view or to another, or a view that was lost and is joined again. */
  readonly kind: "initial" | "patch" | "redirect" | "error";
}

/** Says that a load has begun. @returns says that it has ended, the first time it is called */
export function pageLoading({ to, kind }: PageLoad): () => void {
  const say = (stage: "start" | "stop") =>
    window.dispatchEvent(new CustomEvent(`phx:page-loading-${stage}`, { detail: { to, kind } }));
  let isLoading = true;
  say("start");
  return () => {
    if (isLoading) say("stop");
    isLoading = false;
  };
}
