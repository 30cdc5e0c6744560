/**
 * Same inputs: would a component that is shown again with these see any difference?
 *
 *   anything                          identical (`===`)
 *   templates, components, lists      made of the same: a slot is written anew by each render of whoever fills it
 *   streams                           identical, and nothing is pending in them
 *
 * Plain objects are not looked into: what changes is replaced.
 */
import { ComponentUse } from "../component/component-use.ts";
import { Stream } from "../diff/stream.ts";
import { untracked } from "../diff/tracking.ts";
import { NestedUse } from "../nested/nested-use.ts";
import { KeyedList, StreamList } from "./each.ts";
import { ComponentCall, sameCall } from "./function-component.ts";
import { Rendered } from "./rendered.ts";

type Inputs = Readonly<Record<string, unknown>>;

export function sameInputs(before: Inputs, now: Inputs): boolean {
  if (before === now) return true;
  const names = Object.keys(now);
  if (names.length !== Object.keys(before).length) return false;
  for (const name of names) {
    if (!Object.hasOwn(before, name) || !sameInput(before[name], now[name])) return false;
  }
  return true;
}

function sameInput(before: unknown, now: unknown): boolean {
  if (typeof now !== "object" || now === null) return Object.is(before, now);
  // For the scope that runs, a component that is not called counts as having read all of it.
  untracked(now);
  if (before === now) return !(now instanceof Stream && now.hasPending);
  if (now instanceof Rendered) {
    return before instanceof Rendered && before.template === now.template && sameList(before.values, now.values);
  }
  if (now instanceof ComponentCall) return before instanceof ComponentCall && sameCall(before, now);
  if (now instanceof ComponentUse) {
    return (
      before instanceof ComponentUse &&
      before.definition === now.definition &&
      before.id === now.id &&
      before.boundary === now.boundary &&
      sameInputs(before.props, now.props)
    );
  }
  if (now instanceof NestedUse) {
    return (
      before instanceof NestedUse &&
      before.view === now.view &&
      before.id === now.id &&
      before.session === now.session &&
      before.hasContainerOf(now)
    );
  }
  if (now instanceof KeyedList) {
    const { items, key, render } = now;
    return before instanceof KeyedList && before.items === items && before.key === key && before.render === render;
  }
  if (now instanceof StreamList) {
    const { stream, render } = now;
    return before instanceof StreamList && before.stream === stream && before.render === render && !stream.hasPending;
  }
  return Array.isArray(now) && Array.isArray(before) && sameList(before, now);
}

function sameList(before: readonly unknown[], now: readonly unknown[]): boolean {
  if (before.length !== now.length) return false;
  for (let i = 0; i < now.length; i++) if (!sameInput(before[i], now[i])) return false;
  return true;
}
