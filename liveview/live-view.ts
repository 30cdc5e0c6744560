/**
 * liveView: defines a live view. Types flow from what is written once: what `mount` returns is what `render` sees, the
 * events declared are the events that exist, a schema is the type of its handler's argument.
 *
 *   HTTP      mount ─▷ render ─▷ page                    connected: false; the process ends with the response
 *   websocket mount ─▷ render ─▷ tree                    connected: true; the process lives as long as the page
 *             event | message ─▷ handler ─▷ render ─▷ diff
 *
 * One message at a time, in the order of arrival, also over awaits. A callback that throws ends this view's process,
 * nothing else; the browser joins again and it is mounted anew.
 * Write `mount` first, then `events`, then `render`: TypeScript infers from left to right.
 * Source: Phoenix.LiveView, "Life-cycle"; V1 to V11 of the feature map.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Process } from "../kernel/process.ts";
import type { Params } from "./params.ts";
import type { Rendered } from "./rendered.ts";
import type { SessionData } from "./session-cookie.ts";
import type { Socket } from "./socket.ts";

export interface MountContext {
  /** Of the URL: path params win over the query's. */
  readonly params: Params;
  /** Data of the visitor's session. */
  readonly session: SessionData;
  /** False while the page is rendered over HTTP, true when the browser has joined: the place to subscribe. */
  readonly connected: boolean;
  /** What the client sent with its join: `_mounts` (0 the first time) and the page's own; undefined when not connected. */
  readonly connectParams: Readonly<Record<string, unknown>> | undefined;
  /** The view's process. */
  readonly self: Process;
}

/** What the browser sent with an event: the decoded value; of a form its fields, nested, and `_target`. */
export type EventParams = Readonly<Record<string, unknown>>;

/** What a handler may return: nothing, or a reply for the hook that pushed the event. */
export type EventResult = EventReply | object | undefined | void;

export type EventHandler<Assigns extends object> = (
  socket: Socket<Assigns>,
  params: EventParams,
) => EventResult | Promise<EventResult>;

/** A handler behind a schema. Made by `event`. */
export class SchemaEvent<Assigns extends object> {
  readonly schema: StandardSchemaV1;
  readonly handler: (socket: Socket<Assigns>, value: never) => EventResult | Promise<EventResult>;

  /** @internal */
  constructor(
    schema: StandardSchemaV1,
    handler: (socket: Socket<Assigns>, value: never) => EventResult | Promise<EventResult>,
  ) {
    this.schema = schema;
    this.handler = handler;
  }
}

/**
 * An event whose params are checked by a schema before the handler sees them (any Standard Schema: zod, valibot, ...).
 * Params that do not fit are not handled: the event is answered without a change and counted as refused.
 */
export function event<Assigns extends object, Schema extends StandardSchemaV1>(
  schema: Schema,
  handler: (socket: Socket<Assigns>, value: StandardSchemaV1.InferOutput<Schema>) => EventResult | Promise<EventResult>,
): SchemaEvent<Assigns> {
  return new SchemaEvent(schema, handler);
}

/** A reply to the hook that pushed an event, beside the diff. */
export class EventReply {
  readonly payload: Readonly<Record<string, unknown>>;

  constructor(payload: Readonly<Record<string, unknown>>) {
    this.payload = payload;
  }
}

/** Answers a hook's `pushEvent`: return it from the event's handler. */
export function eventReply(payload: Readonly<Record<string, unknown>>): EventReply {
  return new EventReply(payload);
}

export type EventHandlers<Assigns extends object> = Readonly<
  Record<string, EventHandler<Assigns> | SchemaEvent<Assigns>>
>;

export interface RenderContext<Events> {
  /** The declared events by name, for `phx-click=${events.inc}`: one that is not declared does not compile. */
  readonly events: { readonly [K in keyof Events]: K & string };
}

export interface LiveViewDefinition<Assigns extends object, Events, Info> {
  /** Makes the assigns. Runs twice: for the page, and when the browser has joined. */
  readonly mount: (context: MountContext) => Assigns | Promise<Assigns>;
  readonly events?: Events & EventHandlers<Assigns>;
  /** Messages of other processes, broadcasts, timers. Annotate `message` to say what is sent here. */
  readonly info?: (socket: Socket<Assigns>, message: Info) => EventResult | Promise<EventResult>;
  /** Runs when the view ends by itself or by a throw; not when it is killed. */
  readonly terminate?: (socket: Socket<Assigns>, reason: unknown) => void | Promise<void>;
  /** Shows the assigns. Pure: it may run at any time, or not at all when nothing has changed. */
  readonly render: (assigns: Readonly<Assigns>, context: RenderContext<Events>) => Rendered;
}

declare const types: unique symbol;

/** A live view, for a route. */
export interface LiveView<Assigns extends object = object, Events = unknown, Info = unknown> {
  readonly definition: ViewDefinition;
  /** For the compiler. */
  readonly [types]?: { readonly assigns: Assigns; readonly events: Events; readonly info: Info };
}

/** Names of a view's events. */
export type EventName<View> = View extends LiveView<infer _A, infer Events, infer _I> ? keyof Events & string : never;

/** @internal A definition as the process sees it: types are the compiler's. */
export interface ViewDefinition {
  readonly mount: (context: MountContext) => object | Promise<object>;
  readonly events?: EventHandlers<object>;
  readonly info?: (socket: Socket, message: unknown) => EventResult | Promise<EventResult>;
  readonly terminate?: (socket: Socket, reason: unknown) => void | Promise<void>;
  readonly render: (assigns: object, context: RenderContext<unknown>) => Rendered;
  readonly context: RenderContext<unknown>;
}

/**
 * Defines a live view.
 *
 * @example
 * export const CounterLive = liveView({
 *   mount: () => ({ count: 0 }),
 *   events: {
 *     inc: (socket) => socket.update("count", (n) => n + 1),
 *   },
 *   render: ({ count }, { events }) => html`<button phx-click=${events.inc}>${count}</button>`,
 * });
 */
export function liveView<
  Assigns extends object,
  Events extends EventHandlers<Assigns> = Record<never, never>,
  Info = unknown,
>(definition: LiveViewDefinition<Assigns, Events, Info>): LiveView<Assigns, Events, Info> {
  const names = Object.keys(definition.events ?? {});
  const context = { events: Object.freeze(Object.fromEntries(names.map((name) => [name, name]))) };
  return { definition: { ...(definition as unknown as ViewDefinition), context } };
}
