/**
 * The process of a connected view: mounts, answers events, shows what changed.
 *
 *   join    ─▷ mount ─▷ render ─▷ reply { rendered }
 *   event   ─▷ handler ─▷ render ─▷ reply { diff }        exactly one reply, `{}` when nothing changed
 *   message ─▷ info ────▷ render ─▷ push diff             nothing when nothing changed
 *   leave, or the socket is gone ─▷ ends with { shutdown: "left" | "closed" }
 *
 * A callback that throws gives no reply: the process ends, and the host sends `phx_error`.
 */

import type { StandardSchemaV1 } from "@standard-schema/spec";
import { isPromise } from "../kernel/is-promise.ts";
import type { Behaviour, Process } from "../kernel/process.ts";
import { ProcessExit } from "../kernel/process.ts";
import { ViewRenderer } from "./diff.ts";
import { closeFrame, pushFrame, replyFrame } from "./frames.ts";
import { type EventHandler, type EventParams, EventReply, type EventResult, type ViewDefinition } from "./live-view.ts";
import { decodeFormEvent, type Params, ParamsError } from "./params.ts";
import type { EventPayload } from "./protocol.ts";
import { Socket } from "./socket.ts";
import { clientVersion } from "./version.ts";

/** What a view is joined with; all of it verified. */
export interface ViewJoin {
  readonly view: ViewDefinition;
  readonly joinRef: string;
  readonly topic: string;
  /** Id of the container element. */
  readonly id: string;
  readonly params: Params;
  readonly session: Readonly<Record<string, unknown>>;
  readonly connectParams: Readonly<Record<string, unknown>>;
  /** Sends a frame to the client. */
  readonly send: (frame: string) => void;
}

/** A frame from the client, as it came. Its head has been read: it is for this view and of its join. */
export class ClientFrame {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
}

/** The client is gone: nothing that is sent arrives. */
export class ClientGone {}

/** `process.state` of a view. */
interface Held {
  readonly join: ViewJoin;
  readonly socket: Socket;
  readonly renderer: ViewRenderer;
  pageTitle: unknown;
}

export const viewBehaviour: Behaviour<ViewJoin> = {
  label: "LiveView",

  init(self, join) {
    const context = {
      params: join.params,
      session: join.session,
      connectParams: join.connectParams,
      connected: true,
      self,
    };
    const assigns = join.view.mount(context);
    return isPromise(assigns) ? assigns.then((mounted) => joined(self, join, mounted)) : joined(self, join, assigns);
  },

  handle(self, message) {
    const held = self.state as Held;
    if (message instanceof ClientFrame) return handleFrame(held, message);
    if (message instanceof ClientGone) throw new ProcessExit({ shutdown: "closed" });
    const { info } = held.join.view;
    if (info === undefined) return;
    const done = info(held.socket, message);
    return isPromise(done) ? done.then(() => push(held)) : push(held);
  },

  terminate(self, reason) {
    const held = self.state as Held | undefined;
    return held?.join.view.terminate?.(held.socket, reason);
  },
};

function joined(self: Process, join: ViewJoin, assigns: object): void {
  const socket = new Socket(join.id, self, true, assigns);
  const held: Held = { join, socket, renderer: new ViewRenderer(), pageTitle: undefined };
  self.state = held;
  const tree = held.renderer.full(join.view.render(assigns, join.view.context));
  const rendered = withExtras(held, tree, undefined);
  join.send(
    replyFrame(
      join.joinRef,
      join.joinRef,
      join.topic,
      "ok",
      `{"rendered":${rendered},"liveview_version":"${clientVersion}"}`,
    ),
  );
}

function handleFrame(held: Held, frame: ClientFrame): void | Promise<void> {
  const { join } = held;
  let ref: string | null = null;
  let name: string;
  let payload: unknown;
  try {
    [, ref, , name, payload] = JSON.parse(frame.bytes.toString("utf8")) as [
      null,
      string | null,
      string,
      string,
      unknown,
    ];
  } catch {
    refuse(held, null, "malformed frame");
    return;
  }
  switch (name) {
    case "event":
      return handleEvent(held, ref, payload);
    case "phx_leave":
      join.send(replyFrame(join.joinRef, ref, join.topic, "ok", "{}"));
      join.send(closeFrame(join.joinRef, join.topic));
      throw new ProcessExit({ shutdown: "left" });
    case "cids_will_destroy":
      join.send(replyFrame(join.joinRef, ref, join.topic, "ok", "{}"));
      return;
    case "cids_destroyed":
      join.send(replyFrame(join.joinRef, ref, join.topic, "ok", '{"cids":[]}'));
      return;
    default:
      refuse(held, ref, "unknown message");
  }
}

function handleEvent(held: Held, ref: string | null, payload: unknown): void | Promise<void> {
  if (!isEventPayload(payload)) return refuse(held, ref, "malformed event");
  const { events, schemas } = held.join.view;
  const handler = events !== undefined && Object.hasOwn(events, payload.event) ? events[payload.event] : undefined;
  if (handler === undefined) return refuse(held, ref, "unknown event");
  let params: EventParams;
  try {
    params = eventParams(payload);
  } catch (error) {
    if (error instanceof ParamsError) return refuse(held, ref, "malformed event");
    throw error;
  }
  const schema = schemas !== undefined && Object.hasOwn(schemas, payload.event) ? schemas[payload.event] : undefined;
  const result =
    schema === undefined ? handler(held.socket, params as never) : checked(held, ref, schema, handler, params);
  return isPromise(result) ? result.then((settled) => answer(held, ref, settled)) : answer(held, ref, result);
}

/** Runs the schema, then the handler. */
function checked(
  held: Held,
  ref: string | null,
  schema: StandardSchemaV1,
  handler: EventHandler<object, never>,
  params: EventParams,
): EventResult | typeof refused | Promise<EventResult | typeof refused> {
  const apply = (
    result: StandardSchemaV1.Result<unknown>,
  ): EventResult | typeof refused | Promise<EventResult | typeof refused> => {
    if (result.issues === undefined) return handler(held.socket, result.value as never);
    refuse(held, ref, "invalid params");
    return refused;
  };
  const result = schema["~standard"].validate(params);
  return isPromise(result) ? result.then(apply) : apply(result);
}

/** The event has been answered already. */
const refused: unique symbol = Symbol("refused");

function answer(held: Held, ref: string | null, result: unknown): void {
  if (result === refused) return;
  const { join } = held;
  const diff = change(held, result instanceof EventReply ? result.payload : undefined);
  if (ref === null) {
    if (diff !== "") join.send(pushFrame(join.joinRef, join.topic, "diff", diff));
    return;
  }
  join.send(replyFrame(join.joinRef, ref, join.topic, "ok", diff === "" ? "{}" : `{"diff":${diff}}`));
}

function push(held: Held): void {
  const diff = change(held, undefined);
  const { join } = held;
  if (diff !== "") join.send(pushFrame(join.joinRef, join.topic, "diff", diff));
}

/** Renders if anything was assigned. @returns the diff as JSON text, "" when there is nothing to say */
function change(held: Held, reply: object | undefined): string {
  const { socket, join, renderer } = held;
  const diff = socket.takeChanged() ? renderer.diff(join.view.render(socket.assigns, join.view.context)) : "";
  return withExtras(held, diff, reply);
}

/** Puts title, events and reply at the top of a tree or diff. */
function withExtras(held: Held, tree: string, reply: object | undefined): string {
  const { socket } = held;
  const extras: string[] = [];
  const events = socket.takeEvents();
  if (events !== undefined) extras.push(`"e":${JSON.stringify(events)}`);
  if (reply !== undefined) extras.push(`"r":${JSON.stringify(reply)}`);
  const { pageTitle } = socket.assigns as { pageTitle?: unknown };
  if (pageTitle !== held.pageTitle) {
    held.pageTitle = pageTitle;
    extras.push(`"t":${JSON.stringify(pageTitle === undefined ? null : String(pageTitle))}`);
  }
  if (extras.length === 0) return tree;
  if (tree === "" || tree === "{}") return `{${extras.join(",")}}`;
  return `${tree.slice(0, -1)},${extras.join(",")}}`;
}

function refuse(held: Held, ref: string | null, reason: string): void {
  const { join } = held;
  if (ref !== null) join.send(replyFrame(join.joinRef, ref, join.topic, "error", JSON.stringify({ reason })));
}

function isEventPayload(payload: unknown): payload is EventPayload {
  return typeof payload === "object" && payload !== null && typeof (payload as EventPayload).event === "string";
}

function eventParams(payload: EventPayload): Readonly<Record<string, unknown>> {
  const { type, value, meta } = payload;
  if (type === "form") {
    const fields = typeof value === "string" ? value : "";
    return decodeFormEvent(fields, typeof meta === "object" && meta !== null ? meta : {});
  }
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : { value };
}
