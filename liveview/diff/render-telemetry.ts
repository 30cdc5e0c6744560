/**
 * Telemetry of renders: on Node's diagnostics channel `lintel.liveview.render`, in the thread that renders. While nobody
 * listens it costs one comparison.
 *
 *   import { subscribe } from "node:diagnostics_channel";
 *   subscribe("lintel.liveview.render", (message) => { const { forced, changed, length } = message as RenderTelemetry; });
 */
import { channel } from "node:diagnostics_channel";

/** One message of a view, the tree of a join or a diff. */
export interface RenderTelemetry {
  /** Was everything rendered, whatever had changed: a join? */
  readonly forced: boolean;
  /** Was the view itself looked at? False: components alone. */
  readonly view: boolean;
  /** Is there anything to be sent? */
  readonly changed: boolean;
  /** Length of what is sent, in characters of JSON. */
  readonly length: number;
}

const renders = channel("lintel.liveview.render");

/** @internal @param message what is sent, or "" */
export function tellRender(message: string, forced: boolean, view: boolean): void {
  if (!renders.hasSubscribers) return;
  const telemetry: RenderTelemetry = { forced, view, changed: message !== "", length: message.length };
  renders.publish(telemetry);
}
