/**
 * Mounting: how a view begins, in the process of a page request as in its own.
 *
 *   mount ─▷ assigns ─▷ socket ─▷ params, when the view has a URL ─▷ may have sent the browser elsewhere
 *
 * Source: Phoenix.LiveView, "Life-cycle"; V1, V4, N11 of the feature map.
 */
import type { Pid } from "../../kernel/pid.ts";
import type { Process } from "../../kernel/process.ts";
import type { SessionData } from "../session/session-cookie.ts";
import { after } from "./after.ts";
import { type Flash, withMessage } from "./flash.ts";
import type { LiveUrl } from "./live-url.ts";
import type { MountContext, ViewDefinition } from "./live-view.ts";
import { type Departure, MountRedirect, moveTo, NavigationError, redirectTo } from "./navigation.ts";
import type { Params } from "./params.ts";
import { Socket } from "./socket.ts";

/** What a view is mounted with. */
export interface Mount {
  readonly view: ViewDefinition;
  /** Of its container. */
  readonly id: string;
  readonly self: Process;
  readonly connected: boolean;
  readonly session: SessionData;
  readonly connectParams: Readonly<Record<string, unknown>> | undefined;
  /** Null: it is nested, and has none. */
  readonly url: LiveUrl | null;
  /** Of a nested one that is connected. */
  readonly parent?: Pid;
  readonly flash: Flash;
}

/** A view that has begun; `departure`: it sends the browser elsewhere at once. */
export interface Mounted {
  readonly socket: Socket;
  readonly departure: Departure | undefined;
}

/** @throws {MountRedirect} when `mount` ended by one; what its callbacks throw */
export function mountView(mount: Mount): Mounted | Promise<Mounted> {
  const { view, id, self, connected, url } = mount;
  let { flash } = mount;
  const context: MountContext = {
    params: url?.params ?? noParams,
    session: mount.session,
    connectParams: mount.connectParams,
    connected,
    self,
    ...(mount.parent === undefined ? {} : { parent: mount.parent }),
    flash,
    putFlash: (kind, message) => {
      flash = withMessage(flash, kind, message, `View ${id}`);
    },
    pushNavigate: (to, options) => {
      throw new MountRedirect({ navigation: moveTo("navigate", to, options), flash });
    },
    redirect: (to, options) => {
      throw new MountRedirect({ navigation: redirectTo(to, options), flash });
    },
  };
  return after(view.mount(context), (assigns) => {
    const socket = new Socket(id, self, connected, assigns, flash);
    return url === null ? { socket, departure: undefined } : entered(view, socket, url);
  });
}

/** Runs `params` for a URL that the view is at from now on. */
export function entered(
  view: ViewDefinition,
  socket: Socket,
  { params, uri }: Pick<LiveUrl, "params" | "uri">,
): Mounted | Promise<Mounted> {
  if (view.params === undefined) return { socket, departure: socket.takeDeparture() };
  const { kernel, label, pid } = socket.self;
  kernel.quarantine.check(label, "params");
  kernel.note?.write(pid.serial, label, "params");
  return after(view.params(socket, params, uri), () => ({ socket, departure: socket.takeDeparture() }));
}

/** A callback that patches whenever it has been patched to would go on for ever. */
export const maxPatches = 20;

/**
 * The URL that a patch leads to.
 *
 * @param count of patches in a row, this one included
 * @throws {NavigationError} when it leads to another view, or there have been too many
 */
export function patchTarget<Url>(to: string, count: number, locate: (to: string) => Url | undefined): Url {
  if (count > maxPatches) {
    throw new NavigationError(
      `pushPatch: expected at most ${maxPatches} patches in a row, got one more, to ${to}. Does params patch each time?`,
    );
  }
  const target = locate(to);
  if (target === undefined) {
    throw new NavigationError(
      `pushPatch: expected a path of this very view, in its live session, got ${to}. To another view: pushNavigate.`,
    );
  }
  return target;
}

/** A nested view has no URL. */
export const noParams = Object.freeze(Object.create(null)) as Params;
