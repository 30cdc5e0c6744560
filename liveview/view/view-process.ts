/**
 * The process of a connected view: mounts, answers events, shows what changed.
 *
 *   join    ─▷ mount ─▷ render ─▷ reply { rendered }
 *   event   ─▷ handler ─▷ render ─▷ reply { diff }        exactly one reply, `{}` when nothing changed
 *   message ─▷ info ────▷ render ─▷ push diff             nothing when nothing changed
 *   patch   ─▷ params ──▷ render ─▷ reply { diff }
 *   leave, or the socket is gone ─▷ ends with { shutdown: "left" | "closed" }
 *
 * A callback that throws gives no reply: the process ends, and the host sends `phx_error`. A component's may have a
 * boundary around it, which takes that for the view.
 */

import type { Behaviour } from "../../kernel/behaviour.ts";
import { shown } from "../../kernel/errors.ts";
import { reasonInSentence } from "../../kernel/exit-reason.ts";
import { isPromise } from "../../kernel/is-promise.ts";
import { ProcessExit } from "../../kernel/process.ts";
import { DownMessage } from "../../kernel/system-messages.ts";
import { RestartDue } from "../component/crashes.ts";
import { ComponentError } from "../component/errors.ts";
import type { Instance } from "../component/instance.ts";
import { ComponentExit, ComponentMessage, isUpdateMessage, keyOf } from "../component/messages.ts";
import { isAlive } from "../nested/parent.ts";
import { decodeFrame } from "../wire/decode-frame.ts";
import { closeFrame } from "../wire/frames.ts";
import { after } from "./after.ts";
import { type EventTarget, isEventPayload, readEvent } from "./view-events.ts";
import { joinView } from "./view-join.ts";
import { followPatch, settle } from "./view-navigation.ts";
import { acknowledge, answer, push, refuse, reply } from "./view-output.ts";
import type { Held, ViewJoin } from "./view-state.ts";

/** A frame from the client, as it came. Its head has been read: it is for this view and of its join. */
export class ClientFrame {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** The client is gone: nothing that is sent arrives. */
export class ClientGone {}

/** Exit reason of a view whose client has left and knows it: this very object, which no callback can make. */
export const left = Object.freeze({ shutdown: "left" });

/** Exit reason of a nested view whose parent has ended, or was not there; this very object, too. */
export const orphaned = Object.freeze({ shutdown: "orphaned" });

export const viewBehaviour: Behaviour<ViewJoin> = {
  label: "LiveView",

  init(self, join) {
    const { parent } = join;
    if (parent === null) return joinView(self, join, null);
    const ref = self.monitor(parent); // before it is asked for: it may end at any time
    return after(isAlive(self.kernel, parent), (alive) => {
      if (!alive) throw new ProcessExit(orphaned);
      return joinView(self, join, ref);
    });
  },

  /** For whoever asks what it holds: its assigns. */
  getState(self) {
    return (self.state as Held | undefined)?.socket.assigns;
  },

  activity(self) {
    const held = self.state as Held | undefined;
    return held === undefined ? "mount" : held.at === undefined ? "message" : `event ${held.at}`;
  },

  handle(self, message) {
    const held = self.state as Held;
    held.at = undefined;
    if (message instanceof ClientFrame) return handleFrame(held, message);
    if (message instanceof ClientGone) throw new ProcessExit({ shutdown: "closed" });
    if (message instanceof ComponentMessage) return handleComponentMessage(held, message);
    if (message instanceof ComponentExit) return handleComponentExit(held, message);
    if (message instanceof RestartDue) {
      const guardian = held.components.byCid(message.cid);
      if (guardian !== undefined) held.components.restart(guardian, message.incarnation);
      return push(held);
    }
    if (isUpdateMessage(message)) {
      held.components.sendUpdate(keyOf(message), message.id, message.props);
      return push(held);
    }
    if (message instanceof DownMessage && message.ref === held.parentRef) throw new ProcessExit(orphaned);
    const { info } = held.join.view;
    if (info === undefined) return;
    const done = info(held.socket, message);
    return isPromise(done) ? done.then(() => settle(held, null, undefined, held)) : settle(held, null, undefined, held);
  },

  terminate(self, reason) {
    const held = self.state as Held | undefined;
    return held?.join.view.terminate?.(held.socket, reason);
  },
};

function handleFrame(held: Held, frame: ClientFrame): void | Promise<void> {
  const { ref, event, payload } = decodeFrame(frame.text);
  if (event === "phx_leave") {
    reply(held, ref, "ok", "{}");
    held.join.send(closeFrame(held.join.joinRef, held.join.topic));
    throw new ProcessExit(left);
  }
  if (payload === undefined) return refuse(held, ref, "malformed frame");
  switch (event) {
    case "event":
      begins(held, (payload as { event?: unknown }).event);
      return handleEvent(held, ref, payload);
    case "live_patch":
      return followPatch(held, ref, payload);
    case "ack":
      return acknowledge(held, payload);
    case "cids_will_destroy":
      held.components.willDestroy(cidsOf(payload));
      return reply(held, ref, "ok", "{}");
    case "cids_destroyed":
      return reply(held, ref, "ok", JSON.stringify({ cids: held.components.destroyed(cidsOf(payload)) }));
    default:
      refuse(held, ref, "unknown message");
  }
}

/** For those who watch over the thread: what runs now. @throws {QuarantineError} when it did harm too often */
function begins(held: Held, event: unknown): void {
  if (typeof event !== "string") return;
  const { kernel, label, pid } = held.socket.self;
  held.at = event;
  const activity = `event ${event}`;
  kernel.quarantine.check(label, activity);
  kernel.note?.write(pid.serial, label, activity);
}

function handleEvent(held: Held, ref: string | null, payload: object): void | Promise<void> {
  if (!isEventPayload(payload)) return refuse(held, ref, "malformed event");
  const target = eventTarget(held, payload.cid);
  // That there is no component of that number is no error: it may have gone while this travelled.
  if (target === undefined) return reply(held, ref, "ok", "{}");
  if (payload.event === "lv:clear-flash") return clearFlash(held, ref, payload.value, target);
  const handle = readEvent(target, payload);
  if (handle === "undeclared") return ignore(held, ref, payload.event, target);
  if (handle === "malformed") return refuse(held, ref, "malformed event");
  const result = target.instance === null ? handle() : inComponent(held, target.instance, handle);
  return isPromise(result) ? result.then((done) => settle(held, ref, done, target)) : settle(held, ref, result, target);
}

function clearFlash(
  held: Held,
  ref: string | null,
  value: unknown,
  { socket, instance }: EventTarget,
): void | Promise<void> {
  const key = (value as { key?: unknown } | null | undefined)?.key;
  socket.clearFlash(typeof key === "string" ? key : undefined);
  if (instance !== null) held.components.touched(instance);
  return answer(held, ref, undefined);
}

function eventTarget({ join, socket, components }: Held, cid: unknown): EventTarget | undefined {
  if (cid === undefined || cid === null) return { definition: join.view, socket, instance: null };
  const instance = components.byCid(cid as number);
  if (instance === undefined || instance.socket === null) return undefined;
  return { definition: instance.definition, socket: instance.socket, instance };
}

function handleComponentMessage(held: Held, { instance, process, message }: ComponentMessage): void | Promise<void> {
  const { socket, definition } = instance;
  if (socket === null || instance.process !== process) return; // it has gone, or was restarted
  if (isUpdateMessage(message)) held.components.sendUpdate(keyOf(message), message.id, message.props);
  else
    return after(
      inComponent(held, instance, () => definition.info?.(socket, message)),
      () => settle(held, null, undefined, { socket, instance }),
    );
  return push(held);
}

function handleComponentExit(held: Held, { instance, process, reason }: ComponentExit): void | Promise<void> {
  if (instance.process !== process) return;
  const crash = (): never => {
    throw new ComponentError(`${instance.use}: a process that it is linked to has ended: ${reasonInSentence(reason)}.`);
  };
  return after(inComponent(held, instance, crash), () => push(held));
}

/** Runs a callback of a component: what it throws is its boundary's, if there is one. */
function inComponent<R>(
  held: Held,
  instance: Instance,
  work: () => R | Promise<R>,
): R | undefined | Promise<R | undefined> {
  const { components } = held;
  const failed = (error: unknown): undefined => {
    components.fail(instance, error);
  };
  const worked = (result: R): R => {
    components.touched(instance);
    return result;
  };
  try {
    const result = work();
    return isPromise(result) ? result.then(worked, failed) : worked(result);
  } catch (error) {
    return failed(error);
  }
}

/**
 * The browser asks for what the view has not declared: an older page, a typing error, or mischief. Nothing happens. It is
 * answered as done, for at an error the official client would leave the element locked; the operator is told once a view.
 */
function ignore(held: Held, ref: string | null, event: string, { definition, instance }: EventTarget): void {
  const { self } = held.socket;
  if (!held.ignored) {
    held.ignored = true;
    const known = Object.keys(definition.events ?? {}).join(", ");
    const whose = instance === null ? "" : ` for ${instance.use}`;
    const message = `event ${shown(event)}${whose} is not declared: expected one of ${known}. Add it to events, or correct the page`;
    self.kernel.report({ kind: "refused", pid: self.pid.toString(), label: self.label, what: message });
  }
  reply(held, ref, "ok", "{}");
}

function cidsOf(payload: object): readonly unknown[] {
  const { cids } = payload as { cids?: unknown };
  return Array.isArray(cids) ? (cids as unknown[]) : [];
}
