/**
 * Cycle: one render of a view's components, from those whose owner has been rendered down to the last that these show.
 *
 *   level 1   those in the view's own tree    by kind: mount (new ones), update or updateMany, render ─┐ show
 *   level 2   those that these show           ...                                                     ◀┘
 *
 * Nothing is called for a component that is shown again with the same props. What mount and update return may be a
 * promise: those of one kind on one level wait together.
 *
 * A component that throws crashes its boundary: what is inside is dropped, and the boundary, which stands above, is
 * rendered again with its fallback, in the same cycle. Without one the error leaves `run`.
 * Source: C1, C2, F10 of the feature map.
 */
import { isPromise } from "../../kernel/is-promise.ts";
import type { Rendered } from "../template/rendered.ts";
import { sameInputs } from "../template/same-inputs.ts";
import { html } from "../template/template.ts";
import { oneElement } from "./boundary.ts";
import type { ComponentTable } from "./component-table.ts";
import type { ComponentUse } from "./component-use.ts";
import { ComponentError } from "./errors.ts";
import { depthWithin, type Instance } from "./instance.ts";
import type { ComponentDefinition } from "./live-component.ts";
import { isPlaced, shownIn } from "./places.ts";

/** Where rendered components go: to a browser that is connected, or into a page. */
export interface ComponentOutput {
  /** @param render throws when it does not return one element; need not be called when nothing that it reads has changed */
  write(instance: Instance, assigns: object, render: (assigns: object) => Rendered): void;
}

/** A component that has come to its place, from elsewhere perhaps. */
export interface Arrival {
  readonly instance: Instance;
  readonly from: Instance | null;
}

/** Waits for what is waited for, without a promise when nothing is. */
export function drive<T>(steps: Generator<Promise<unknown>, T>): T | Promise<T> {
  const step = steps.next();
  return step.done === true ? step.value : resume(steps, step.value);
}

async function resume<T>(steps: Generator<Promise<unknown>, T>, first: Promise<unknown>): Promise<T> {
  let waiting = first;
  for (;;) {
    let step: IteratorResult<Promise<unknown>, T>;
    try {
      const value = await waiting;
      step = steps.next(value);
    } catch (error) {
      step = steps.throw(error);
    }
    if (step.done === true) return step.value;
    waiting = step.value;
  }
}

export class Cycle {
  readonly table: ComponentTable;
  /** Components that are at another place than before. */
  readonly arrivals: Arrival[] = [];
  /** Components whose unchanged place is named in the message. */
  readonly namedInPlace: Instance[] = [];
  readonly #output: ComponentOutput;
  readonly #number: number;
  readonly #shown: Instance[] = [];
  readonly #levels: (Set<Instance> | undefined)[] = [];
  /** The level that is being rendered; nothing waits on those above it. */
  #depth = 0;
  #owner: Instance | null = null;

  constructor(table: ComponentTable, output: ComponentOutput) {
    this.table = table;
    this.#output = output;
    this.#number = table.newCycle();
  }

  /**
   * A tree shows a component.
   *
   * @param before what stood at this place
   * @param inStream this place is forgotten once it was sent
   * @returns undefined: it is shown already
   */
  show(use: ComponentUse, before: unknown, inStream = false): Instance | undefined {
    const owner = this.#owner;
    const known = this.table.find(use);
    const instance = known ?? this.table.add(use, owner);
    if (instance.shownIn === this.#number) return undefined;
    if (instance.owner !== owner && (instance === owner || owner?.isWithin(instance) === true)) return undefined;
    if (owner !== null) owner.hasShown = true;
    instance.shownIn = this.#number;
    instance.inStream = inStream;
    this.#shown.push(instance);
    if (known !== undefined) {
      const isArrival = before !== instance;
      if (isArrival) this.arrivals.push({ instance, from: instance.owner });
      if (!sameInputs(instance.use.props, use.props)) {
        instance.props = use.props;
        instance.updateDue = true;
      }
      instance.use = use;
      instance.owner = owner;
      instance.depth = depthWithin(owner);
      this.table.guard(instance);
      if (instance.marked) {
        instance.marked = false;
        instance.node = null;
      }
      if (isArrival) this.#bringAlong(instance);
    }
    const isDue = (instance.updateDue && instance.failure === null) || instance.node === null;
    if (isDue || this.table.dirty.has(instance)) this.#queue(instance);
    return instance;
  }

  /**
   * A component has come to another place, with what stands in it. Should it have nothing new to show, nobody tells that
   * these are shown again: those that have changed meanwhile are due; and where one has been elsewhere meanwhile, or is no
   * more, the tree that it stands in is not right any more, and shown anew.
   */
  #bringAlong(arrived: Instance): void {
    const owners = [arrived];
    for (let owner = owners.pop(); owner !== undefined; owner = owners.pop()) {
      if (owner.node === null) continue;
      for (const instance of shownIn(owner)) {
        if (instance.gone || instance.owner !== owner) {
          owner.node = null;
          this.#queue(owner);
          break;
        }
        instance.depth = depthWithin(owner);
        if (instance.level !== -1 || this.table.dirty.has(instance)) this.#queue(instance);
        owners.push(instance);
      }
    }
  }

  /**
   * Is a component that stands where it stood to be rendered? Then its place is named in the message, for the official
   * client skips an element in which it sees no change, and would not look for a changed component in it.
   */
  isDue(instance: Instance): boolean {
    if (instance.level === -1) return false;
    this.namedInPlace.push(instance);
    return true;
  }

  /** How many were shown so far, for `rewind`. */
  get count(): number {
    return this.#shown.length;
  }

  /** Takes back what was shown since there were `count`: their place is written anew. */
  rewind(count: number): void {
    for (const instance of this.#shown.splice(count)) instance.shownIn = 0;
  }

  /** Renders all that are due. Yields what must be waited for. @throws what no boundary takes */
  *run(): Generator<Promise<unknown>, void> {
    for (const instance of this.table.dirty) this.#queue(instance);
    for (; this.#depth < this.#levels.length; this.#depth++) {
      const level = this.#levels[this.#depth];
      if (level === undefined) continue;
      this.#levels[this.#depth] = undefined;
      for (const instance of level) instance.level = -1;
      for (const kind of byKind(level)) yield* this.#render(kind);
    }
  }

  #queue(instance: Instance): void {
    this.table.dirty.delete(instance);
    const { depth } = instance;
    if (instance.level === depth) return;
    if (instance.level !== -1) this.#levels[instance.level]?.delete(instance);
    instance.level = depth;
    const level = this.#levels[depth] ?? new Set();
    level.add(instance);
    this.#levels[depth] = level;
    if (depth <= this.#depth) this.#depth = depth - 1; // back up, by the step that follows
  }

  /** @param all components of one kind */
  *#render(all: readonly Instance[]): Generator<Promise<unknown>, void> {
    const kind = all.filter((instance) => this.#isPlaced(instance));
    const running = kind.filter(({ failure, level }) => failure === null && level === -1);
    yield* this.#mount(running.filter(({ socket }) => socket === null));
    yield* this.#update(running.filter(({ updateDue }) => updateDue));
    for (const instance of kind) {
      // One that waits again has moved down, or its boundary has just seen a crash.
      if (!instance.gone && instance.level === -1) this.#attempt(instance, () => this.#write(instance));
    }
  }

  /** One that has left the page waits: it may come back within a component that has nothing new to show. */
  #isPlaced(instance: Instance): boolean {
    if (instance.gone) return false;
    if (instance.shownIn === this.#number || isPlaced(instance, this.table)) return true;
    this.table.dirty.add(instance);
    return false;
  }

  *#mount(instances: readonly Instance[]): Generator<Promise<unknown>, void> {
    yield* this.#each(instances, (instance) => {
      const { definition, cid, use } = instance;
      const socket = this.table.open(instance);
      const own = definition.mount?.({ id: use.id, myself: cid, connected: socket.connected, self: socket.self });
      return isPromise(own) ? own.then((assigns) => assign(instance, assigns)) : assign(instance, own);
    });
  }

  *#update(instances: readonly Instance[]): Generator<Promise<unknown>, void> {
    const due = instances.filter(isRunning);
    if (due.length === 0) return;
    const { definition } = due[0]!;
    for (const instance of due) instance.updateDue = false;
    if (definition.updateMany !== undefined) return yield* this.#updateMany(definition, definition.updateMany, due);
    yield* this.#each(due, (instance) => {
      if (definition.update === undefined) return assign(instance, instance.props);
      const made = definition.update(instance.props, instance.socket!);
      return isPromise(made) ? made.then((assigns) => assign(instance, assigns)) : assign(instance, made);
    });
  }

  *#updateMany(
    { label }: ComponentDefinition,
    updateMany: NonNullable<ComponentDefinition["updateMany"]>,
    due: readonly Instance[],
  ): Generator<Promise<unknown>, void> {
    try {
      const all = updateMany(
        due.map(({ props }) => props),
        due.map(({ socket }) => socket!),
      );
      const made = isPromise(all) ? ((yield all) as readonly object[]) : all;
      if (!Array.isArray(made) || made.length !== due.length) {
        const got = Array.isArray(made) ? `${made.length}` : "none";
        throw new ComponentError(
          `${label}: expected updateMany to return the assigns of ${due.length} components, got ${got}.`,
        );
      }
      for (const [i, instance] of due.entries()) assign(instance, made[i]);
    } catch (error) {
      for (const instance of due) if (isRunning(instance)) this.#fail(instance, error);
    }
  }

  /** Calls back for each of them, and waits for all that is to be waited for at once. */
  *#each(
    instances: readonly Instance[],
    work: (instance: Instance) => void | Promise<void>,
  ): Generator<Promise<unknown>, void> {
    let waiting: Promise<void>[] | null = null;
    const failures: { instance: Instance; error: unknown }[] = [];
    for (const instance of instances) {
      if (instance.gone || instance.failure !== null) continue;
      this.#attempt(instance, () => {
        const done = work(instance);
        if (!isPromise(done)) return;
        waiting ??= [];
        waiting.push(done.catch((error: unknown) => void failures.push({ instance, error })));
      });
    }
    if (waiting === null) return;
    yield Promise.all(waiting);
    for (const { instance, error } of failures) {
      if (!instance.gone && instance.failure === null) this.#fail(instance, error);
    }
  }

  #write(instance: Instance): void {
    const { definition, failure, guard, socket, use } = instance;
    this.#owner = instance;
    // Rendered a second time, what it shows now counts.
    if (instance.hasShown && instance.renderedIn === this.#number) {
      for (const shown of this.#shown) if (shown.owner === instance) shown.shownIn = 0;
    }
    instance.renderedIn = this.#number;
    if (failure !== null) {
      this.#output.write(instance, failure, () =>
        oneElement(`boundary of ${use}: fallback`, guard!.policy.fallback(failure)),
      );
      return;
    }
    if (socket === null) return;
    const context = { events: definition.eventNames, html, myself: instance.cid, id: use.id };
    this.#output.write(instance, socket.assigns, (assigns) =>
      oneElement(String(use), definition.render(assigns, context)),
    );
    socket.takeChanged();
  }

  #attempt(instance: Instance, work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fail(instance, error);
    }
  }

  /** A fallback that cannot be shown is the fault of whatever is around the boundary. */
  #fail(instance: Instance, error: unknown): void {
    const around = instance.failure === null ? instance : instance.owner;
    const guardian = this.table.fail(instance, error, around);
    this.table.dirty.delete(guardian);
    this.#queue(guardian);
  }
}

/** @throws {ComponentError} when the callback that made them has navigated: it runs while the view is being rendered */
function assign(instance: Instance, assigns: unknown): void {
  const { socket } = instance;
  if (socket === null) return;
  if (assigns !== undefined && assigns !== null) socket.assign(assigns);
  if (socket.takeDeparture() === undefined) return;
  throw new ComponentError(
    `${instance.use}: mount and update cannot navigate. Do it in an event's handler, or send a message to the view.`,
  );
}

function isRunning({ gone, failure, socket }: Instance): boolean {
  return !gone && failure === null && socket !== null;
}

function byKind(level: Iterable<Instance>): Iterable<Instance[]> {
  const kinds = new Map<ComponentDefinition, Instance[]>();
  for (const instance of level) {
    if (instance.gone) continue;
    const kind = kinds.get(instance.definition);
    if (kind === undefined) kinds.set(instance.definition, [instance]);
    else kind.push(instance);
  }
  return kinds.values();
}
