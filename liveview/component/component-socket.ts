/** ComponentSocket: a component's state, as its callbacks see it. */
import type { Process } from "../../kernel/process.ts";
import { Socket } from "../view/socket.ts";

export class ComponentSocket<Assigns extends object = object> extends Socket<Assigns> {
  /** For `phx-target`: the number by which the browser names the component. */
  readonly myself: number;
  /** The component's own id, as text. `id` is that of its view's container. */
  readonly componentId: string;
  readonly #view: Socket;

  /** @internal */
  constructor(view: Socket, self: Process, myself: number, componentId: string, assigns: Assigns) {
    super(view.id, self, view.connected, assigns);
    this.myself = myself;
    this.componentId = componentId;
    this.#view = view;
  }

  /** Dispatches an event in the browser, as the view's socket does: it is the page's, not the component's. */
  override pushEvent(name: string, payload: Readonly<Record<string, unknown>> = {}): this {
    this.#view.pushEvent(name, payload);
    return this;
  }

  /** @internal */
  protected override whose(): string {
    return `Component "${this.componentId}" of view ${this.id}`;
  }
}
