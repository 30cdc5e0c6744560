/**
 * Codec: messages as bytes, for their way to another thread. msgpackr, with Pid, From, exit and down messages as types
 * of their own, so that they arrive as what they are; Map, Set, Date, Error, typed arrays and bigint as themselves.
 * What is lost on the way: an Error's stack is the reader's, -0 is 0, half a surrogate pair is U+FFFD, a key `__proto__`
 * is `__proto_`. Only threads of one program speak this to each other: nothing from a browser is ever decoded here.
 */
import { addExtension, Packr } from "msgpackr";
import { Alias } from "./alias.ts";
import { From } from "./calls.ts";
import { Pid, type Ref } from "./pid.ts";
import { DownMessage, ExitMessage } from "./system-messages.ts";

/** How the kernel at this end tells pids and calls apart. */
export interface Resolver {
  pid(thread: number, serial: number): Pid;
  from(thread: number, ref: Ref): From;
  /** A pid or call is leaving this thread: what comes back must be the same object. */
  expose(value: Pid | From): void;
}

/** @throws nothing for a message that `seal` has accepted */
export function encode(message: unknown, ends: Resolver): Uint8Array {
  resolver = ends;
  return packr.pack(message);
}

export function decode(bytes: Uint8Array, ends: Resolver): unknown {
  resolver = ends;
  return packr.unpack(bytes);
}

/** The kernel at this end of what is being packed or unpacked; msgpackr's extensions are the program's, not a packer's. */
let resolver: Resolver;

const packr = new Packr({ moreTypes: true });

addExtension({
  Class: Pid,
  type: 0x50,
  write: (pid: Pid) => {
    resolver.expose(pid);
    return [pid.thread, pid.serial];
  },
  read: ([thread, serial]: [number, number]) => resolver.pid(thread, serial),
});

addExtension({
  Class: From,
  type: 0x51,
  write: (from: From) => {
    resolver.expose(from);
    return [from.thread, from.ref];
  },
  read: ([thread, ref]: [number, Ref]) => resolver.from(thread, ref),
});

addExtension({
  Class: ExitMessage,
  type: 0x52,
  write: (message: ExitMessage) => [message.from, message.reason],
  read: ([from, reason]: [Pid, unknown]) => new ExitMessage(from, reason),
});

addExtension({
  Class: DownMessage,
  type: 0x53,
  write: (message: DownMessage) => [message.ref, message.object, message.reason],
  read: ([ref, object, reason]: [Ref, Pid | string, unknown]) => new DownMessage(ref, object, reason),
});

addExtension({
  Class: Alias,
  type: 0x54,
  write: (alias: Alias) => [alias.thread, alias.ref],
  read: ([thread, ref]: [number, Ref]) => new Alias(thread, ref),
});
