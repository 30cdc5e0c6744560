import { isPromise } from "../../kernel/is-promise.ts";

/** What comes after a value: at once when there is nothing to wait for. */
export function after<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return isPromise(value) ? value.then(next) : next(value);
}
