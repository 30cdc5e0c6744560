// Supervisors: start again what ends.

// What a child is
export type { BackoffOptions } from "./backoff.ts";
// Something that is not a process, as a child
export { type Bridge, type BridgeOptions, type BridgeProtocol, bridge } from "./bridge.ts";
export type { ChildCounts, ChildInfo } from "./child.ts";
export {
  type AutoShutdown,
  type CheckedChildSpec,
  type ChildEntry,
  type ChildOf,
  type ChildOptions,
  type ChildSpec,
  checkChildSpecs,
  childSpec,
  type Restart,
  type Shutdown,
  type Startable,
} from "./child-spec.ts";
// Of any number of children, that come and go
export {
  DynamicSupervisor,
  type DynamicSupervisorDefinition,
  type DynamicSupervisorOptions,
  type DynamicSupervisorProtocol,
  dynamicSupervisor,
} from "./dynamic-supervisor.ts";
export { ChildSpecError, type Refusal, SupervisorError } from "./errors.ts";
// Of copies of one child, by key
export {
  PartitionSupervisor,
  type PartitionSupervisorDefinition,
  type PartitionSupervisorOptions,
  type PartitionSupervisorProtocol,
  partitionSupervisor,
} from "./partition-supervisor.ts";
// To look at, and to build one's own
export { type PrintTreeOptions, printTree } from "./print-tree.ts";
export { RestartWindow } from "./restart-window.ts";
// Supervisors of children with an order
export type { Strategy } from "./strategy.ts";
export type { SupervisionOptions, SupervisorStatus } from "./supervision.ts";
export {
  type ChildrenOf,
  Supervisor,
  type SupervisorDefinition,
  type SupervisorOptions,
  type SupervisorProtocol,
  supervisor,
} from "./supervisor.ts";
// Tasks that come and go
export {
  type TaskChildOptions,
  TaskSupervisor,
  type TaskSupervisorOptions,
  type TaskSupervisorProtocol,
} from "./task-supervisor.ts";
