/**
 * AsyncResult: a value that is being fetched, as an assign; and the component that shows it.
 *
 *   loading ──▷ ok ──▷ loading (the last value stays shown) ──▷ ok | failed
 *
 *   asyncResult({ assign: user, loading: "…", failed: (reason) => html`<p>${String(reason)}</p>`, inner: (user) => user.name })
 */
import { type ComponentCall, component } from "../template/function-component.ts";
import type { TextValue } from "../template/rendered.ts";
import { renderSlot, type Slot } from "../template/slots.ts";
import { kindOf, TemplateError } from "../template/template-errors.ts";

/** Data: it may be kept, sent and stored. */
export interface AsyncResult<T> {
  /** Has there ever been a value? */
  readonly ok: boolean;
  /** Is one being fetched? */
  readonly loading: boolean;
  /** Why the last attempt failed; undefined: it did not. */
  readonly failed: unknown;
  /** The last value. */
  readonly result: T | undefined;
}

/** @param before shown meanwhile */
export function asyncLoading<T>(before?: AsyncResult<T>): AsyncResult<T> {
  return { ok: before?.ok ?? false, loading: true, failed: undefined, result: before?.result };
}

export function asyncOk<T>(result: T): AsyncResult<T> {
  return { ok: true, loading: false, failed: undefined, result };
}

/** @param reason anything but undefined */
export function asyncFailed<T>(before: AsyncResult<T>, reason: unknown): AsyncResult<T> {
  return { ok: before.ok, loading: false, failed: reason ?? "failed", result: before.result };
}

export interface AsyncResultInputs<T> {
  readonly assign: AsyncResult<T>;
  /** While there is no value yet. */
  readonly loading?: Slot;
  /** Gets why, when there is no value to show. */
  readonly failed?: Slot<[reason: unknown]>;
  /** Gets the value; also while a newer one is fetched, or could not be. */
  readonly inner: Slot<[result: T]>;
}

/** Shows an AsyncResult: its last value; else why there is none; else that it is loading. */
export const asyncResult: <T>(inputs: AsyncResultInputs<T>) => ComponentCall = component(
  <T>({ assign, loading, failed, inner }: AsyncResultInputs<T>): TextValue => {
    if (typeof assign !== "object" || assign === null) {
      throw new TemplateError(`asyncResult(): expected assign to be an AsyncResult, got ${kindOf(assign)}.`);
    }
    if (assign.ok) return renderSlot(inner, assign.result as T);
    if (assign.failed !== undefined) return renderSlot(failed, assign.failed);
    return renderSlot(loading);
  },
);
