/**
 * liveView: defines a live view. Types flow from what is written once: what `mount` returns is what `render` sees, the
 * events declared are the events that exist, a schema is the type of its handler's argument.
 *
 *   HTTP      mount ─▷ params ─▷ render ─▷ page          connected: false; the process ends with the response
 *   websocket mount ─▷ params ─▷ render ─▷ tree          connected: true; the process lives as long as the page
 *             event | message ─▷ handler ─▷ render ─▷ diff
 *             patch ─▷ params ─▷ render ─▷ diff          the URL has changed
 *
 * One message at a time, in the order of arrival, also over awaits. A callback that throws ends this view's process,
 * nothing else; the browser joins again and it is mounted anew.
 * Write `mount` first, then `schemas`, `events` and `render`: TypeScript infers from left to right.
 * Source: Phoenix.LiveView, "Life-cycle"; V1 to V11 of the feature map.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { OptionError, shown } from "../../kernel/errors.ts";
import type { Pid } from "../../kernel/pid.ts";
import type { Process } from "../../kernel/process.ts";
import { nameView } from "../nested/view-names.ts";
import type { SessionData } from "../session/session-cookie.ts";
import type { Rendered } from "../template/rendered.ts";
import { type Html, html } from "../template/template.ts";
import type { Flash } from "./flash.ts";
import type { ExternalTarget, HistoryOptions, RedirectOptions } from "./navigation.ts";
import type { Params } from "./params.ts";
import type { ReservedAssigns, Socket } from "./socket.ts";

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
  /** Messages that the browser has brought along: of the page that led here. They are in the assigns, too. */
  readonly flash: Flash;
  /** As `socket.putFlash`. */
  readonly putFlash: (kind: string, message: string) => void;
  /** Goes to another view, and ends the mount: nothing after it runs. `return pushNavigate("/")` tells the compiler so. */
  readonly pushNavigate: (to: string, options?: HistoryOptions) => never;
  /** Loads another page, and ends the mount: nothing after it runs. A page request is answered with 302. */
  readonly redirect: (to: string | ExternalTarget, options?: RedirectOptions) => never;
  /** Of a nested view that is connected: its parent's process, to send to. `self.link(parent)` ends it with this one. */
  readonly parent?: Pid;
}

/** What the browser sent with an event: the decoded value; of a form its fields, nested, and `_target`. */
export type EventParams = Readonly<Record<string, unknown>>;

/** What a handler may return: nothing, or a reply for the hook that pushed the event. */
export type EventResult = EventReply | object | undefined | void;

export type EventHandler<Assigns extends object, EventParameters = EventParams> = (
  socket: Socket<Assigns>,
  params: EventParameters,
) => EventResult | Promise<EventResult>;

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

/** Schemas of events' params by event name: any Standard Schema (zod, valibot, arktype, ...). */
export type EventSchemas = Readonly<Record<string, StandardSchemaV1>>;

/** What the handler of an event gets: its schema's output, or the raw params. */
export type ParamsOf<Schemas, Name> = Name extends keyof Schemas
  ? Schemas[Name] extends StandardSchemaV1
    ? StandardSchemaV1.InferOutput<Schemas[Name]>
    : EventParams
  : EventParams;

export interface RenderContext<Events extends string, Assigns = object> {
  /** The declared events by name, for `phx-click=${events.inc}`: one that is not declared does not compile. */
  readonly events: { readonly [Name in Events]: Name };
  /** The tag for templates, knowing the assigns that functions in holes get: `${({ count }) => count}`. */
  readonly html: Html<Assigns>;
}

export interface LiveViewDefinition<Assigns extends object, Schemas, Events extends string, Info> {
  /** Unique in the program. For views that others nest: by `liveRender` (nested/nested-use.ts). Default: none. */
  readonly name?: string;
  /** Makes the assigns. Runs twice: for the page, and when the browser has joined. */
  readonly mount: (context: MountContext) => Assigns | Promise<Assigns>;
  /**
   * The view is at a URL: after `mount`, and whenever a patch has changed it, by a link, by `socket.pushPatch`, or by the
   * browser's back and forward. Makes assigns of what it says. Views that have a route only; nested ones have no URL.
   *
   * @param uri all of it, with the host of the page that has opened the socket; in a page request, with the one that it says
   */
  readonly params?: (
    socket: Socket<NoInfer<Assigns>>,
    params: Params,
    uri: string,
  ) => EventResult | Promise<EventResult>;
  /**
   * What the params of an event must look like, checked before its handler sees them. Params that do not fit are not
   * handled: the event is answered without a change. Stands before `events`.
   */
  readonly schemas?: Schemas & EventSchemas;
  /** What the browser may ask for, by name. An event that is not declared is refused. */
  readonly events?: {
    readonly [Name in Events]: EventHandler<NoInfer<Assigns>, ParamsOf<Schemas, Name>>;
  };
  /** Messages of other processes, broadcasts, timers. Annotate `message` to say what is sent here. */
  readonly info?: (socket: Socket<NoInfer<Assigns>>, message: Info) => EventResult | Promise<EventResult>;
  /** Runs when the view ends by itself or by a throw; not when it is killed. */
  readonly terminate?: (socket: Socket<NoInfer<Assigns>>, reason: unknown) => void | Promise<void>;
  /** Shows the assigns. Pure: it may run at any time, or not at all when nothing has changed. */
  readonly render: (
    assigns: Readonly<NoInfer<Assigns>> & ReservedAssigns,
    context: RenderContext<Events, NoInfer<Assigns> & ReservedAssigns>,
  ) => Rendered;
}

declare const types: unique symbol;

/** A live view, for a route. */
export interface LiveView<Assigns extends object = object, Events extends string = string, Info = unknown> {
  readonly definition: ViewDefinition;
  /** For the compiler. */
  readonly [types]?: { readonly assigns: Assigns; readonly events: Events; readonly info: Info };
}

/** Names of a view's events. */
export type EventName<View> = View extends LiveView<infer _A, infer Events, infer _I> ? Events : never;

/** @internal A definition as the process sees it: types are the compiler's. */
export interface ViewDefinition {
  readonly name?: string;
  readonly mount: (context: MountContext) => object | Promise<object>;
  readonly params?: (socket: Socket, params: Params, uri: string) => EventResult | Promise<EventResult>;
  readonly schemas?: EventSchemas;
  readonly events?: Readonly<Record<string, EventHandler<object, never>>>;
  readonly info?: (socket: Socket, message: unknown) => EventResult | Promise<EventResult>;
  readonly terminate?: (socket: Socket, reason: unknown) => void | Promise<void>;
  readonly render: (assigns: object, context: RenderContext<string>) => Rendered;
  /** `render` with its context: one function for all processes of the view. */
  readonly show: (assigns: object) => Rendered;
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
  Schemas = Record<never, never>,
  Events extends string = never,
  Info = unknown,
>(definition: LiveViewDefinition<Assigns, Schemas, Events, Info>): LiveView<Assigns, Events, Info> {
  const names = Object.keys(definition.events ?? {});
  const stray = Object.keys(definition.schemas ?? {}).find((name) => !names.includes(name));
  if (stray !== undefined) {
    throw new OptionError(
      `liveView: expected schemas to be of events, got one for "${stray}", which is none. Add it to events.`,
    );
  }
  const { name } = definition;
  if (name !== undefined && (typeof name !== "string" || name === "" || name.length > maxNameLength)) {
    throw new OptionError(`liveView: expected name to be 1 to ${maxNameLength} characters, got ${shown(name)}.`);
  }
  const context = { events: Object.freeze(Object.fromEntries(names.map((name) => [name, name]))), html };
  const view: ViewDefinition = {
    ...(definition as unknown as ViewDefinition),
    show: (assigns) => view.render(assigns, context),
  };
  if (name !== undefined) nameView(name, view);
  return { definition: view };
}

/** It travels in tokens. */
const maxNameLength = 200;
