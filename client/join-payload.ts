/** What a join tells the server: the address, the tokens of the page, and how often it has been tried. */
import type { JoinPayload } from "../liveview/protocol.ts";

/** What the view itself knows; the rest stands on its container, and on the page. */
export interface JoinFacts {
  readonly container: Element;
  /** The app's. */
  readonly params: Record<string, unknown>;
  /** Of the page; a view with a parent, or one that survives navigation, has none. */
  readonly url: string | null;
  /** Set when the view was come to by live navigation: the address that was left. */
  readonly referer: string | undefined;
  readonly flash: string | undefined;
  /** Successful joins so far, and attempts since the last of them. */
  readonly mounts: number;
  readonly attempts: number;
  readonly frames: JoinPayload["frames"];
}

export function joinPayload(facts: JoinFacts): JoinPayload {
  const { container, params, referer, mounts, attempts } = facts;
  const sticky = container.hasAttribute("data-phx-sticky");
  const payload: JoinPayload = {
    params: {
      ...params,
      ...trackedStatics(),
      _mounts: mounts,
      _mount_attempts: attempts,
      ...(referer !== undefined && { _live_referer: referer }),
    },
    session: container.getAttribute("data-phx-session") ?? "",
    static: container.getAttribute("data-phx-static") || null,
    sticky,
    ack: true,
    ...(facts.frames && { frames: facts.frames }),
    ...(facts.flash !== undefined && { flash: facts.flash }),
  };
  if (facts.url === null || sticky) return payload;
  return { [referer === undefined ? "url" : "redirect"]: facts.url, ...payload };
}

function trackedStatics(): { _track_static?: string[] } {
  const urls = [...document.querySelectorAll<HTMLScriptElement & HTMLLinkElement>("[phx-track-static]")]
    .map((el) => el.src || el.href)
    .filter((url) => typeof url === "string" && url !== "");
  return urls.length > 0 ? { _track_static: urls } : {};
}
