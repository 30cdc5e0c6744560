/** Errors of stateful components that are not mistakes of one template. */
import { LintelError } from "../../kernel/errors.ts";

/** A component that is misused: shown twice, without an id, in a place that has no view, or too many of them. */
export class ComponentError extends LintelError {
  override readonly name = "ComponentError";
  readonly code = "ERR_COMPONENT";
}
