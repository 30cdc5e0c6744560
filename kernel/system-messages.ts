/**
 * Messages that the kernel itself puts into a mailbox. They come to `info` (or `receive`) like any other message, in
 * order with what the same sender sent before; tell them apart by `instanceof` or by `type`.
 */

import type { ExitReason } from "./exit-reason.ts";
import { declareLeaf } from "./message.ts";
import type { Pid, Ref } from "./pid.ts";
import type { Process } from "./process.ts";

/** An exit signal that a process with `trapExit` received. Erlang's `{'EXIT', From, Reason}`. */
export class ExitMessage {
  readonly type = "exit";
  readonly from: Pid;
  readonly reason: ExitReason;

  constructor(from: Pid, reason: ExitReason) {
    this.from = from;
    this.reason = reason;
    Object.freeze(this);
  }
}

/**
 * @internal A server that traps exits ends by that of its parent. Who was started by code that is no process has the kernel
 * for a parent: `kernel.exit` comes from the process itself.
 */
export function isParentsExit(self: Process, message: unknown): message is ExitMessage {
  return message instanceof ExitMessage && message.from === (self.parent ?? self.pid);
}

/** The one message of a monitor: what it watched has ended. Erlang's `{'DOWN', Ref, process, Object, Reason}`. */
export class DownMessage {
  readonly type = "down";
  readonly ref: Ref;
  /** The pid, or the name that `monitor` was given. */
  readonly object: Pid | string;
  readonly reason: ExitReason;
  /** What `monitor` was given as its `tag`. */
  readonly tag: unknown;

  constructor(ref: Ref, object: Pid | string, reason: ExitReason, tag?: unknown) {
    this.ref = ref;
    this.object = object;
    this.reason = reason;
    this.tag = tag;
    Object.freeze(this);
  }
}

/**
 * A task's result in its owner's mailbox, when the owner was not waiting for it (task.ts); a `DownMessage` with the same
 * ref follows. Elixir's `{ref, result}`. `task.isReply(message)` tells whose it is, and gives `value` its type.
 */
export class TaskReply<R = unknown> {
  readonly type = "taskReply";
  readonly ref: Ref;
  readonly value: R;

  constructor(ref: Ref, value: R) {
    this.ref = ref;
    this.value = value;
    Object.freeze(this);
  }
}

/** What `startTimer` sends. Erlang's `{timeout, Ref, Message}`. */
export class TimeoutMessage<M = unknown> {
  readonly type = "timeout";
  readonly ref: Ref;
  readonly message: M;

  constructor(ref: Ref, message: M) {
    this.ref = ref;
    this.message = message;
    Object.freeze(this);
  }
}

/** @internal A timeout that a behaviour set for itself. It passes a full mailbox: nobody would send it again. */
export abstract class OwnTimeout {}

declareLeaf(ExitMessage);
declareLeaf(DownMessage);
declareLeaf(TaskReply);
declareLeaf(TimeoutMessage);
