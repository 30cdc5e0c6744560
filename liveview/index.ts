// Live views: user interfaces held by processes.

// Views
export {
  type EventHandler,
  type EventName,
  type EventParams,
  EventReply,
  type EventResult,
  type EventSchemas,
  eventReply,
  type LiveView,
  type LiveViewDefinition,
  liveView,
  type MountContext,
  type RenderContext,
} from "./live-view.ts";
export { Socket, type StreamKey } from "./socket.ts";
export type { Params, ParamValue } from "./params.ts";

// Templates
export { html } from "./template.ts";
export { each } from "./each.ts";
export { type Raw, type Rendered, raw, type TemplateValue, type TextValue } from "./rendered.ts";
export { type InsertOptions, Stream, type StreamOptions, stream } from "./stream.ts";
export { renderToString } from "./render-to-string.ts";
export { StreamError, TemplateError } from "./template-errors.ts";

// Apps and servers
export { type App, type AppHook, type AppOptions, defineApp } from "./app.ts";
export { type LiveRoute, live } from "./router.ts";
export type { Layout, LayoutContext } from "./layout.ts";
export { type ServeOptions, type Server, serve } from "./serve.ts";
export type { RootRestarts } from "./runtime.ts";
export type { SessionData } from "./session-cookie.ts";
