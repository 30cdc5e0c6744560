/**
 * Views by name: how the thread on which a nested view's join lands finds it. Every thread loads the same modules, so each
 * has its own copy of a view under one name (as of behaviours: kernel/crossing/behaviours.ts).
 *
 * Definitions are held weakly: one that was made inside a function goes with it, and its name is free again. Two of one
 * name do no harm until one of them is to be nested: then nobody could tell which is meant.
 */
import type { ViewDefinition } from "../view/live-view.ts";

/** A view with a name has been defined. */
export function nameView(name: string, view: ViewDefinition): void {
  const refs = named.get(name) ?? [];
  refs.push(new WeakRef(view));
  named.set(name, refs);
  collected.register(view, name);
}

/** What goes by a name on this thread: nothing, one, or several. */
export function viewsNamed(name: string): ViewDefinition[] {
  return (named.get(name) ?? []).map((ref) => ref.deref()).filter((view) => view !== undefined);
}

const named = new Map<string, WeakRef<ViewDefinition>[]>();
const collected = new FinalizationRegistry<string>((name) => {
  const left = named.get(name)?.filter((ref) => ref.deref() !== undefined);
  if (left === undefined || left.length === 0) named.delete(name);
  else named.set(name, left);
});
