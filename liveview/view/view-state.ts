/**
 * ViewState: what the process of a connected view holds, and what it was joined with.
 */
import type { Pid, Ref } from "../../kernel/pid.ts";
import type { ComponentTable } from "../component/component-table.ts";
import type { ViewRenderer } from "../diff/diff.ts";
import type { NestedTable } from "../nested/nested-table.ts";
import type { NestedUse } from "../nested/nested-use.ts";
import type { FrameWriter, OutgoingFrame } from "../wire/frame-writer.ts";
import type { Flash } from "./flash.ts";
import type { LiveUrl } from "./live-url.ts";
import type { ViewDefinition } from "./live-view.ts";
import type { Socket } from "./socket.ts";

/** What a view is joined with; all of it verified. */
export interface ViewJoin {
  readonly view: ViewDefinition;
  readonly joinRef: string;
  /** Of the join, for its reply. */
  readonly ref: string | null;
  readonly topic: string;
  /** Id of the container element. */
  readonly id: string;
  /** The process of the view that it is nested in; null: it is the page's own. */
  readonly parent: Pid | null;
  /** Null: it is nested, and has none. */
  readonly url: LiveUrl | null;
  /** The client came by a live navigation, from another view in the same container. */
  readonly isNavigation: boolean;
  readonly flash: Flash;
  readonly session: Readonly<Record<string, unknown>>;
  readonly connectParams: Readonly<Record<string, unknown>>;
  /** The client acknowledges what it gets. */
  readonly acknowledges: boolean;
  /** Of the client's frames; it is told, if it is one of ours. */
  readonly maxFrameBytes: number;
  /** An absolute URL, or a path with a base, that shows the same view in the same live session; undefined: it does not. */
  readonly locate: (url: unknown, base?: string) => LiveUrl | undefined;
  /** @returns undefined for an empty one */
  readonly signFlash: (flash: Flash) => string | undefined;
  /** Makes the session token of a view that is nested in this one. */
  readonly signChild: (parent: Pid, use: NestedUse) => string;
  /** Writes frames as the client wants them, once joined. */
  readonly frames: FrameWriter;
  /** Sends a frame to the client. */
  readonly send: (frame: OutgoingFrame) => void;
}

/** That a view has changed its URL, in the words of the wire. */
export interface Patched {
  readonly to: string;
  readonly kind: "push" | "replace";
  /** Of the request that it did so for, where the client wants to know. */
  readonly ref?: string;
}

/** `process.state` of a view. */
export interface Held {
  readonly join: ViewJoin;
  readonly socket: Socket;
  /** For `settle`: callbacks of the view itself. */
  readonly instance: null;
  readonly renderer: ViewRenderer;
  readonly components: ComponentTable;
  readonly nested: NestedTable;
  /** Of the monitor of its parent; null: it has none. */
  readonly parentRef: Ref | null;
  /** Where it is; changes by patches. */
  url: LiveUrl | null;
  pageTitle: unknown;
  /** Frames sent since the reply to the join, and how many of them the client has applied. */
  sent: number;
  acknowledged: number;
  /** The event that is handled; undefined when it is another message, or none. */
  at: string | undefined;
  /** Something was not shown for want of credit. */
  heldBack: boolean;
  /** What the client has not been told of, for want of credit: that the view has patched; the last of them. */
  heldPatch: Patched | undefined;
  /** An undeclared event has been reported. */
  ignored: boolean;
}
