/** Page: what a view needs of the page that it is on, and of the views beside it. */
import type { FrameEncoding } from "../liveview/protocol.ts";
import type { Arrival } from "./arrival.ts";
import type { Channel, ChannelHandlers } from "./channel.ts";
import type { Navigator } from "./navigation/navigator.ts";
import type { Reloads } from "./reload.ts";
import type { ScreenPage } from "./screen.ts";
import type { Stay } from "./stay.ts";
import type { View } from "./view.ts";

export interface Page extends ScreenPage {
  readonly reloads: Reloads;
  readonly navigator: Navigator;
  readonly stay: Stay;
  /** Address of the page, after patches. */
  readonly href: string;
  /** The encoding that joins ask for. */
  readonly frames: FrameEncoding;
  params(container: Element): Record<string, unknown>;
  channel(topic: string, handlers: ChannelHandlers): Channel;
  /** Joins the views that are nested in a parent's HTML, which is not shown yet. */
  joinNested(html: Element, parent: View, arrival: Arrival<View>): void;
  destroyChildren(view: View): void;
  /** Destroys a view that cannot be joined: its container stays as it is, and is not tried again until another view is lost. */
  giveUp(view: View): void;
  /** Closes the socket for good. */
  unload(): void;
  isUnloaded(): boolean;
}

/** How the server answered the wish for another address of the same view. */
export interface PatchAnswers {
  patched(): void;
  /** That address is another view's. */
  elsewhere(): void;
  failed(): void;
}
