/**
 * How a view begins for a client that joins it.
 *
 *   mount ─▷ params ─▷ render ─▷ reply { rendered }
 *               └ pushPatch: params once more; the reply tells the new URL
 *   either goes elsewhere ─▷ error reply { redirect | live_redirect }, and the process ends
 *
 * Source: wire protocol, 5.4 and 5.6.
 */
import { isPromise } from "../../kernel/is-promise.ts";
import type { Ref } from "../../kernel/pid.ts";
import { type Process, ProcessExit } from "../../kernel/process.ts";
import { clientVersion } from "../app/version.ts";
import { ComponentTable } from "../component/component-table.ts";
import { crashListener } from "../component/crashes.ts";
import { ViewRenderer } from "../diff/diff.ts";
import { NestedTable } from "../nested/nested-table.ts";
import { replyFrame } from "../wire/frames.ts";
import { after } from "./after.ts";
import type { LiveUrl } from "./live-url.ts";
import { entered, type Mounted, mountView, patchTarget } from "./mounting.ts";
import { type Departure, MountRedirect } from "./navigation.ts";
import type { Socket } from "./socket.ts";
import { elsewhere, redirected } from "./view-navigation.ts";
import { acknowledgeEvery, message } from "./view-output.ts";
import type { Held, ViewJoin } from "./view-state.ts";

/** Where the view is when it begins, and which patch has brought it there. */
interface Place {
  readonly url: LiveUrl | null;
  readonly patch: { readonly to: string; readonly kind: "push" | "replace" } | undefined;
}

/** @param parentRef of the monitor of its parent; null: it has none */
export function joinView(self: Process, join: ViewJoin, parentRef: Ref | null): void | Promise<void> {
  self.kernel.note?.write(self.pid.serial, self.label, "mount");
  const begun = (mounted: Mounted) => arrive(self, join, parentRef, mounted, { url: join.url, patch: undefined }, 1);
  const failed = (error: unknown): never => {
    if (error instanceof MountRedirect) throw refuse(join, error.departure);
    throw error;
  };
  let mounted: Mounted | Promise<Mounted>;
  try {
    mounted = mountView({
      view: join.view,
      id: join.id,
      self,
      connected: true,
      session: join.session,
      connectParams: join.connectParams,
      url: join.url,
      ...(join.parent === null ? {} : { parent: join.parent }),
      flash: join.flash,
    });
  } catch (error) {
    return failed(error);
  }
  return isPromise(mounted) ? mounted.then(begun, failed) : begun(mounted);
}

/** @param patches in a row, with the next one */
function arrive(
  self: Process,
  join: ViewJoin,
  parentRef: Ref | null,
  { socket, departure }: Mounted,
  place: Place,
  patches: number,
): void | Promise<void> {
  if (departure === undefined) return joined(self, join, parentRef, socket, place);
  const { navigation } = departure;
  // All that there is to say goes along: this view has shown nothing.
  if (navigation.kind !== "patch") throw refuse(join, { navigation, flash: socket.assigns.flash });
  const { to, history } = navigation;
  const url = patchTarget(to, patches, (path) => join.locate(path, place.url!.uri));
  const kind = place.patch?.kind === "push" ? "push" : history;
  return after(entered(join.view, socket, url), (next) =>
    arrive(self, join, parentRef, next, { url, patch: { to, kind } }, patches + 1),
  );
}

/** @returns what the process ends by */
function refuse(join: ViewJoin, departure: Departure): ProcessExit {
  const [name, payload] = elsewhere(departure, join.signFlash(departure.flash));
  const response = JSON.stringify({ [name]: payload, events: [] });
  join.send(replyFrame(join.joinRef, join.ref, join.topic, "error", response));
  return new ProcessExit(redirected);
}

function joined(
  self: Process,
  join: ViewJoin,
  parentRef: Ref | null,
  socket: Socket,
  { url, patch }: Place,
): void | Promise<void> {
  const held: Held = {
    join,
    socket,
    instance: null,
    renderer: new ViewRenderer(),
    components: new ComponentTable(socket, crashListener(self)),
    nested: new NestedTable(join.id, (use) => join.signChild(self.pid, use)),
    parentRef,
    url,
    pageTitle: undefined,
    sent: 0,
    acknowledged: 0,
    at: undefined,
    heldBack: false,
    heldPatch: undefined,
    ignored: false,
  };
  self.state = held;
  return after(message(held, { whole: true, changed: true }, undefined), (rendered) => {
    const { encoding } = join.frames;
    const extras = [
      patch === undefined ? "" : `,"live_patch":${JSON.stringify(patch)}`,
      join.isNavigation ? ',"container":["div",{}]' : "",
      join.acknowledges ? `,"ack":${acknowledgeEvery},"max":${join.maxFrameBytes}` : "",
      encoding === "json" ? "" : `,"frames":"${encoding}"`,
    ];
    const response = `{"rendered":${rendered},"liveview_version":"${clientVersion}"${extras.join("")}}`;
    join.send(replyFrame(join.joinRef, join.ref, join.topic, "ok", response));
  });
}
