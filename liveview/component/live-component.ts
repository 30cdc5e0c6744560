/**
 * liveComponent: a part of a view with a state, events and messages of its own. It lives in its view's process.
 *
 *   shown for the first time   mount ─▷ update ─▷ render
 *   shown with other props             update ─▷ render       with the same ones: nothing is called
 *   sendUpdate                         update ─▷ render
 *   event | message            handler ─────────▷ render
 *
 * A component is known by its kind and its id, in one view: wherever it moves to in the page, it keeps its state. When
 * the browser says that it has left the page, it is forgotten.
 *
 * Components of a cycle are updated together, level by level: `updateMany` gets all that are new or changed on a level at
 * once, so that what they need can be fetched by one query.
 *
 * Types flow as in liveView: what `mount` and `update` return is what `render` sees; the parameter of `update` (or what
 * `updateMany` takes an array of) is what must be given where the component is shown.
 * Source: Phoenix.LiveComponent; C1 to C8 of the feature map.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { OptionError, shown } from "../../kernel/errors.ts";
import type { Process } from "../../kernel/process.ts";
import { untracked } from "../diff/tracking.ts";
import type { Rendered } from "../template/rendered.ts";
import type { EventResult, EventSchemas, ParamsOf, RenderContext } from "../view/live-view.ts";
import type { ReservedAssigns } from "../view/socket.ts";
import type { ComponentSocket } from "./component-socket.ts";
import { type ComponentId, ComponentUse, type Props } from "./component-use.ts";
import { ComponentError } from "./errors.ts";

export interface ComponentMountContext {
  /** As given where it is shown, as text. */
  readonly id: string;
  /** For `phx-target`: the number by which the browser names it. */
  readonly myself: number;
  /** False while the page is rendered over HTTP, true when the browser has joined. */
  readonly connected: boolean;
  /**
   * A component with `info`: a process of its own, whose messages are the component's: subscribe it, send to its pid, set
   * timers; it ends with the component. Others: the view's process.
   */
  readonly self: Process;
}

export interface ComponentRenderContext<Events extends string, Assigns = object>
  extends RenderContext<Events, Assigns> {
  /** For `phx-target`, so that an event comes here: `<button phx-click=${events.inc} phx-target=${myself}>`. */
  readonly myself: number;
  readonly id: string;
}

export type ComponentEventHandler<Assigns extends object, EventParameters> = (
  socket: ComponentSocket<Assigns>,
  params: EventParameters,
) => EventResult | Promise<EventResult>;

type Updates<Updated> = Updated | undefined | void;

export interface LiveComponentDefinition<
  Own extends object,
  GivenProps extends object,
  Updated extends object,
  Schemas,
  Events extends string,
  Info,
> {
  /** What reports, errors and `sendUpdate` from other threads call it. Default: "component". */
  readonly name?: string;
  /** Makes the assigns that are the component's own, once. */
  readonly mount?: (context: ComponentMountContext) => Own | Promise<Own>;
  /**
   * Makes assigns of the props: after `mount`, and whenever props have changed. What it returns is assigned. Default: the
   * props are assigned as they are.
   */
  readonly update?: (
    props: GivenProps,
    socket: ComponentSocket<NoInfer<Own>>,
  ) => Updates<Updated> | Promise<Updates<Updated>>;
  /**
   * In place of `update`, for all components of this kind that are updated together: gets their props, and returns for
   * each what is to be assigned, in the same order.
   */
  readonly updateMany?: (
    props: readonly GivenProps[],
    sockets: readonly ComponentSocket<NoInfer<Own>>[],
  ) => readonly Updated[] | Promise<readonly Updated[]>;
  /** What the params of an event must look like: see liveView. Stands before `events`. */
  readonly schemas?: Schemas & EventSchemas;
  /** What the browser may ask of it, by name: from elements with `phx-target=${myself}`, or a selector that finds it. */
  readonly events?: {
    readonly [Name in Events]: ComponentEventHandler<NoInfer<Own & Updated>, ParamsOf<Schemas, Name>>;
  };
  /** Messages to its own process: see `self` of `mount`. */
  readonly info?: (
    socket: ComponentSocket<NoInfer<Own & Updated>>,
    message: Info,
  ) => EventResult | Promise<EventResult>;
  /** Shows the assigns, as exactly one element. */
  readonly render: (
    assigns: Readonly<NoInfer<Own & Updated>> & ReservedAssigns,
    context: ComponentRenderContext<Events, NoInfer<Own & Updated> & ReservedAssigns>,
  ) => Rendered;
}

declare const types: unique symbol;

/** A stateful component. Called with props it is shown: `Panel({ id: "a", title })`. */
export interface LiveComponent<
  GivenProps extends object = object,
  Assigns extends object = object,
  Events extends string = string,
  Info = unknown,
> {
  /**
   * @param props those of `update`, and the id: unique among the components of this kind in the page
   * @throws {ComponentError} when there is no id
   */
  (props: { readonly id: ComponentId } & Readonly<GivenProps>): ComponentUse;
  readonly definition: ComponentDefinition;
  /** For the compiler. */
  readonly [types]?: { readonly assigns: Assigns; readonly events: Events; readonly info: Info };
}

/** The props that a component must be given, beside its id. */
export type PropsOf<Component> = Component extends LiveComponent<infer P, infer _A, infer _E, infer _I> ? P : never;

/** @internal A definition as a view's process sees it: types are the compiler's. */
export interface ComponentDefinition {
  /** For sentences; not unique unless it was given. */
  readonly label: string;
  /** By which `sendUpdate` names it: the name it was given, else one that holds in this thread alone. */
  readonly key: string;
  readonly mount?: (context: ComponentMountContext) => object | Promise<object>;
  readonly update?: (props: Props, socket: ComponentSocket) => object | undefined | Promise<object | undefined>;
  readonly updateMany?: (
    props: readonly Props[],
    sockets: readonly ComponentSocket[],
  ) => readonly object[] | Promise<readonly object[]>;
  readonly schemas?: EventSchemas & Readonly<Record<string, StandardSchemaV1>>;
  readonly events?: Readonly<Record<string, ComponentEventHandler<object, never>>>;
  readonly info?: (socket: ComponentSocket, message: unknown) => EventResult | Promise<EventResult>;
  readonly render: (assigns: object, context: ComponentRenderContext<string>) => Rendered;
  readonly eventNames: Readonly<Record<string, string>>;
  /** Had the last one functions in its holes? What the next one is taken for. */
  hasFunctions: boolean;
}

/** Begins the keys of components without a name: they mean something in their own thread only. */
export const threadKey = "#";
let unnamed = 0;

/**
 * Defines a stateful component.
 *
 * @throws {OptionError} when a schema is of no event, or there are both `update` and `updateMany`
 *
 * @example
 * export const Stepper = liveComponent({
 *   mount: () => ({ count: 0 }),
 *   update: ({ step }: { step: number }) => ({ step }),
 *   events: {
 *     more: (socket) => socket.update("count", (n) => n + socket.assigns.step),
 *   },
 *   render: ({ count, step }, { events, myself }) => html`
 *     <button phx-click=${events.more} phx-target=${myself}>${count}, and ${step} more</button>
 *   `,
 * });
 *
 * export const Page = liveView({
 *   mount: () => ({ step: 2 }),
 *   render: ({ step }) => html`<main>${Stepper({ id: "a", step })}${Stepper({ id: "b", step: 10 })}</main>`,
 * });
 */
export function liveComponent<
  Own extends object = Record<never, never>,
  GivenProps extends object = Record<never, never>,
  Updated extends object = Record<never, never>,
  Schemas = Record<never, never>,
  Events extends string = never,
  Info = unknown,
>(
  definition: LiveComponentDefinition<Own, GivenProps, Updated, Schemas, Events, Info>,
): LiveComponent<GivenProps, Own & Updated, Events, Info> {
  const { name } = definition;
  if (name !== undefined && (typeof name !== "string" || name === "" || name.startsWith(threadKey))) {
    throw new OptionError(
      `liveComponent: expected name to be a text that does not begin with "${threadKey}", got ${shown(name)}.`,
    );
  }
  const label = name ?? "component";
  if (definition.update !== undefined && definition.updateMany !== undefined) {
    throw new OptionError(`liveComponent ${label}: expected update or updateMany, got both.`);
  }
  const names = Object.keys(definition.events ?? {});
  const stray = Object.keys(definition.schemas ?? {}).find((schema) => !names.includes(schema));
  if (stray !== undefined) {
    throw new OptionError(
      `liveComponent ${label}: expected schemas to be of events, got one for "${stray}", which is none. Add it to events.`,
    );
  }
  unnamed += 1;
  const internal: ComponentDefinition = {
    ...(definition as unknown as ComponentDefinition),
    label,
    key: name ?? `${threadKey}${unnamed}`,
    hasFunctions: true,
    eventNames: Object.freeze(Object.fromEntries(names.map((event) => [event, event]))),
  };
  const show = (props: { readonly id: ComponentId } & Readonly<GivenProps>): ComponentUse =>
    new ComponentUse(internal, checkedId(label, props), ownProps(props), null);
  return Object.assign(show, { definition: internal });
}

/** A copy: what the caller does to its object later is not the component's. */
function ownProps(given: object): Props {
  const props: Record<string, unknown> = { ...given };
  for (const name of Object.keys(props)) props[name] = untracked(props[name]);
  return props;
}

function checkedId(label: string, props: unknown): string {
  const id: unknown = typeof props === "object" && props !== null ? (props as { id?: unknown }).id : undefined;
  if ((typeof id === "string" && id !== "") || typeof id === "number") return String(id);
  throw new ComponentError(
    `${label}: expected an id, a text or a number that no other component of this kind in the page has, got ${shown(id)}.`,
  );
}
