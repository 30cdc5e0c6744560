/**
 * What reaches a component from elsewhere: messages to its own process, and props that are sent to it.
 *
 *   self.send(pid, m)  broadcast, timers ─▷ the component's process ─▷ ComponentMessage ─▷ its view: info
 *   sendUpdate(self, view, Panel, "a", { title }) ──────────────────▷ the view: update
 *
 * A component with `info` has a process of its own: so everything of the kernel works for it (names, subscriptions,
 * monitors, timers, links), and ends with it. It only passes messages on; the component's code runs in its view.
 */

import type { Behaviour } from "../../kernel/behaviour.ts";
import { shown } from "../../kernel/errors.ts";
import type { ExitReason } from "../../kernel/exit-reason.ts";
import { type Address, Pid } from "../../kernel/pid.ts";
import { type Process, ProcessExit } from "../../kernel/process.ts";
import { ExitMessage } from "../../kernel/system-messages.ts";
import type { ComponentId } from "./component-use.ts";
import { ComponentError } from "./errors.ts";
import type { Instance } from "./instance.ts";
import { type LiveComponent, threadKey } from "./live-component.ts";

/** In a view's mailbox: a message for one of its components. */
export class ComponentMessage {
  readonly instance: Instance;
  /** The process that it came by. */
  readonly process: Process;
  readonly message: unknown;

  constructor(instance: Instance, process: Process, message: unknown) {
    this.instance = instance;
    this.process = process;
    this.message = message;
  }
}

/** In a view's mailbox: a process that a component had linked itself to has crashed. */
export class ComponentExit {
  readonly instance: Instance;
  readonly process: Process;
  readonly reason: ExitReason;

  constructor(instance: Instance, process: Process, reason: ExitReason) {
    this.instance = instance;
    this.process = process;
    this.reason = reason;
  }
}

interface Relay {
  readonly view: Process;
  readonly instance: Instance;
}

const relayBehaviour: Behaviour<Relay> = {
  label: "LiveComponent",

  init(self, relay) {
    self.state = relay;
  },

  handle(self, message) {
    const { view, instance } = self.state as Relay;
    if (!(message instanceof ExitMessage)) {
      self.kernel.deliver(view, new ComponentMessage(instance, self, message));
    } else if (message.from === view.pid) throw new ProcessExit({ shutdown: "view" });
    else if (message.reason !== "normal") {
      self.kernel.deliver(view, new ComponentExit(instance, self, message.reason));
    }
  },
};

/** Gives a component a process of its own. It ends with its view. */
export function startRelay(view: Process, instance: Instance): Process {
  const label = `LiveComponent ${instance.use}`;
  return view.kernel.spawnBy(view, relayBehaviour, { view, instance }, { link: true, trapExit: true, label });
}

export function stopRelay(view: Process, relay: Process): void {
  view.unlink(relay.pid);
  view.kernel.end(relay, { shutdown: "destroyed" }, true);
}

const tag = "lintel.sendUpdate";

/** A message of `sendUpdate`. Plain data: it may come from another thread. */
export interface UpdateMessage {
  /** The component's key. */
  readonly [tag]: string;
  readonly id: string;
  readonly props: Readonly<Record<string, unknown>>;
}

export function isUpdateMessage(message: unknown): message is UpdateMessage {
  return typeof message === "object" && message !== null && tag in message;
}

export function keyOf(message: UpdateMessage): string {
  return message[tag];
}

/**
 * Gives a component other props, as if whoever shows it had: `update` runs with them, and with the others as they were. The
 * next props from there win again. A view that does not show the component ignores it.
 *
 * @param to the view: `self` of one of its callbacks, or its pid, on any thread
 * @param props some of the component's; data, as in any message
 * @throws {ComponentError} when the view is on another thread and the component has no name
 *
 * @example
 * const Clock = liveComponent({
 *   name: "Clock",
 *   update: ({ now }: { now: string }) => ({ now }),
 *   render: ({ now }) => html`<time>${now}</time>`,
 * });
 *
 * const Ticks = topic<string>("ticks");
 *
 * export const Page = liveView({
 *   mount: ({ self }) => {
 *     self.subscribe(Ticks);
 *     return {};
 *   },
 *   info: ({ self }, now: string) => sendUpdate(self, self.pid, Clock, "wall", { now }),
 *   render: () => html`<main>${Clock({ id: "wall", now: "…" })}</main>`,
 * });
 */
export function sendUpdate<GivenProps extends object, Assigns extends object, Events extends string, Info>(
  self: Process,
  to: Address,
  component: LiveComponent<GivenProps, Assigns, Events, Info>,
  id: ComponentId,
  props: Partial<GivenProps>,
): void {
  const definition = component?.definition;
  if (definition === undefined) {
    throw new ComponentError(`sendUpdate: expected a component made by liveComponent(), got ${shown(component)}.`);
  }
  const { key } = definition;
  const pid = typeof to === "string" ? self.whereis(to) : to;
  if (key.startsWith(threadKey) && pid instanceof Pid && pid.thread !== self.pid.thread) {
    throw new ComponentError(
      `sendUpdate: ${pid} is on another thread, where components are known by name, and this one has none. Give it a name: liveComponent({ name, ... }).`,
    );
  }
  const message: UpdateMessage = { [tag]: key, id: String(id), props: props as UpdateMessage["props"] };
  self.send(to, message as never);
}
