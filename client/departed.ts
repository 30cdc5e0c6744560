/**
 * Departed components: only the page knows when a component has left it. The server is told, and may object by
 * rendering it again.
 *
 *   client   cids_will_destroy ──▶   still gone?   cids_destroyed ──▶            forgets those
 *   server                     ◀── ok                             ◀── which it has deleted
 */
import type { ReplyResponse } from "../liveview/protocol.ts";
import type { Tree } from "./tree.ts";

/**
 * @param removed components whose elements a patch has removed; they may be elsewhere on the page
 * @param tell sends a message of the view to the server
 * @param isCurrent whether the tree is still the view's: it is another one after each join
 */
export function tellDeparted(
  removed: ReadonlySet<number>,
  viewId: string,
  tree: Tree,
  tell: (event: string, payload: unknown, ok: (response: ReplyResponse) => void) => void,
  isCurrent: () => boolean,
): void {
  const cids = [...removed].filter((cid) => !isOnPage(cid, viewId));
  if (cids.length === 0) return;
  for (const cid of cids) tree.resetComponent(cid);
  tell("cids_will_destroy", { cids }, () => {
    const gone = cids.filter((cid) => !isOnPage(cid, viewId));
    if (gone.length === 0 || !isCurrent()) return;
    tell("cids_destroyed", { cids: gone }, (response) => {
      if (isCurrent()) tree.pruneComponents(response["cids"] as number[]);
    });
  });
}

function isOnPage(cid: number, viewId: string): boolean {
  return document.querySelector(`[data-phx-component="${cid}"][data-phx-view="${CSS.escape(viewId)}"]`) !== null;
}
