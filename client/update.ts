/**
 * Update: what a server's tree or diff says, apart: the tree itself, and what goes beside it.
 *
 *   events before ──▶ tree ──▶ title ──▶ events
 */
import type { WireTree } from "../liveview/protocol.ts";

export interface Update {
  readonly tree: WireTree;
  readonly events: NonNullable<WireTree["e"]>;
  readonly title: string | undefined;
}

/** @param isPage it is all of a page: if it has no title, that of the page before does not stay */
export function updateFrom({ e, r: _reply, t, ...tree }: WireTree, isPage = false): Update {
  return { tree, events: e ?? [], title: typeof t === "string" ? t : isPage ? "" : undefined };
}

/** Does what an update says beside its tree, in its order around the patch. */
export function applyAround({ events, title }: Update, patch: () => void): void {
  dispatch(events.filter(([, , before]) => before === true));
  patch();
  setTitle(title);
  dispatch(events.filter(([, , before]) => before !== true));
}

/** Tells the page of the server's events, as `phx:<name>` on `window`. */
export function dispatch(events: Update["events"]): void {
  for (const [name, detail] of events) window.dispatchEvent(new CustomEvent(`phx:${name}`, { detail }));
}

function setTitle(title: string | undefined): void {
  if (title === undefined) return;
  const { prefix = "", suffix = "", default: fallback } = document.querySelector("title")?.dataset ?? {};
  const text = title.trim() ? title : fallback;
  if (text !== undefined) document.title = prefix + text + suffix;
}
