/**
 * What an event of the browser asks for: a handler of the view, or of one of its components, with params that fit.
 *
 *   {"type":"form","event":"save","value":"a=1&b=2"} ─▷ declared? ─▷ decode ─▷ schema ─▷ handler(socket, params)
 *
 * Nothing in it is trusted: what is not declared is not called, and what does not fit its schema is not handled.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { isPromise } from "../../kernel/is-promise.ts";
import type { Instance } from "../component/instance.ts";
import type { EventPayload } from "../protocol.ts";
import type { EventParams, EventResult, EventSchemas } from "./live-view.ts";
import { decodeFormEvent, ParamsError } from "./params.ts";
import type { Socket } from "./socket.ts";

/** Whose event it is: the view's, or a component's. */
export interface EventTarget {
  readonly definition: {
    readonly schemas?: EventSchemas;
    readonly events?: Readonly<Record<string, (socket: never, params: never) => EventResult | Promise<EventResult>>>;
  };
  readonly socket: Socket;
  /** Null: the view. */
  readonly instance: Instance | null;
}

/** The frame was within `maxFrameBytes`. */
const asLargeAsItsFrame = { maxBytes: Number.POSITIVE_INFINITY };

export function isEventPayload(payload: object): payload is EventPayload {
  return typeof (payload as EventPayload).event === "string";
}

/**
 * Reads an event.
 *
 * @returns what runs its handler; or why there is nothing to run
 */
export function readEvent(
  { definition, socket }: EventTarget,
  payload: EventPayload,
): (() => EventResult | Promise<EventResult>) | "undeclared" | "malformed" {
  const handler = own(definition.events, payload.event);
  if (handler === undefined) return "undeclared";
  let params: EventParams;
  try {
    params = eventParams(payload);
  } catch (error) {
    if (error instanceof ParamsError) return "malformed";
    throw error;
  }
  const handle = (fitting: unknown): EventResult | Promise<EventResult> => handler(socket as never, fitting as never);
  const schema = own(definition.schemas, payload.event);
  return schema === undefined ? () => handle(params) : () => checked(schema, params, handle);
}

function own<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

/**
 * Runs the schema, then the handler. Params that do not fit are answered without a change, and not with an error: the
 * official client would leave the element locked.
 */
function checked(
  schema: StandardSchemaV1,
  params: EventParams,
  handle: (fitting: unknown) => EventResult | Promise<EventResult>,
): EventResult | Promise<EventResult> {
  const apply = (result: StandardSchemaV1.Result<unknown>): EventResult | Promise<EventResult> =>
    result.issues === undefined ? handle(result.value) : undefined;
  const result = schema["~standard"].validate(params);
  return isPromise(result) ? result.then(apply) : apply(result);
}

function eventParams({ type, value, meta }: EventPayload): EventParams {
  if (type === "form") {
    const fields = typeof value === "string" ? value : "";
    return decodeFormEvent(fields, typeof meta === "object" && meta !== null ? meta : {}, asLargeAsItsFrame);
  }
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : { value };
}
