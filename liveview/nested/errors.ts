/** Errors of nested views that are not mistakes of one template. */
import { LintelError } from "../../kernel/errors.ts";

/** A nested view that is misused: without a name or an id, shown twice, with a session that cannot travel, or too many. */
export class NestedViewError extends LintelError {
  override readonly name = "NestedViewError";
  readonly code = "ERR_NESTED_VIEW";
}
