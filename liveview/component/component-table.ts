/**
 * ComponentTable: the components of one view, by cid and by kind and id; what becomes of them when the browser, or a
 * crash, says that they are no more.
 *
 *   shown ─▷ add ─▷ ... ─▷ browser: willDestroy([cid]) ─▷ marked ─▷ destroyed([cid]) ─▷ removed, with their processes
 *                                                          └▷ shown again in between: stays
 *
 * Cost: a view that has none shares five empty collections with all the others: 1 kB less, and nothing cold to look into.
 * Bound: `maxComponents`; one more throws. The browser is who says that a component has gone, so one that never says so
 * is stopped by this.
 * Source: Phoenix.LiveView.Diff; wire protocol, section 10.
 */
import { ProcessExit } from "../../kernel/process.ts";
import type { TemplateNode } from "../diff/cells.ts";
import type { Template } from "../template/template.ts";
import type { Socket } from "../view/socket.ts";
import { type Failure, Guard } from "./boundary.ts";
import { ComponentSocket } from "./component-socket.ts";
import { tellDestroyed } from "./component-telemetry.ts";
import type { ComponentUse, Props } from "./component-use.ts";
import { ComponentError } from "./errors.ts";
import { Instance } from "./instance.ts";
import type { ComponentDefinition } from "./live-component.ts";
import { startRelay, stopRelay } from "./messages.ts";

/** Components that one view may have, those among them of which the browser has not said yet that they are gone. */
export const maxComponents = 10_000;

/** What a view is told about crashes inside its boundaries. */
export interface CrashListener {
  /** A boundary has caught a crash, and will restart what is inside it after `failure.retryMs`. */
  caught(guardian: Instance, crashed: Instance, error: unknown, failure: Failure): void;
  /** A boundary has seen too many. */
  gaveUp(guardian: Instance, crashed: Instance, error: unknown): void;
}

/** What a table has before its first component comes: nothing is put in before. */
const empty = {
  byCid: new Map<number, Instance>(),
  byKind: new Map<ComponentDefinition, Map<string, Instance>>(),
  kinds: new Map<string, ComponentDefinition>(),
  dirty: new Set<Instance>(),
  sources: new Map<Template, Instance>(),
};

export class ComponentTable {
  readonly view: Socket;
  readonly #listener: CrashListener;
  #byCid = empty.byCid;
  #byKind = empty.byKind;
  #kinds = empty.kinds;
  /** The view's own tree, and the components in it, as in an instance. */
  node: TemplateNode | null = null;
  shown: ReadonlySet<Instance> | null = null;
  #lastCid = 0;
  #cycles = 0;
  /** To be rendered in the next cycle: their assigns, or props, have changed, or they have crashed. */
  dirty = empty.dirty;
  /** By root template: a component that the client has, as a source of statics for the next ones. */
  sources = empty.sources;

  /** @param view socket of the view */
  constructor(view: Socket, listener: CrashListener) {
    this.view = view;
    this.#listener = listener;
  }

  get size(): number {
    return this.#byCid.size;
  }

  newCid(): number {
    this.#lastCid += 1;
    return this.#lastCid;
  }

  newCycle(): number {
    this.#cycles += 1;
    return this.#cycles;
  }

  find({ definition, id }: ComponentUse): Instance | undefined {
    return this.#byKind.get(definition)?.get(id);
  }

  ofKind(definition: ComponentDefinition): Iterable<Instance> {
    return this.#byKind.get(definition)?.values() ?? [];
  }

  byCid(cid: number): Instance | undefined {
    return this.#byCid.get(cid);
  }

  /** @throws {ComponentError} when there are too many, or two kinds have one name */
  add(use: ComponentUse, owner: Instance | null): Instance {
    const { definition } = use;
    if (this.#byCid.size >= maxComponents) {
      throw new ComponentError(
        `${use}: the view has ${maxComponents} components (maxComponents). Show fewer, or function components.`,
      );
    }
    if (this.#byCid === empty.byCid) this.#begin();
    const namesake = this.#kinds.get(definition.key);
    if (namesake !== undefined && namesake !== definition) {
      throw new ComponentError(`${use}: expected a name of its own, got that of another component of this view.`);
    }
    this.#kinds.set(definition.key, definition);
    const instance = new Instance(this.newCid(), use, owner);
    this.guard(instance);
    this.#byCid.set(instance.cid, instance);
    let ofKind = this.#byKind.get(definition);
    if (ofKind === undefined) {
      ofKind = new Map();
      this.#byKind.set(definition, ofKind);
    }
    ofKind.set(use.id, instance);
    return instance;
  }

  #begin(): void {
    this.#byCid = new Map();
    this.#byKind = new Map();
    this.#kinds = new Map();
    this.dirty = new Set();
    this.sources = new Map();
  }

  /** Gives it the boundary that it is shown with. One that shows its fallback keeps its own until the restart. */
  guard(instance: Instance): void {
    const policy = instance.use.boundary;
    if (policy === null) {
      if (instance.failure === null) instance.guard = null;
    } else if (instance.guard === null) instance.guard = new Guard(policy, this.#nowMs());
    else instance.guard.policy = policy;
  }

  /** Gives it a socket, and a process if it takes messages: it can be mounted. */
  open(instance: Instance): ComponentSocket {
    const { self, connected } = this.view;
    if (connected && instance.definition.info !== undefined) instance.process = startRelay(self, instance);
    instance.socket = new ComponentSocket(this.view, instance.process ?? self, instance.cid, instance.use.id, {});
    if (instance.incarnation > 0) instance.guard?.restarted(this.#nowMs());
    return instance.socket;
  }

  /** Something was assigned, or may have been. */
  touched(instance: Instance): void {
    if (instance.socket?.takeChanged() === true) this.dirty.add(instance);
  }

  /** Other props, in part. Does nothing when the view shows no such component. */
  sendUpdate(key: string, id: string, props: Props): void {
    const definition = this.#kinds.get(key);
    const instance = definition === undefined ? undefined : this.#byKind.get(definition)?.get(id);
    if (instance === undefined) return;
    instance.props = { ...instance.props, ...props };
    instance.updateDue = true;
    if (instance.failure === null) this.dirty.add(instance);
  }

  /** The browser's tree is to be sent anew: it will have none of them. */
  forgetClient(): void {
    for (const instance of this.#byCid.values()) instance.node = null;
  }

  /** The browser says that they have left its page. */
  willDestroy(cids: readonly unknown[]): void {
    for (const cid of cids) {
      const instance = this.#byCid.get(cid as number);
      if (instance !== undefined) instance.marked = true;
    }
  }

  /** The browser says that they are still not there. @returns those that are no more, for it to forget */
  destroyed(cids: readonly unknown[]): number[] {
    const gone: number[] = [];
    for (const cid of cids) {
      if (!Number.isSafeInteger(cid) || (cid as number) < 1 || (cid as number) > this.#lastCid) continue;
      const instance = this.#byCid.get(cid as number);
      if (instance?.marked === true) {
        this.remove(instance);
        tellDestroyed(this.view, instance);
      }
      if (instance === undefined || instance.gone) gone.push(cid as number);
    }
    return gone;
  }

  remove(instance: Instance): void {
    this.#close(instance);
    instance.gone = true;
    this.dirty.delete(instance);
    this.#byCid.delete(instance.cid);
    const { definition, use, node } = instance;
    const ofKind = this.#byKind.get(definition);
    ofKind?.delete(use.id);
    if (ofKind?.size === 0) {
      this.#byKind.delete(definition);
      this.#kinds.delete(definition.key);
    }
    if (node !== null && this.sources.get(node.template) === instance) this.sources.delete(node.template);
  }

  /**
   * A component has crashed. The innermost boundary around it drops what is inside, and is to be rendered: it shows its
   * fallback, until `restart`. One that has seen too many crashes as well.
   *
   * @returns the boundary
   * @throws `error` when there is no boundary that takes it
   */
  fail(crashed: Instance, error: unknown, around: Instance | null = crashed): Instance {
    if (error instanceof ProcessExit) throw error; // the view has been told to end
    for (let guardian = around; guardian !== null; guardian = guardian.owner) {
      if (guardian.guard === null) continue;
      const { world } = this.view.self.kernel;
      const failure = guardian.guard.crashed(error, world.monotonicMs(), world.random());
      if (failure === undefined) {
        this.#listener.gaveUp(guardian, crashed, error);
        continue;
      }
      if (guardian.hasShown) this.#removeWithin(guardian);
      this.#close(guardian);
      guardian.props = guardian.use.props; // what was sent is lost with the rest, for it may be what it crashes of
      guardian.failure = failure;
      guardian.node = null;
      guardian.incarnation += 1;
      this.dirty.add(guardian);
      this.#listener.caught(guardian, crashed, error, failure);
      return guardian;
    }
    throw error;
  }

  #removeWithin(guardian: Instance): void {
    for (const instance of this.#byCid.values()) if (instance.isWithin(guardian)) this.remove(instance);
  }

  /** What a boundary has inside is to be mounted again. */
  restart(guardian: Instance, incarnation: number): void {
    if (guardian.gone || guardian.incarnation !== incarnation || guardian.failure === null) return;
    guardian.failure = null;
    guardian.node = null;
    guardian.updateDue = true;
    this.dirty.add(guardian);
  }

  #close(instance: Instance): void {
    if (instance.process !== null) stopRelay(this.view.self, instance.process);
    instance.process = null;
    instance.socket = null;
    instance.forgetStreams();
  }

  #nowMs(): number {
    return this.view.self.kernel.world.monotonicMs();
  }
}
