/**
 * What becomes of a navigation that a callback of a connected view, or of one of its components, has asked for.
 *
 *   patch               live_patch ─▷ params ─▷ the reply, or a push, with all that changed          the view stays
 *   navigate, redirect  pushed events ─▷ live_redirect | redirect, as reply or push ─▷ phx_close ─▷  the view ends
 *
 * A component's own diff goes out before, as a push. What it has put as flash becomes its view's now, and only now.
 * Patches that nobody asked for are held back with the diffs (view-output.ts): `params` runs for each, the last URL is told.
 * Source: wire protocol, 7.2, 8.3 and 14; C7, N3, V18, V20 of the feature map.
 */
import { ProcessExit } from "../../kernel/process.ts";
import type { Instance } from "../component/instance.ts";
import { closeFrame } from "../wire/frames.ts";
import { after } from "./after.ts";
import { entered, patchTarget } from "./mounting.ts";
import { type Departure, type Navigation, NavigationError } from "./navigation.ts";
import type { Socket } from "./socket.ts";
import { answer, change, isOutOfCredit, pushDiff, pushHeldPatch, pushPatched, reply, sendPush } from "./view-output.ts";
import type { Held } from "./view-state.ts";

/** Exit reason of a view that has sent its browser elsewhere: this very object, which no callback can make. */
export const redirected = Object.freeze({ shutdown: "redirected" });

/** Whose callback it was. */
export interface Caller {
  readonly socket: Socket;
  /** Null: the view. */
  readonly instance: Instance | null;
}

/**
 * A callback has returned: shows what it changed, and goes where it sends the browser.
 *
 * @param ref of the request that it was for; null: none
 * @param result of an event's handler
 */
export function settle(held: Held, ref: string | null, result: unknown, caller: Caller): void | Promise<void> {
  const { instance, socket } = caller;
  // A component that has just crashed has another socket, or none: what it wanted went with it.
  const departure = instance === null || instance.socket === socket ? socket.takeDeparture() : undefined;
  if (departure === undefined) return answer(held, ref, result);
  if (instance === null) return depart(held, ref, result, departure, 1);
  const isHeldBack = ref === null && departure.navigation.kind === "patch" && isOutOfCredit(held);
  return after(isHeldBack ? "" : change(held, undefined), (diff) => {
    pushDiff(held, diff);
    if (departure.navigation.kind === "patch") held.socket.mergeFlash(departure.flash);
    return depart(held, ref, result, departure, 1);
  });
}

/** The browser followed a patch link, or went back to one. */
export function followPatch(held: Held, ref: string | null, payload: object): void | Promise<void> {
  const { join, socket, url } = held;
  const target = url === null ? undefined : join.locate((payload as { url?: unknown }).url);
  if (target === undefined) return reply(held, ref, "ok", '{"link_redirect":true}');
  socket.clearFlash();
  held.url = target;
  held.heldPatch = undefined; // where the browser is now, it went later
  return after(entered(join.view, socket, target), ({ departure }) =>
    departure === undefined ? answer(held, ref, undefined) : depart(held, ref, undefined, departure, 1),
  );
}

/** @param patches in a row, with this one */
function depart(
  held: Held,
  ref: string | null,
  result: unknown,
  departure: Departure,
  patches: number,
): void | Promise<void> {
  const { navigation } = departure;
  if (navigation.kind !== "patch") return leave(held, ref, departure);
  const { join, socket, url } = held;
  if (url === null) {
    throw new NavigationError(
      `pushPatch: expected a view that has a URL, got ${socket.self.label}, which is nested. Let its parent do it.`,
    );
  }
  const target = patchTarget(navigation.to, patches, (to) => join.locate(to, url.uri));
  held.url = target;
  const part = ref !== null && join.acknowledges ? { ref } : {};
  pushPatched(held, { to: navigation.to, kind: navigation.history, ...part });
  return after(entered(join.view, socket, target), (next) =>
    next.departure === undefined ? answer(held, ref, result) : depart(held, ref, result, next.departure, patches + 1),
  );
}

function leave(held: Held, ref: string | null, departure: Departure): never {
  const { join, socket } = held;
  pushHeldPatch(held);
  const events = socket.takeEvents();
  if (events !== undefined) pushDiff(held, `{"e":[${events.join(",")}]}`);
  const [name, payload] = elsewhere(departure, join.signFlash(departure.flash));
  if (ref === null) sendPush(held, name, JSON.stringify(payload));
  else reply(held, ref, "ok", JSON.stringify({ [name]: payload }));
  join.send(closeFrame(join.joinRef, join.topic));
  throw new ProcessExit(redirected);
}

/** A navigation that leaves the view, in the words of the wire. */
export function elsewhere(
  { navigation }: { readonly navigation: Navigation },
  flash: string | undefined,
): [name: "redirect" | "live_redirect", payload: object] {
  const { to } = navigation;
  const token = flash === undefined ? {} : { flash };
  if (navigation.kind === "redirect") return ["redirect", { to, ...token }];
  return ["live_redirect", { to, kind: navigation.history, ...token }];
}
