// The kernel alone: processes, for anything long-lived and stateful.

// Kernels and processes
export { Kernel } from "./kernel.ts";
export type { KernelOptions, Placement, SendOptions, SpawnOptions, StartOptions } from "./kernel-options.ts";
export { behaviour, type Runnable } from "./crossing/behaviours.ts";
export type { Hosts } from "./crossing/hosts.ts";
export type { Behaviour, ProcessFunction } from "./behaviour.ts";
export type { Priority } from "./process-status.ts";
export { Process } from "./process.ts";
export { type ReceiveOptions, timedOut } from "./receive.ts";
export { type Address, type Name, Pid, type Ref } from "./pid.ts";
export { Alias, type AliasOptions, type MonitorAliasMode } from "./alias.ts";
export type { Via, ViaName } from "./names/via.ts";
export { DownMessage, ExitMessage, TaskReply, TimeoutMessage } from "./system-messages.ts";
export type { Coalesce, MailboxOptions } from "./mailbox-options.ts";
export { sleep } from "./sleep.ts";
export type { MonitorOptions } from "./signals.ts";
export type { When } from "./message-timers.ts";
export { ancestorsOf, callersOf } from "./ancestry.ts";
export { Timer } from "./timer-wheel.ts";

// Servers
export {
  type CallContext,
  type GenServer,
  type GenServerDefinition,
  genServer,
  type ServerContext,
  type ServerProtocol,
} from "./server/gen-server.ts";
export {
  type Ignored,
  ignore,
  type NextOptions,
  noreply,
  Outcome,
  ok,
  ReturnError,
  reply,
  type Stopped,
  stop,
} from "./server/outcome.ts";
export { From } from "./calls.ts";
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
export { abcast, type MultiCallResult, multiCall } from "./server/multi-call.ts";

// State machines
export { genStatem } from "./gen-statem/gen-statem.ts";
export type {
  GenStatem,
  StateHandlers,
  StatemDefinition,
  StatemEnterResult,
  StatemProtocol,
  StatemResult,
  StatemStatus,
} from "./gen-statem/definition.ts";
export type {
  CallEvent,
  CastEvent,
  EventTimeoutEvent,
  GenericTimeoutEvent,
  InfoEvent,
  InternalEvent,
  ReplyTo,
  StatemCallContext,
  StatemContext,
  StatemEvent,
  StateTimeoutEvent,
} from "./gen-statem/events.ts";
export type { Timeout } from "./gen-statem/timeouts.ts";
export {
  changeDefinition,
  type EnterActions,
  type EventActions,
  keepState,
  keepStateAndData,
  nextState,
  popDefinition,
  postpone,
  pushDefinition,
  type Reply,
  repeatState,
  repeatStateAndData,
  replyTo,
  stopAndReply,
  Transition,
} from "./gen-statem/transitions.ts";

// A state that processes share
export { Agent, type AgentCallOptions, type AgentProtocol } from "./server/agent.ts";

// One function in a process of its own, and its result
export { Task } from "./task/task.ts";
export type { OutcomesOf, ResultsOf, YieldManyOptions } from "./task/task-many.ts";
export { type PoolModule, type PoolTaskOptions, poolModule, type UntypedModule } from "./pool/pool-task.ts";
export { TaskPool, type TaskPoolOptions, type TaskPoolStatus } from "./pool/task-pool.ts";
export type { TaskFunction, TaskOutcome } from "./task/task-process.ts";
export type { TaskStreamOptions, TaskStreamOutcome } from "./task/task-stream.ts";

// Publish and subscribe; processes by key, on one thread; by group, on all threads
export { type Subscription, type Topic, topic } from "./names/pubsub.ts";
export {
  DuplicateRegistry,
  type Entry,
  Registry,
  type RegistryMessage,
  type RegistryOptions,
  registry,
  UniqueRegistry,
} from "./names/registry.ts";
export { type GroupMessage, ProcessGroups, processGroups } from "./names/process-groups.ts";
export type { Key } from "./names/key.ts";

// Why processes end, and what is thrown
export { type CrashReason, type ErrorData, type ExitReason, isQuiet, reasonText } from "./exit-reason.ts";
export {
  CallError,
  CrossingError,
  GroupError,
  LintelError,
  MailboxError,
  MessageError,
  NameError,
  OptionError,
  ReceiveError,
  PlacementError,
  RegistryError,
  StartError,
  TaskError,
  ThreadError,
} from "./errors.ts";
export { type Report, type Reporter, reportLine, reportToStderr } from "./observe/report.ts";

// Looking inside
export type { ProcessInfo, TopBy } from "./observe/process-info.ts";
export type {
  Account,
  SystemEvent,
  SystemMonitorOptions,
  Trace,
  TraceEvent,
  TraceOptions,
  TraceType,
} from "./observe/observer.ts";
export { SysError, type SysStatus, sys } from "./server/sys.ts";
export { readStats, type StatName, type Stats, StatsTable, stat, statNames } from "./observe/stats.ts";

// Numbers that threads share
export { Counters } from "./observe/counters.ts";

// Threads: kernels that reach each other
export { type SchedulerEvent, schedulerEvents } from "./threads/scheduler-process.ts";
export { type SchedulersRuntime, type StartSchedulersOptions, startSchedulers } from "./threads/start.ts";
export type { ThreadModule, ThreadStart } from "./threads/start-boot.ts";
export { Schedulers, type SchedulersOptions } from "./threads/schedulers.ts";
export type { MemoryOptions, QuarantineOptions, Safeguards } from "./threads/safeguards.ts";
export { QuarantineError } from "./guard/quarantine.ts";
export type { Booted, BootModule } from "./threads/control.ts";

// The world that a kernel lives in
export type { Alarm, Boundary, World } from "./world.ts";
export { realWorld } from "./real-world.ts";
