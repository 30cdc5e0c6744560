/**
 * Telemetry of components: on Node's diagnostics channel `lintel.liveview.componentDestroyed`, in the thread that has the
 * view. While nobody listens it costs one comparison.
 */
import { channel } from "node:diagnostics_channel";
import type { Socket } from "../view/socket.ts";
import type { Instance } from "./instance.ts";

/** The browser has said that a component is gone from its page for good, and it was forgotten. */
export interface ComponentDestroyed {
  /** The view's pid. */
  readonly view: string;
  /** The component's name, or "component". */
  readonly component: string;
  readonly id: string;
  readonly cid: number;
}

const destroyed = channel("lintel.liveview.componentDestroyed");

/** @internal */
export function tellDestroyed({ self }: Socket, { cid, use }: Instance): void {
  if (!destroyed.hasSubscribers) return;
  const message: ComponentDestroyed = { view: self.pid.toString(), component: use.definition.label, id: use.id, cid };
  destroyed.publish(message);
}
