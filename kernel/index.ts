// The kernel alone: processes, for anything long-lived and stateful.

export { Alias, type AliasOptions, type MonitorAliasMode } from "./alias.ts";
export { From } from "./calls.ts";
export {
  CallError,
  GroupError,
  LintelError,
  MailboxError,
  MessageError,
  NameError,
  OptionError,
  RegistryError,
  StartError,
  ThreadError,
} from "./errors.ts";
// Why processes end, and what is thrown
export { type CrashReason, type ErrorData, type ExitReason, isQuiet, reasonText } from "./exit-reason.ts";
// Servers
export {
  type CallContext,
  type GenServer,
  type GenServerDefinition,
  genServer,
  type Ignored,
  ignore,
  type NextOptions,
  noreply,
  Outcome,
  ok,
  ReturnError,
  reply,
  type ServerContext,
  type ServerProtocol,
  stop,
} from "./gen-server.ts";
// Kernels and processes
export { Kernel, type KernelOptions, type SendOptions, type SpawnOptions, type StartOptions } from "./kernel.ts";
export type { Key } from "./key.ts";
export type { Coalesce, MailboxOptions } from "./mailbox-options.ts";
// Looking inside
export type {
  Account,
  SystemEvent,
  SystemMonitorOptions,
  Trace,
  TraceEvent,
  TraceOptions,
  TraceType,
} from "./observer.ts";
export { type Address, type Name, Pid, type Ref } from "./pid.ts";
export { type Behaviour, type Priority, Process, type ProcessFunction } from "./process.ts";
// Processes by group, on all threads
export { type GroupMessage, ProcessGroups, processGroups } from "./process-groups.ts";
export type { ProcessInfo, TopBy } from "./process-info.ts";
export type {
  CallName,
  CallReplyOf,
  CallRequestOf,
  CastName,
  CastPayloadOf,
  InfoOf,
  Protocol,
  ProtocolOf,
} from "./protocol.ts";
// Publish and subscribe
export { type Topic, topic } from "./pubsub.ts";
export { realWorld } from "./real-world.ts";
export { type ReceiveOptions, timedOut } from "./receive.ts";
// Processes by key, on one thread
export {
  DuplicateRegistry,
  type Entry,
  Registry,
  type RegistryMessage,
  type RegistryOptions,
  registry,
  UniqueRegistry,
} from "./registry.ts";
export { type Report, type Reporter, reportLine, reportToStderr } from "./report.ts";
export { readStats, type StatName, type Stats, StatsTable, stat, statNames } from "./stats.ts";
export { SysError, type SysStatus, sys } from "./sys.ts";
export { DownMessage, ExitMessage } from "./system-messages.ts";
export { Timer } from "./timer-wheel.ts";
export type { Via, ViaName } from "./via.ts";
// The world that a kernel lives in
export type { Alarm, Boundary, World } from "./world.ts";
