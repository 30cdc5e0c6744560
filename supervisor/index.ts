// Supervisors: start again what ends.

export {
  type ChildOptions,
  type ChildSpec,
  childSpec,
  type Restart,
  type Shutdown,
  type Startable,
} from "./child-spec.ts";
export { ChildSpecError } from "./errors.ts";
export { RestartWindow } from "./restart-window.ts";
export {
  type ChildInfo,
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
