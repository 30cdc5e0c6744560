/**
 * What OTP's supervisors do, case by case. A row: the feature it proves, what is done, what OTP does, and the case in the
 * notation of test/support/supervised.ts. `log` is what happens to the children because of what is done; `state` how they
 * are afterwards, `says` what the last request was answered with, `reports` what an operator was told.
 */
import { describe, expect, test } from "vitest";
import type { StartError } from "../../kernel/errors.ts";
import { Supervised, type SupervisedOptions } from "../support/supervised.ts";

interface Case extends SupervisedOptions {
  readonly of: string;
  readonly do?: string | readonly string[];
  readonly log?: string;
  readonly state?: string;
  readonly says?: string;
  readonly reports?: readonly string[];
}

type Row = readonly [id: string, done: string, otp: string, scene: Case];

const all = { strategy: "oneForAll" } as const;
const rest = { strategy: "restForOne" } as const;
const many = { maxRestarts: 100 } as const;
const any = { autoShutdown: "anySignificant" } as const;
const allSignificant = { autoShutdown: "allSignificant" } as const;

const strategies: readonly Row[] = [
  ["S1", "oneForOne: the first crashes", "it alone is started again", { of: "a b c", do: "crash a", log: "a! a+" }],
  ["S1", "oneForOne: one between crashes", "it alone is started again", { of: "a b c", do: "crash b", log: "b! b+" }],
  ["S1", "oneForOne: the last crashes", "it alone is started again", { of: "a b c", do: "crash c", log: "c! c+" }],
  [
    "S1",
    "oneForOne: two crash at once",
    "each is started again, in the order of their ends",
    { of: "a b c", do: "crash c a", log: "c! a! c+ a+", state: "a b c" },
  ],
  ["S1", "oneForOne: one is killed", "it alone is started again", { of: "a b", do: "kill a", log: "ax a+" }],
  [
    "S1",
    "oneForAll: the first crashes",
    "the others are stopped in reverse, all are started in order",
    { ...all, of: "a b c", do: "crash a", log: "a! c- b- a+ b+ c+", state: "a b c" },
  ],
  [
    "S1",
    "oneForAll: one between crashes",
    "the others are stopped in reverse, all are started in order",
    { ...all, of: "a b c", do: "crash b", log: "b! c- a- a+ b+ c+", state: "a b c" },
  ],
  [
    "S1",
    "oneForAll: the last crashes",
    "the others are stopped in reverse, all are started in order",
    { ...all, of: "a b c", do: "crash c", log: "c! b- a- a+ b+ c+", state: "a b c" },
  ],
  [
    "S1",
    "oneForAll: two crash at once",
    "that is one restart, in which both are started again",
    { ...all, maxRestarts: 1, of: "a b c", do: "crash a c", log: "a! c! b- a+ b+ c+", state: "a b c" },
  ],
  [
    "S1",
    "oneForAll: another had ended for good",
    "it is started again with the others",
    { ...all, of: "a b:transient c", do: ["leave b normal", "crash a"], log: "b! a! c- a+ b+ c+", state: "a b c" },
  ],
  [
    "S1",
    "oneForAll: another had been terminated by hand",
    "it is started again with the others",
    { ...all, of: "a b c", do: ["terminate b", "crash a"], log: "b- a! c- a+ b+ c+", state: "a b c" },
  ],
  [
    "S1",
    "oneForAll: a transient child ends normally",
    "nobody is restarted",
    { ...all, of: "a b:transient c", do: "leave b normal", log: "b!", state: "a b. c" },
  ],
  [
    "S1",
    "oneForAll: a permanent child ends normally",
    "all are restarted",
    { ...all, of: "a b", do: "leave b normal", log: "b! a- a+ b+", state: "a b" },
  ],
  [
    "S1",
    "restForOne: the first crashes",
    "those after it are stopped in reverse, all are started in order",
    { ...rest, of: "a b c", do: "crash a", log: "a! c- b- a+ b+ c+", state: "a b c" },
  ],
  [
    "S1",
    "restForOne: one between crashes",
    "those before it are not touched",
    { ...rest, of: "a b c d", do: "crash b", log: "b! d- c- b+ c+ d+", state: "a b c d" },
  ],
  [
    "S1",
    "restForOne: the last crashes",
    "it alone is started again",
    { ...rest, of: "a b c", do: "crash c", log: "c! c+", state: "a b c" },
  ],
  [
    "S1",
    "restForOne: one after it had ended for good",
    "it is started again with the rest",
    { ...rest, of: "a b c:transient", do: ["leave c normal", "crash b"], log: "c! b! b+ c+", state: "a b c" },
  ],
  [
    "S1",
    "restForOne: one before it had ended for good",
    "it stays down",
    { ...rest, of: "a:transient b c", do: ["leave a normal", "crash b"], log: "a! b! c- b+ c+", state: "a. b c" },
  ],
  [
    "S1",
    "restForOne: a child added later comes last",
    "it is restarted with those before it",
    { ...rest, of: "a b", do: ["start z", "crash b"], log: "z+ b! z- b+ z+", state: "a b z" },
  ],
];

const restartTypes: readonly Row[] = [
  ["S3", "permanent, ends with normal", "started again", { of: "a", do: "leave a normal", log: "a! a+", state: "a" }],
  ["S3", "permanent, ends with shutdown", "started again", { of: "a", do: "leave a shutdown", log: "a! a+" }],
  ["S3", "permanent, ends with {shutdown}", "started again", { of: "a", do: "leave a {shutdown}", log: "a! a+" }],
  ["S3", "permanent, crashes", "started again", { of: "a", do: "crash a", log: "a! a+", state: "a" }],
  ["S3", "permanent, is killed", "started again", { of: "a", do: "kill a", log: "ax a+", state: "a" }],
  [
    "S3",
    "transient, ends with normal",
    "not started again; its spec stays",
    { of: "a:transient", do: "leave a normal", log: "a!", state: "a." },
  ],
  [
    "S3",
    "transient, ends with shutdown",
    "not started again; its spec stays",
    { of: "a:transient", do: "leave a shutdown", log: "a!", state: "a." },
  ],
  [
    "S3",
    "transient, ends with {shutdown}",
    "not started again; its spec stays",
    { of: "a:transient", do: "leave a {shutdown}", log: "a!", state: "a." },
  ],
  ["S3", "transient, crashes", "started again", { of: "a:transient", do: "crash a", log: "a! a+", state: "a" }],
  ["S3", "transient, is killed", "started again", { of: "a:transient", do: "kill a", log: "ax a+", state: "a" }],
  [
    "S3",
    "temporary, ends with normal",
    "not started again, its spec is deleted",
    { of: "a:temporary b", do: "leave a normal", log: "a!", state: "b" },
  ],
  [
    "S3",
    "temporary, ends with shutdown",
    "not started again, its spec is deleted",
    { of: "a:temporary b", do: "leave a shutdown", log: "a!", state: "b" },
  ],
  [
    "S3",
    "temporary, crashes",
    "not started again, its spec is deleted",
    { of: "a:temporary b", do: "crash a", log: "a!", state: "b" },
  ],
  [
    "S3",
    "temporary, is killed",
    "not started again, its spec is deleted",
    { of: "a:temporary b", do: "kill a", log: "ax", state: "b" },
  ],
  [
    "S3",
    "temporary, under oneForAll, crashes",
    "its siblings are not touched",
    { ...all, of: "a b:temporary c", do: "crash b", log: "b!", state: "a c" },
  ],
  [
    "S3",
    "temporary, under oneForAll, a sibling crashes",
    "stopped with the others, and gone",
    { ...all, of: "a b:temporary c", do: "crash c", log: "c! b- a- a+ c+", state: "a c" },
  ],
  [
    "S3",
    "temporary, under restForOne, one before it crashes",
    "stopped, and gone",
    { ...rest, of: "a b:temporary c", do: "crash a", log: "a! c- b- a+ c+", state: "a c" },
  ],
  [
    "S3",
    "temporary, under restForOne, one after it crashes",
    "not touched",
    { ...rest, of: "a:temporary b c", do: "crash b", log: "b! c- b+ c+", state: "a b c" },
  ],
  [
    "S3",
    "temporary, id is used again after its end",
    "a new child of that id may be started",
    { of: "a:temporary", do: ["crash a", "start a"], log: "a! a+", state: "a", says: "pid" },
  ],
];

const intensity: readonly Row[] = [
  [
    "S4",
    "as many restarts as maxRestarts allows",
    "the supervisor lives",
    { of: "a", maxRestarts: 2, do: ["crash a", "crash a"], log: "a! a+ a! a+", state: "a" },
  ],
  [
    "S4",
    "one restart more",
    "the others are stopped in reverse, the supervisor ends with shutdown",
    { of: "a b c", maxRestarts: 1, do: ["crash b", "crash b"], log: "b! b+ b! c- a-", state: "gone: shutdown" },
  ],
  [
    "S4",
    "maxRestarts 0",
    "the first restart is one too many",
    { of: "a b", maxRestarts: 0, do: "crash a", log: "a! b-", state: "gone: shutdown" },
  ],
  [
    "S4",
    "Elixir's default: 3 in 5 s",
    "the fourth is one too many",
    {
      of: "a",
      do: ["crash a", "crash a", "crash a", "crash a"],
      log: "a! a+ a! a+ a! a+ a!",
      state: "gone: shutdown",
    },
  ],
  [
    "S4",
    "restarts that are further apart than maxSeconds",
    "they never add up",
    {
      of: "a",
      maxRestarts: 1,
      maxSeconds: 1,
      do: ["crash a", "wait 1001", "crash a", "wait 1001", "crash a"],
      log: "a! a+ a! a+ a! a+",
      state: "a",
    },
  ],
  [
    "S4",
    "the window slides: 2 in its first half, 2 in its second",
    "three within any maxSeconds are one too many for 2",
    {
      of: "a",
      maxRestarts: 2,
      maxSeconds: 1,
      do: ["crash a", "wait 600", "crash a", "wait 600", "crash a", "crash a"],
      log: "a! a+ a! a+ a! a+ a!",
      state: "gone: shutdown",
    },
  ],
  [
    "S4",
    "restarts of different children",
    "they count together",
    { of: "a b", maxRestarts: 1, do: "crash a b", log: "a! b! a+ a-", state: "gone: shutdown" },
  ],
  [
    "S4",
    "oneForAll restarts three children",
    "that is one restart",
    { ...all, of: "a b c", maxRestarts: 1, do: "crash a", log: "a! c- b- a+ b+ c+", state: "a b c" },
  ],
  [
    "S4",
    "ends of temporary children",
    "they do not count",
    { of: "a:temporary b:temporary c", maxRestarts: 0, do: "crash a b", log: "a! b!", state: "c" },
  ],
  [
    "S4",
    "quiet ends of transient children",
    "they do not count",
    { of: "a:transient", maxRestarts: 0, do: "leave a normal", log: "a!", state: "a." },
  ],
  [
    "S4",
    "normal ends of permanent children",
    "they count",
    { of: "a", maxRestarts: 0, do: "leave a normal", log: "a!", state: "gone: shutdown" },
  ],
  [
    "S4",
    "a supervisor inside gives up",
    "its parent restarts it with all it had",
    {
      of: "I[a b] c",
      inner: { maxRestarts: 0 },
      do: "crash a",
      log: "a! b- a+ b+",
      state: "I c",
    },
  ],
  [
    "S4",
    "a supervisor inside gives up again and again",
    "its parent gives up as well",
    {
      of: "I[a] c",
      maxRestarts: 1,
      inner: { maxRestarts: 0 },
      do: ["crash a", "crash a"],
      log: "a! a+ a! c-",
      state: "gone: shutdown",
    },
  ],
  [
    "S4",
    "a transient supervisor inside gives up",
    "it is not restarted, for shutdown is no crash",
    { of: "I[a]:transient c", inner: { maxRestarts: 0 }, do: "crash a", log: "a!", state: "I. c" },
  ],
];

const failingRestarts: readonly Row[] = [
  [
    "S5",
    "a restart fails twice, then succeeds",
    "each failure counts, the third attempt is up",
    { of: "a b", fails: { a: [2, 3] }, do: "crash a", log: "a! a? a? a+", state: "a b" },
  ],
  [
    "S5",
    "a restart fails for ever",
    "tried until the intensity is exceeded, then the supervisor ends",
    { of: "a b", fails: { a: [2, 3, 4, 5, 6] }, do: "crash a", log: "a! a? a? a? b-", state: "gone: shutdown" },
  ],
  [
    "S5",
    "a restart fails, slowly",
    "the child is restarting in between, and requests are answered",
    { ...many, of: "a%10 b", fails: { a: [2] }, do: ["crash a"], log: "a! a? a+", state: "a b" },
  ],
  [
    "S5",
    "oneForAll: the one that crashed does not start again",
    "those before it are stopped and started with the next attempt",
    { ...all, of: "a b c", fails: { b: [2] }, do: "crash b", log: "b! c- a- a+ b? a- a+ b+ c+", state: "a b c" },
  ],
  [
    "S5",
    "oneForAll: another one does not start again",
    "that one is tried again, as a new restart of all",
    { ...all, of: "a b c", fails: { c: [2] }, do: "crash a", log: "a! c- b- a+ b+ c? b- a- a+ b+ c+", state: "a b c" },
  ],
  [
    "S5",
    "restForOne: the one that crashed does not start again",
    "those after it wait for it",
    { ...rest, of: "a b c", fails: { b: [2] }, do: "crash b", log: "b! c- b? b+ c+", state: "a b c" },
  ],
  [
    "S5",
    "restForOne: one after it does not start again",
    "it is tried again, with those after it alone",
    { ...rest, of: "a b c", fails: { b: [2] }, do: "crash a", log: "a! c- b- a+ b? b+ c+", state: "a b c" },
  ],
  [
    "S5",
    "oneForAll: a restart fails for ever",
    "what is up is stopped, the supervisor ends",
    {
      ...all,
      of: "a b",
      maxRestarts: 2,
      fails: { b: [2, 3, 4] },
      do: "crash b",
      log: "b! a- a+ b? a- a+ b? a-",
      state: "gone: shutdown",
    },
  ],
  [
    "S5",
    "a restart is ignored by the child",
    "it is down, its spec stays",
    { of: "a b", ignores: { a: [2] }, do: "crash a", log: "a! a0", state: "a. b" },
  ],
  [
    "S5",
    "a supervisor inside does not start again",
    "its parent tries it again",
    {
      of: "I[a b]",
      inner: { maxRestarts: 0 },
      fails: { b: [2] },
      do: "crash a",
      log: "a! b- a+ b? a- a+ b+",
      state: "I",
    },
  ],
];

const shutdowns: readonly Row[] = [
  ["S6", "a worker's default", "shutdown: told, and waited for", { of: "a~4000", do: "stop", log: "a-", reports: [] }],
  [
    "S6",
    "a worker that takes longer than 5 s",
    "killed, and reported",
    { of: "a~5100", do: "stop", log: "ax", reports: ["shutdownError a killed"] },
  ],
  ["S6", "ends within its milliseconds", "not killed", { of: "a~100/200", do: "stop", log: "a-", reports: [] }],
  [
    "S6",
    "does not end within its milliseconds",
    "killed, and reported",
    { of: "a^/200", do: "stop", log: "ax", reports: ["shutdownError a killed"] },
  ],
  [
    "S6",
    "brutalKill",
    "killed at once, which is no error",
    { of: "a^/brutalKill", do: "stop", log: "ax", reports: [] },
  ],
  ["S6", "infinity", "waited for", { of: "a~100000/infinity", do: "stop", log: "a-", reports: [] }],
  [
    "S6",
    "one child takes too long",
    "the others have their own time",
    { of: "a~50/100 b^/100 c~50/100", do: "stop", log: "c- bx a-", reports: ["shutdownError b killed"] },
  ],
  [
    "S6",
    "a child has unlinked itself",
    "told and waited for all the same",
    { of: "a~50 b", do: ["unlink a", "stop"], log: "b- a-", reports: [] },
  ],
  [
    "S6",
    "terminateChild of one that does not end",
    "killed after its milliseconds",
    { of: "a^/200 b", do: "terminate a", log: "ax", says: "ok", state: "a. b" },
  ],
  [
    "S6",
    "a restart of all, with one that does not end",
    "killed after its milliseconds, then all are started",
    {
      ...all,
      of: "a b^/200",
      do: "crash a",
      log: "a! bx a+ b+",
      reports: ["childTerminated a odd", "shutdownError b killed"],
    },
  ],
  [
    "S6",
    "a supervisor inside whose children take long",
    "waited for: its own default is infinity",
    { of: "I[a~9000/10000]", do: "stop", log: "a-", reports: [] },
  ],
];

const order: readonly Row[] = [
  ["S7", "stop", "in reverse order", { of: "a b c", do: "stop", log: "c- b- a-", state: "gone: shutdown" }],
  [
    "S7",
    "stop of children that take their time",
    "one at a time: the next is told when the last has ended",
    { of: "a b~10 c~100", do: "stop", log: "c- b- a-" },
  ],
  [
    "S7",
    "stop, with children added later",
    "these go first",
    { of: "a b", do: ["start x", "start y", "stop"], log: "x+ y+ y- x- b- a-" },
  ],
  [
    "S7",
    "stop after a child was restarted",
    "it keeps its place",
    { of: "a b c", do: ["crash a", "stop"], log: "a! a+ c- b- a-" },
  ],
  [
    "S7, S13",
    "stop of supervisors inside",
    "each stops its own in reverse, at its place",
    { of: "a I[b c] d", do: "stop", log: "d- c- b- a-" },
  ],
  [
    "S7",
    "restart of children whose init takes long",
    "one after the other",
    { ...all, of: "a%50 b%10 c", do: "crash c", log: "c! b- a- a+ b+ c+", state: "a b c" },
  ],
];

const significance: readonly Row[] = [
  [
    "S8",
    "anySignificant: a significant transient child ends normally",
    "the supervisor stops the others and ends with shutdown",
    { ...any, of: "a b:transient* c", do: "leave b normal", log: "b! c- a-", state: "gone: shutdown" },
  ],
  [
    "S8",
    "anySignificant: a significant transient child crashes",
    "it is restarted",
    { ...any, of: "a b:transient*", do: "crash b", log: "b! b+", state: "a b" },
  ],
  [
    "S8",
    "anySignificant: a significant temporary child ends normally",
    "the supervisor ends",
    { ...any, of: "a b:temporary*", do: "leave b normal", log: "b! a-", state: "gone: shutdown" },
  ],
  [
    "S8",
    "anySignificant: a significant temporary child crashes",
    "the supervisor ends",
    { ...any, of: "a b:temporary*", do: "crash b", log: "b! a-", state: "gone: shutdown" },
  ],
  [
    "S8",
    "anySignificant: a child that is not significant ends",
    "nothing",
    { ...any, of: "a:transient b:transient*", do: "leave a normal", log: "a!", state: "a. b" },
  ],
  [
    "S8",
    "anySignificant: terminateChild of a significant child",
    "nothing: it did not end by itself",
    { ...any, of: "a b:transient*", do: "terminate b", log: "b-", state: "a b." },
  ],
  [
    "S8",
    "anySignificant: a significant temporary child is stopped for a sibling's sake",
    "nothing: it did not end by itself",
    { ...any, ...all, of: "a b:temporary*", do: "crash a", log: "a! b- a+", state: "a" },
  ],
  [
    "S8",
    "anySignificant: a significant child that was added later ends",
    "the supervisor ends",
    { ...any, of: "a", do: ["start b:temporary*", "leave b normal"], log: "b+ b! a-", state: "gone: shutdown" },
  ],
  [
    "S8",
    "allSignificant: one of two ends",
    "nothing",
    { ...allSignificant, of: "a b:transient* c:temporary*", do: "leave b normal", log: "b!", state: "a b. c" },
  ],
  [
    "S8",
    "allSignificant: the last of them ends",
    "the supervisor ends",
    {
      ...allSignificant,
      of: "a b:transient* c:temporary*",
      do: ["leave b normal", "crash c"],
      log: "b! c! a-",
      state: "gone: shutdown",
    },
  ],
  [
    "S8",
    "allSignificant: one is terminated by hand, the other ends",
    "the supervisor ends: none is left",
    {
      ...allSignificant,
      of: "b:transient* c:transient*",
      do: ["terminate b", "leave c normal"],
      log: "b- c!",
      state: "gone: shutdown",
    },
  ],
  [
    "S8",
    "allSignificant: the last one is terminated by hand",
    "nothing: it did not end by itself",
    {
      ...allSignificant,
      of: "b:transient* c:transient*",
      do: ["leave c normal", "terminate b"],
      log: "c! b-",
      state: "b. c.",
    },
  ],
  [
    "S8",
    "allSignificant: the other one was restarted",
    "it counts: it runs",
    {
      ...allSignificant,
      of: "b:transient* c:transient*",
      do: ["crash b", "leave c normal"],
      log: "b! b+ c!",
      state: "b c.",
    },
  ],
  [
    "S8, S13",
    "a supervisor inside shuts itself down, and is permanent",
    "its parent restarts it",
    { of: "I[a:transient*] b", inner: any, do: "leave a normal", log: "a! a+", state: "I b" },
  ],
  [
    "S8, S13",
    "a significant supervisor inside shuts itself down, and is transient",
    "its parent ends as well",
    {
      ...any,
      of: "I[a:transient*]:transient* b",
      inner: any,
      do: "leave a normal",
      log: "a! b-",
      state: "gone: shutdown",
    },
  ],
  [
    "S8",
    "never: startChild of a significant child",
    "refused as a wrong spec",
    { of: "a", do: "start b:transient*", log: "", says: "ChildSpecError", state: "a" },
  ],
  [
    "S8",
    "startChild of a significant permanent child",
    "refused as a wrong spec",
    { ...any, of: "a", do: "start b:permanent*", log: "", says: "ChildSpecError", state: "a" },
  ],
];

const requests: readonly Row[] = [
  ["S10", "countChildren", "specs, active, supervisors, workers", { of: "a I[b] c", do: "count", says: "3 3 1 2" }],
  [
    "S10",
    "countChildren with a child that is down",
    "it is a spec, and not active",
    { of: "a:transient I[b]", do: ["leave a normal", "count"], says: "2 1 1 1" },
  ],
  ["S10", "countChildren of nobody", "all zero", { of: "", do: "count", says: "0 0 0 0" }],
  [
    "S11",
    "startChild",
    "starts it behind the others",
    { of: "a", do: "start b", log: "b+", says: "pid", state: "a b" },
  ],
  [
    "S11",
    "startChild with the id of a child that runs",
    "refused: alreadyStarted, with its pid",
    { of: "a", do: "start a", log: "", says: "alreadyStarted", state: "a" },
  ],
  [
    "S11",
    "startChild with the id of a child that is down",
    "refused: alreadyPresent",
    { of: "a:transient", do: ["leave a normal", "start a"], log: "a!", says: "alreadyPresent", state: "a." },
  ],
  [
    "S11",
    "startChild of one that does not start",
    "an error; its spec is dropped, nothing is restarted or reported",
    { of: "a", fails: { b: [1] }, do: "start b", log: "b?", says: "StartError", state: "a", reports: [] },
  ],
  [
    "S11",
    "startChild again after a failed one",
    "allowed: there is no such child",
    { of: "a", fails: { b: [1] }, do: ["start b", "start b"], log: "b? b+", says: "pid", state: "a b" },
  ],
  [
    "S11",
    "startChild of one that is ignored",
    "its spec is kept, it is down",
    { of: "a", ignores: { b: [1] }, do: "start b", log: "b0", says: "ok", state: "a b." },
  ],
  [
    "S11",
    "startChild of a temporary one that is ignored",
    "its spec is dropped",
    { of: "a", ignores: { b: [1] }, do: "start b:temporary", log: "b0", says: "ok", state: "a" },
  ],
  [
    "S11",
    "a child that was added later crashes",
    "it is restarted as any other",
    { of: "a", do: ["start b", "crash b"], log: "b+ b! b+", state: "a b" },
  ],
  [
    "S11",
    "terminateChild",
    "stopped, not restarted; its spec stays",
    { of: "a b", do: "terminate a", log: "a-", says: "ok", state: "a. b" },
  ],
  [
    "S11",
    "terminateChild of a temporary child",
    "its spec is deleted",
    { of: "a:temporary b", do: "terminate a", log: "a-", says: "ok", state: "b" },
  ],
  [
    "S11",
    "terminateChild of one that is down",
    "nothing, which is no error",
    { of: "a b", do: ["terminate a", "terminate a"], log: "a-", says: "ok", state: "a. b" },
  ],
  ["S11", "terminateChild of nobody", "refused: notFound", { of: "a", do: "terminate z", says: "notFound", log: "" }],
  [
    "S11",
    "terminateChild under oneForAll",
    "its siblings are not touched",
    { ...all, of: "a b c", do: "terminate b", log: "b-", state: "a b. c" },
  ],
  [
    "S11",
    "terminateChild under restForOne",
    "its siblings are not touched",
    { ...rest, of: "a b c", do: "terminate a", log: "a-", state: "a. b c" },
  ],
  [
    "S11",
    "terminateChild counts as no restart",
    "the intensity is not touched",
    { of: "a", maxRestarts: 0, do: ["terminate a", "restart a", "terminate a", "restart a"], state: "a", says: "pid" },
  ],
  [
    "S11",
    "terminateChild of a supervisor",
    "it stops its own first",
    { of: "I[a b] c", do: "terminate I", log: "b- a-", state: "I. c" },
  ],
  [
    "S11",
    "restartChild of one that was terminated",
    "started, at its place",
    { of: "a b", do: ["terminate a", "restart a", "stop"], log: "a- a+ b- a-", state: "gone: shutdown" },
  ],
  [
    "S11",
    "restartChild of a transient one that ended",
    "started",
    { of: "a:transient", do: ["leave a normal", "restart a"], log: "a! a+", says: "pid", state: "a" },
  ],
  ["S11", "restartChild of one that runs", "refused: running", { of: "a", do: "restart a", says: "running", log: "" }],
  ["S11", "restartChild of nobody", "refused: notFound", { of: "a", do: "restart z", says: "notFound", log: "" }],
  [
    "S11",
    "restartChild of a temporary one that ended",
    "refused: notFound",
    { of: "a:temporary", do: ["crash a", "restart a"], says: "notFound", state: "" },
  ],
  [
    "S11",
    "restartChild of one that does not start",
    "an error; it stays down, and is not tried again",
    { of: "a b", fails: { a: [2] }, do: ["terminate a", "restart a"], log: "a- a?", says: "StartError", state: "a. b" },
  ],
  [
    "S11",
    "restartChild of one that is ignored",
    "it stays down",
    { of: "a b", ignores: { a: [2] }, do: ["terminate a", "restart a"], log: "a- a0", says: "ok", state: "a. b" },
  ],
  [
    "S11",
    "deleteChild of one that was terminated",
    "forgotten",
    { of: "a b", do: ["terminate a", "delete a"], log: "a-", says: "ok", state: "b" },
  ],
  ["S11", "deleteChild of one that runs", "refused: running", { of: "a", do: "delete a", says: "running", state: "a" }],
  ["S11", "deleteChild of nobody", "refused: notFound", { of: "a", do: "delete z", says: "notFound", state: "a" }],
  [
    "S11",
    "deleteChild, then startChild of that id",
    "it comes last",
    { of: "a b", do: ["terminate a", "delete a", "start a"], log: "a- a+", says: "pid", state: "b a" },
  ],
  ["S11", "getChildSpec", "the spec", { of: "a:transient", do: "spec a", says: "a transient" }],
  [
    "S11",
    "getChildSpec of one that is down",
    "the spec",
    { of: "a:transient", do: ["leave a normal", "spec a"], says: "a transient" },
  ],
  ["S11", "getChildSpec of nobody", "refused: notFound", { of: "a", do: "spec z", says: "notFound" }],
];

const reports: readonly Row[] = [
  [
    "S14",
    "a permanent child crashes",
    "childTerminated",
    { of: "a", do: "crash a", reports: ["childTerminated a odd"] },
  ],
  [
    "S14",
    "a permanent child ends with normal",
    "childTerminated: it should not have",
    { of: "a", do: "leave a normal", reports: ["childTerminated a normal"] },
  ],
  ["S14", "a transient child ends with normal", "nothing", { of: "a:transient", do: "leave a normal", reports: [] }],
  [
    "S14",
    "a transient child crashes",
    "childTerminated",
    { of: "a:transient", do: "crash a", reports: ["childTerminated a odd"] },
  ],
  [
    "S14",
    "a temporary child ends with shutdown",
    "nothing",
    { of: "a:temporary", do: "leave a shutdown", reports: [] },
  ],
  [
    "S14",
    "a temporary child crashes",
    "childTerminated",
    { of: "a:temporary", do: "crash a", reports: ["childTerminated a odd"] },
  ],
  [
    "S14",
    "a restart fails",
    "startError, each time",
    {
      of: "a",
      fails: { a: [2, 3] },
      do: "crash a",
      reports: ["childTerminated a odd", "startError a a cannot start", "startError a a cannot start"],
    },
  ],
  [
    "S14",
    "too many restarts",
    "shutdown, with the child that was one too many",
    {
      of: "a",
      maxRestarts: 0,
      do: "crash a",
      reports: ["childTerminated a odd", "shutdown a reached the maximum of restarts"],
    },
  ],
  [
    "S14",
    "progress is asked for",
    "every start is reported",
    {
      of: "a b",
      reportProgress: true,
      do: "crash b",
      reports: ["progress a started", "progress b started", "childTerminated b odd", "progress b started"],
    },
  ],
  ["S14", "an orderly stop", "nothing", { of: "a b:transient I[c]", do: "stop", reports: [] }],
];

/** Rows about starts: the supervisor does not come up, or with a child less. */
const starts: readonly Row[] = [
  ["S7", "start", "in order", { of: "a b c", log: "a+ b+ c+", state: "a b c" }],
  [
    "S7",
    "start with inits that take long",
    "one after the other",
    { of: "a%50 b%5 c", log: "a+ b+ c+", state: "a b c" },
  ],
  ["S7, S13", "start of supervisors inside", "depth first", { of: "a I[b J[c d]] e", log: "a+ b+ c+ d+ e+" }],
  [
    "S5",
    "the first child does not start",
    "nobody else is started",
    { of: "a b", fails: { a: [1] }, log: "a?", says: "a" },
  ],
  [
    "S5",
    "one between does not start",
    "those before it are stopped in reverse, those after it never started",
    { of: "a b c d", fails: { c: [1] }, log: "a+ b+ c? b- a-", says: "c" },
  ],
  [
    "S5",
    "the last does not start",
    "the others are stopped in reverse",
    { of: "a b c", fails: { c: [1] }, log: "a+ b+ c? b- a-", says: "c" },
  ],
  [
    "S5",
    "a temporary child does not start",
    "the start fails all the same",
    { of: "a b:temporary", fails: { b: [1] }, log: "a+ b? a-", says: "b" },
  ],
  [
    "S5, S13",
    "a child of a supervisor inside does not start",
    "both starts fail, everything is stopped",
    { of: "a I[b c]", fails: { c: [1] }, log: "a+ b+ c? b- a-", says: "I" },
  ],
  [
    "S11",
    "a child is ignored",
    "its spec stays, it is down",
    { of: "a b", ignores: { a: [1] }, log: "a0 b+", state: "a. b" },
  ],
  [
    "S3, S11",
    "a temporary child is ignored",
    "its spec is deleted",
    { of: "a:temporary b", ignores: { a: [1] }, log: "a0 b+", state: "b" },
  ],
  ["S7", "no children", "the supervisor starts all the same", { of: "", log: "", state: "" }],
];

describe("supervisors do as OTP's: starts", () => {
  test.each(starts)("%s: %s: %s", async (_id, _done, _otp, scene) => {
    const tree = new Supervised(scene);
    const failure = await tree.start(scene.of).catch((thrown: StartError) => thrown);
    await tree.run();
    expect(tree.takeLog()).toBe(scene.log);
    if (scene.says === undefined) expect(await tree.state()).toBe(scene.state ?? (await tree.state()));
    else {
      expect(failure).toMatchObject({ code: "ERR_START", reason: { shutdown: { failedToStart: scene.says } } });
      expect(tree.kernel.processes()).toEqual([]);
    }
  });
});

const groups: Readonly<Record<string, readonly Row[]>> = {
  strategies,
  "restart types": restartTypes,
  intensity,
  "restarts that fail": failingRestarts,
  shutdown: shutdowns,
  order,
  "significant children": significance,
  requests,
  reports,
};

describe.each(Object.entries(groups))("supervisors do as OTP's: %s", (_group, rows) => {
  test.each(rows)("%s: %s: %s", async (_id, _done, _otp, scene) => {
    const tree = new Supervised(scene);
    await tree.start(scene.of);
    tree.takeLog();
    let said: string | undefined;
    for (const action of [scene.do ?? []].flat()) said = await tree.do(action);
    if (scene.log !== undefined) expect(tree.takeLog()).toBe(scene.log);
    if (scene.says !== undefined) expect(said).toBe(scene.says);
    if (scene.state !== undefined) expect(await tree.state()).toBe(scene.state);
    if (scene.reports !== undefined) expect(tree.reports()).toEqual(scene.reports);
    // Whatever has happened: when it stops, nobody is left behind.
    tree.kernel.exit(tree.top, "shutdown");
    await tree.run();
    expect(tree.kernel.processes()).toHaveLength(1); // the one that watches the supervisor
    expect(tree.kernel.timers.size).toBe(0);
  });
});

test("there are at least 120 of them, and no two are the same", () => {
  const rows = [...starts, ...Object.values(groups).flat()];
  expect(rows.length).toBeGreaterThanOrEqual(120);
  expect(new Set(rows.map(([, done, otp]) => `${done}: ${otp}`)).size).toBe(rows.length);
});
