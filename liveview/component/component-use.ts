/**
 * ComponentUse: a stateful component as a template shows it: which one, under which id, with which props. What
 * `Panel({ id: "a", title })` returns; a value, like any other in a hole.
 *
 *   html`<main>${Panel({ id: "a", title })}</main>`       the hole has a cid on the wire, and the tree stands apart
 */
import type { BoundaryPolicy } from "./boundary.ts";
import type { ComponentDefinition } from "./live-component.ts";

/** Unique among the components of one kind in a view. A number and its text are the same id. */
export type ComponentId = string | number;

export type Props = Readonly<Record<string, unknown>>;

export class ComponentUse {
  readonly definition: ComponentDefinition;
  readonly id: string;
  /** As given, the id among them. */
  readonly props: Props;
  /** What happens when it crashes; null: that is for the boundary around it, else for the view. */
  readonly boundary: BoundaryPolicy | null;

  /** @internal */
  constructor(definition: ComponentDefinition, id: string, props: Props, boundary: BoundaryPolicy | null) {
    this.definition = definition;
    this.id = id;
    this.props = props;
    this.boundary = boundary;
  }

  /** `Panel "a"`, for sentences. */
  toString(): string {
    return `${this.definition.label} ${JSON.stringify(this.id)}`;
  }
}
