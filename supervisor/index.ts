// Supervisors: start again what ends.

// Supervisors of children with ids and an order
export {
  type ChildrenOf,
  Supervisor,
  type SupervisorDefinition,
  type SupervisorOptions,
  type SupervisorProtocol,
  supervisor,
} from "./supervisor.ts";
export type { Strategy } from "./strategy.ts";

// Of any number of children, that come and go
export {
  DynamicSupervisor,
  type DynamicSupervisorDefinition,
  type DynamicSupervisorOptions,
  type DynamicSupervisorProtocol,
  dynamicSupervisor,
} from "./dynamic-supervisor.ts";

// Of copies of one child, by key
export {
  PartitionSupervisor,
  type PartitionSupervisorDefinition,
  type PartitionSupervisorOptions,
  type PartitionSupervisorProtocol,
  partitionSupervisor,
} from "./partition-supervisor.ts";

// Of tasks
export {
  type TaskChildOptions,
  TaskSupervisor,
  type TaskSupervisorOptions,
  type TaskSupervisorProtocol,
} from "./task-supervisor.ts";

// What a child is
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
export type { BackoffOptions } from "./backoff.ts";
export { type Bridge, type BridgeOptions, type BridgeProtocol, bridge } from "./bridge.ts";

// Looking inside
export type { ChildCounts, ChildInfo } from "./child.ts";
export type { SupervisionOptions, SupervisorStatus } from "./supervision.ts";
export { type PrintTreeOptions, printTree } from "./print-tree.ts";

// Errors
export { ChildSpecError, type Refusal, SupervisorError } from "./errors.ts";

// To build one's own
export { RestartWindow } from "./restart-window.ts";
