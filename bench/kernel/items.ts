/**
 * What is measured, and what we want of it. An item is one program of every rival that has such a thing; it gives one or
 * several figures. Gates are those of the research (kernel-baseline, "Targets"), measured on the machine named there:
 * on another one, or beside other programs, the ratios to the rivals say more. A figure without a gate explains another.
 */
import type { Item } from "./figure.ts";

const all = ["lintel", "beam", "nact", "xstate"] as const;

const crossing =
  "objects of one V8 thread cannot be seen from another: each message is encoded, copied and decoded, where the BEAM copies a term within one memory.";
const waking =
  "the other thread sleeps in its event loop and is woken by the operating system; schedulers of the BEAM spin before they sleep.";
const sharing =
  "one thread does both: an answer waits for the slice that runs (0.25 ms) and for collections of the young generation; the BEAM polls sockets on a thread of its own.";
const surviving =
  "a million messages survive, and V8 copies what survives; the BEAM's are spread over a thousand heaps.";

export const items: readonly Item[] = [
  {
    name: "spawn",
    size: 100_000,
    quickSize: 5_000,
    rivals: all,
    figures: [{ id: "spawn", title: "spawn, 100 k idle", unit: "µs", gate: 0.8, overBeam: 2, overJs: 5 }],
  },
  {
    name: "memory",
    size: 200_000,
    quickSize: 20_000,
    rivals: all,
    figures: [
      { id: "memory-rss", title: "idle process, RSS", unit: "B", gate: 400, overBeam: 6, overJs: 3.5 },
      { id: "memory-heap", title: "idle process, heap", unit: "B", note: "BEAM: process_info(P, memory)" },
    ],
  },
  {
    name: "spawn-exit",
    size: 300_000,
    quickSize: 10_000,
    rivals: ["lintel", "beam"],
    figures: [
      { id: "spawn-exit-link", title: "spawn + exit, linked", unit: "µs", gate: 0.55, overBeam: 1.8 },
      { id: "spawn-exit-monitor", title: "spawn + exit, monitored", unit: "µs", gate: 0.55, overBeam: 1.8 },
    ],
  },
  {
    name: "send",
    size: 2_000_000,
    quickSize: 50_000,
    rivals: all,
    figures: [
      {
        id: "send-frozen",
        title: "send, a new {tag, n} each",
        unit: "M/s",
        gate: 8,
        overBeam: 0.7,
        overJs: 2,
        note: "Lintel freezes each; nact and xstate share it as it is",
        whyBelowBeam:
          "Object.freeze gives each new message another hidden class, which costs as much as the rest of the send; a term of the BEAM is immutable as it is made. Freeze a message once and send it often, and the send is quicker than the BEAM's.",
      },
      {
        id: "send-shared",
        title: "send, one frozen {tag, n}",
        unit: "M/s",
        gate: 14,
        overBeam: 1.2,
        overJs: 2,
        note: "BEAM: the same constant",
      },
    ],
  },
  {
    name: "ping-pong",
    size: 1_000_000,
    quickSize: 20_000,
    rivals: all,
    figures: [
      { id: "ping-pong", title: "ping-pong, numbers", unit: "M/s", gate: 5, overBeam: 2, overJs: 4 },
      {
        id: "ping-pong-object",
        title: "ping-pong, a new {tag, n} each",
        unit: "M/s",
        note: "two freezes a round trip",
      },
    ],
  },
  {
    name: "ring",
    size: 3_000_000,
    quickSize: 50_000,
    rivals: all,
    figures: [{ id: "ring", title: "ring of 1,000, hops", unit: "M/s", gate: 9, overBeam: 1.5, overJs: 4 }],
  },
  {
    name: "call",
    size: 300_000,
    quickSize: 5_000,
    rivals: ["lintel", "beam", "nact"],
    figures: [
      {
        id: "call",
        title: "await call, timeout and monitor",
        unit: "M/s",
        gate: 0.9,
        overBeam: 1,
        overJs: 3.5,
        note: "nact: query, with a timeout",
      },
      { id: "call-100", title: "... by 100 callers at once", unit: "M/s" },
    ],
  },
  {
    name: "async",
    size: 300_000,
    quickSize: 5_000,
    rivals: ["lintel", "beam"],
    figures: [
      {
        id: "async",
        title: "ping-pong, await receive()",
        unit: "M/s",
        gate: 1.2,
        overBeam: 0.5,
        whyBelowBeam:
          "each receive makes a promise and goes through the microtask queue, and V8 tells us of both, so that a forgotten rejection is charged to its process; a callback process has none of this (ping-pong).",
      },
    ],
  },
  {
    name: "fan-out",
    size: 2_000_000,
    quickSize: 50_000,
    rivals: all,
    figures: [{ id: "fan-out", title: "1 to 10,000 processes", unit: "M/s", gate: 6, overBeam: 1.5, overJs: 5 }],
  },
  {
    name: "fan-in",
    size: 1_000_000,
    quickSize: 50_000,
    rivals: all,
    figures: [
      {
        id: "fan-in",
        title: "1,000 processes to 1",
        unit: "M/s",
        gate: 5,
        overBeam: 0.65,
        note: "maxMailbox raised to 2 M; xstate has no queue here: it handles on the sender's stack",
        whyBelowBeam:
          "the mailbox grows to a million messages, and V8's young generation copies all that survive, twice; the BEAM keeps what one process was sent out of the others' collections.",
      },
    ],
  },
  {
    name: "backlog",
    size: 10_000,
    quickSize: 1_000,
    rivals: ["lintel", "beam"],
    figures: [
      { id: "backlog-ref", title: "10 k waiting: call and reply", unit: "µs", gate: 1, overBeam: 0.8 },
      { id: "backlog-ref-100k", title: "100 k waiting: call and reply", unit: "µs" },
      {
        id: "backlog-tag",
        title: "10 k waiting: reply by a scan",
        unit: "µs",
        whyBelowBeam:
          "a scan calls the receiver's match function for each message, and what it looks at is spread over the heap; the BEAM matches a pattern in place. A reply by ref needs no scan (the two above).",
      },
    ],
  },
  {
    name: "names",
    size: 2_000_000,
    quickSize: 20_000,
    rivals: ["lintel", "beam"],
    figures: [
      {
        id: "names",
        title: "name lookup among 10 k",
        unit: "ns",
        gate: 80,
        overBeam: 1,
        note: "BEAM: ETS with binary keys",
      },
      {
        id: "names-atom",
        title: "... against whereis(atom)",
        unit: "ns",
        overBeam: 0.2,
        whyBelowBeam:
          "an atom is a number, and its table an array; a string is hashed once, then compared. What is fair is the row above: strings against binaries.",
      },
    ],
  },
  {
    name: "timers",
    size: 300_000,
    quickSize: 10_000,
    rivals: ["lintel", "beam"],
    figures: [
      { id: "timer-set", title: "sendAfter", unit: "ns", gate: 350, overBeam: 1 },
      { id: "timer-cancel", title: "sendAfter + cancelTimer", unit: "ns", gate: 60, overBeam: 2.5 },
      { id: "wheel-set", title: "... the wheel alone: set", unit: "ns" },
      { id: "wheel-cancel", title: "... the wheel alone: set + cancel", unit: "ns" },
    ],
  },
  {
    name: "restart",
    size: 10_000,
    quickSize: 100,
    rivals: ["lintel", "beam", "nact"],
    figures: [
      {
        id: "restart-p50",
        title: "throw to child up, p50",
        unit: "µs",
        gate: 15,
        overBeam: 2.5,
        overJs: 1,
        note: "with a report that nobody prints; nact resets the state in place",
        whyBelowBeam:
          "a third of it is V8 capturing the error's stack and writing it out, for the report and for links; the BEAM keeps it as terms. The rest is a start whose answer comes by a promise.",
      },
      {
        id: "restart-p99",
        title: "throw to child up, p99",
        unit: "µs",
        whyBelowBeam:
          "errors with their stacks are the garbage of this item, and a collection stops all processes of the thread; each of the BEAM's has a heap of its own.",
      },
    ],
  },
  {
    name: "storm",
    size: 10_000,
    quickSize: 500,
    rivals: ["lintel", "beam"],
    figures: [{ id: "storm", title: "10 k children killed, all back", unit: "ms", gate: 200, overBeam: 6 }],
  },
  {
    name: "threads",
    size: 1_000_000,
    quickSize: 20_000,
    rivals: ["lintel", "beam"],
    cores: 2,
    figures: [
      {
        id: "thread-send",
        title: "to another thread, {tag, n}",
        unit: "M/s",
        gate: 2,
        overBeam: 0.4,
        whyBelowBeam: crossing,
      },
      {
        id: "thread-send-map",
        title: "to another thread, map of 10",
        unit: "M/s",
        gate: 0.9,
        overBeam: 0.5,
        whyBelowBeam: crossing,
      },
      {
        id: "thread-frames",
        title: "to another thread, 300 B frames, 16 a flush",
        unit: "M/s",
        gate: 2.5,
        overBeam: 0.6,
        whyBelowBeam: crossing,
      },
    ],
  },
  {
    name: "thread-round-trip",
    size: 4_000,
    quickSize: 100,
    rivals: ["lintel", "beam"],
    cores: 2,
    figures: [
      {
        id: "thread-asleep-p50",
        title: "thread round trip, asleep, p50",
        unit: "µs",
        gate: 130,
        overBeam: 0.03,
        whyBelowBeam: waking,
      },
      { id: "thread-asleep-p99", title: "thread round trip, asleep, p99", unit: "µs", whyBelowBeam: waking },
      {
        id: "thread-awake-p50",
        title: "thread round trip, back to back, p50",
        unit: "µs",
        note: "the BEAM spins",
        whyBelowBeam: waking,
      },
    ],
  },
  {
    name: "in-flight",
    size: 1_000_000,
    quickSize: 50_000,
    rivals: ["lintel", "beam"],
    cores: 2,
    figures: [
      { id: "in-flight-delay-p99", title: "1 M in flight: event-loop delay, p99", unit: "ms", gate: 10 },
      { id: "in-flight-delay-max", title: "... max", unit: "ms" },
      {
        id: "in-flight-process-p99",
        title: "... until a process has its timer, p99",
        unit: "ms",
        note: "its turn comes after one of each of the 1,000 others, which all have long mailboxes: 200 reductions each, 4,000 on the BEAM",
      },
      { id: "in-flight-rate", title: "... messages meanwhile", unit: "M/s", whyBelowBeam: surviving },
    ],
  },
  {
    name: "saturated",
    size: 1_000,
    quickSize: 1_000,
    rivals: ["lintel", "beam"],
    client: "echo",
    figures: [
      { id: "saturated-echo-p50", title: "1,000 tokens for ever: TCP echo, p50", unit: "ms", whyBelowBeam: sharing },
      {
        id: "saturated-echo-p99",
        title: "1,000 tokens for ever: TCP echo, p99",
        unit: "ms",
        gate: 1,
        overBeam: 1,
        whyBelowBeam: sharing,
      },
    ],
  },
  {
    name: "pauses",
    size: 100_000,
    quickSize: 5_000,
    rivals: ["lintel"],
    cores: 2,
    figures: [
      { id: "gc-p99", title: "GC pause with 100 k live processes, p99", unit: "ms", gate: 15 },
      { id: "gc-rate", title: "... messages meanwhile", unit: "M/s" },
    ],
  },
];
