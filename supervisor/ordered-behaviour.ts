/**
 * OrderedBehaviour: the process of a supervisor whose children have ids and an order. Behind `supervisor` and
 * `partitionSupervisor`.
 */
import type { CallMessage } from "../kernel/calls.ts";
import type { Process } from "../kernel/process.ts";
import { ReturnError } from "../kernel/server/outcome.ts";
import { SupervisorBehaviour, unknownCall } from "./behaviour.ts";
import { type ChildEntry, checkChildSpecs } from "./child-spec.ts";
import { type OrderedOptions, OrderedSupervision } from "./ordered-supervision.ts";
import { specIn, specReply } from "./requests.ts";
import type { SupervisorStatus } from "./supervision.ts";

/** @typeParam P the protocol of the supervisor's pid */
export class OrderedBehaviour<Arg, P> extends SupervisorBehaviour<Arg, P, OrderedSupervision> {
  readonly #children: (arg: Arg) => readonly ChildEntry[];
  readonly #options: OrderedOptions;

  constructor(children: (arg: Arg) => readonly ChildEntry[], options: OrderedOptions, label: string) {
    super(options.name, label);
    this.#children = children;
    this.#options = options;
  }

  protected override begin(self: Process, arg: Arg): Promise<void> {
    const specs = () => checkChildSpecs(this.#children(arg), this.#options.autoShutdown ?? "never");
    const held = this.supervision(self, this.#options, specs);
    self.state = held;
    return held.startAll();
  }

  protected supervision(...args: ConstructorParameters<typeof OrderedSupervision>): OrderedSupervision {
    return new OrderedSupervision(...args);
  }

  protected override answer(held: OrderedSupervision, call: CallMessage): unknown {
    const id = call.request as string;
    switch (call.name) {
      case "startChild": {
        const spec = specIn(call);
        return "start" in spec ? held.startChild(spec) : spec;
      }
      case "terminateChild":
        return held.terminateChild(id);
      case "restartChild":
        return held.restartChild(id);
      case "deleteChild":
        return held.deleteChild(id);
      case "getChildSpec":
        return specReply(held.self, call, held.specOf(id));
      default:
        return unknownCall;
    }
  }

  /** Asks for the children again. @throws {ChildSpecError} when something is wrong with them: nothing has changed then */
  codeChange(self: Process): SupervisorStatus {
    const held = self.state as OrderedSupervision;
    held.upgrade();
    held.upgraded = held.status();
    return held.upgraded;
  }

  replaceState(self: Process, state: unknown): void {
    if ((self.state as OrderedSupervision).upgraded === state) return; // it is what `codeChange` has just told
    throw new ReturnError(
      `${this.label} ${self.pid}: expected its state to be left alone: a supervisor keeps its own.`,
    );
  }
}
