/**
 * What a view says to its client: diffs, asked for or not, and replies.
 *
 * Credit: a client that acknowledges (our own) has at most `maxUnacknowledged` frames under way. Beyond, messages still
 * change the assigns and the URL, but nothing is rendered until it has caught up: then all of it comes as one diff, behind
 * the last of the URLs. Replies always go out, for the client waits for them, and what was held back before them.
 */
import { isPromise } from "../../kernel/is-promise.ts";
import type { AckPayload } from "../protocol.ts";
import { jsonOf } from "../wire/json-of.ts";
import { EventReply } from "./live-view.ts";
import type { Held, Patched } from "./view-state.ts";

/** Frames that may be under way to a client that acknowledges; it does so every `acknowledgeEvery`. */
const maxUnacknowledged = 16;
export const acknowledgeEvery = 8;

export function answer(held: Held, ref: string | null, result: unknown): void | Promise<void> {
  if (ref === null) return push(held);
  pushHeldPatch(held);
  const diff = change(held, result instanceof EventReply ? result.payload : undefined);
  return isPromise(diff) ? diff.then((made) => diffReply(held, ref, made)) : diffReply(held, ref, diff);
}

/** The view is at another URL. The client is told before it gets what is shown there, or once it has caught up. */
export function pushPatched(held: Held, patched: Patched): void {
  const before = held.heldPatch;
  // One entry in the browser's history is what is left of those that it does not get to see.
  held.heldPatch = before?.kind === "push" ? { ...patched, kind: "push" } : patched;
  if (patched.ref !== undefined || !isOutOfCredit(held)) pushHeldPatch(held);
}

/** Says what was held back of the view's URL, whatever is unacknowledged. */
export function pushHeldPatch(held: Held): void {
  const { heldPatch } = held;
  if (heldPatch === undefined) return;
  held.heldPatch = undefined;
  sendPush(held, "live_patch", JSON.stringify(heldPatch));
}

/** As much is under way to the client as may be: nothing that it has not asked for is to follow. */
export function isOutOfCredit({ join, sent, acknowledged }: Held): boolean {
  return join.acknowledges && sent - acknowledged >= maxUnacknowledged;
}

/** Any message but a diff, unasked. */
export function sendPush(held: Held, event: string, payloadJson: string): void {
  held.sent += 1;
  held.join.send(held.join.frames.push(event, payloadJson));
}

function diffReply(held: Held, ref: string, diff: string): void {
  if (diff === "") return reply(held, ref, "ok", "{}");
  held.sent += 1;
  held.join.send(held.join.frames.diffReply(ref, diff));
}

export function push(held: Held): void | Promise<void> {
  held.heldBack = isOutOfCredit(held);
  if (held.heldBack) return;
  pushHeldPatch(held);
  const diff = change(held, undefined);
  return isPromise(diff) ? diff.then((made) => pushDiff(held, made)) : pushDiff(held, diff);
}

export function pushDiff(held: Held, diff: string): void {
  if (diff === "") return;
  held.sent += 1;
  held.join.send(held.join.frames.diff(diff));
}

/** Answers a request of the client; one that has no ref wants no answer. */
export function reply(held: Held, ref: string | null, status: "ok" | "error", responseJson: string): void {
  const { join } = held;
  if (ref === null) return;
  held.sent += 1;
  join.send(join.frames.reply(ref, status, responseJson));
}

/** Renders what was assigned. @returns the diff as JSON text, "" when there is nothing to say */
export function change(held: Held, reply: object | undefined): string | Promise<string> {
  return message(held, held.socket.takeChanged() ? ofView : ofComponents, reply);
}

const ofView = { whole: false, changed: true } as const;
const ofComponents = { whole: false, changed: false } as const;

export function message(
  held: Held,
  what: { readonly whole: boolean; readonly changed: boolean },
  reply: object | undefined,
): string | Promise<string> {
  const { join, socket, renderer, components, nested } = held;
  if (!what.changed && components.dirty.size === 0) return withExtras(held, "", reply);
  const tree = renderer.messageOf(components, socket.assigns, join.view.show, what, nested);
  return isPromise(tree) ? tree.then((text) => withExtras(held, text, reply)) : withExtras(held, tree, reply);
}

/** Puts title, events and reply at the top of a tree or diff. */
function withExtras(held: Held, tree: string, reply: object | undefined): string {
  const { socket } = held;
  const events = socket.takeEvents();
  const pageTitle = (socket.assigns as { pageTitle?: unknown }).pageTitle ?? undefined;
  if (events === undefined && reply === undefined && pageTitle === held.pageTitle) return tree;
  const extras: string[] = [];
  if (events !== undefined) extras.push(`"e":[${events.join(",")}]`);
  if (reply !== undefined) extras.push(`"r":${jsonOf(reply, `View ${socket.id}: eventReply`)}`);
  if (pageTitle !== held.pageTitle) {
    held.pageTitle = pageTitle;
    extras.push(`"t":${JSON.stringify(pageTitle === undefined ? null : String(pageTitle))}`);
  }
  if (tree === "" || tree === "{}") return `{${extras.join(",")}}`;
  return `${tree.slice(0, -1)},${extras.join(",")}}`;
}

export function refuse(held: Held, ref: string | null, reason: string): void {
  reply(held, ref, "error", JSON.stringify({ reason }));
}

/** The client has caught up: what was held back for want of credit goes out, as one diff. */
export function acknowledge(held: Held, payload: object): void | Promise<void> {
  const { seq } = payload as Partial<AckPayload>;
  if (!Number.isSafeInteger(seq) || seq! <= held.acknowledged || seq! > held.sent) return;
  held.acknowledged = seq!;
  if (held.heldBack) return push(held);
}
