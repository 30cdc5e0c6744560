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
export { type ReservedAssigns, Socket, type StreamKey } from "./socket.ts";
export type { Flash } from "./flash.ts";
export { type ExternalTarget, type HistoryOptions, NavigationError, type RedirectOptions } from "./navigation.ts";
export type { Params, ParamValue } from "./params.ts";

// Stateful components
export {
  type ComponentEventHandler,
  type ComponentMountContext,
  type ComponentRenderContext,
  type LiveComponent,
  type LiveComponentDefinition,
  liveComponent,
  type PropsOf,
} from "./component/live-component.ts";
export { ComponentSocket } from "./component/component-socket.ts";
export type { ComponentId, ComponentUse } from "./component/component-use.ts";
export { type BoundaryOptions, boundary, type Failure } from "./component/boundary.ts";
export { sendUpdate } from "./component/messages.ts";
export { ComponentError } from "./component/errors.ts";
export type { ComponentDestroyed } from "./component/component-telemetry.ts";

// Nested views
export { type LiveRenderOptions, liveRender, type NestedUse } from "./nested/nested-use.ts";
export { NestedViewError } from "./nested/errors.ts";

// Templates
export { type Html, html } from "./template.ts";
export { each } from "./each.ts";
export {
  type AttributeInput,
  type ClassList,
  type ClassMap,
  type Raw,
  type Rendered,
  raw,
  type TemplateValue,
  type TextValue,
} from "./rendered.ts";
export { type Attributes, attrs, type GlobalAttributes } from "./attributes.ts";
export { type Commands, JS } from "./commands.ts";
export type { StyleMap } from "./style.ts";
export { untracked } from "./tracking.ts";
export { type AnnotationOptions, debugAnnotations } from "./debug-annotations.ts";
export { embedTemplates } from "./embed-templates.ts";
export { type InsertOptions, Stream, type StreamOptions, stream } from "./stream.ts";
export { renderToString } from "./render-to-string.ts";
export { ViewRenderer } from "./diff.ts";
export type { RenderTelemetry } from "./render-telemetry.ts";
export { StreamError, TemplateError } from "./template-errors.ts";

// Function components
export { type ComponentCall, component } from "./function-component.ts";
export { renderSlot, type Slot, type SlotEntries, type SlotEntry } from "./slots.ts";

// Built-in function components
export { dynamicTag, type DynamicTagInputs } from "./components/dynamic-tag.ts";
export { liveFlash } from "./components/flash.ts";
export { focusWrap, type FocusWrapInputs } from "./components/focus-wrap.ts";
export {
  type Form,
  type FormErrors,
  type FormField,
  type FormInputs,
  type FormOptions,
  form,
  type InputsForInputs,
  inputsFor,
  toForm,
  usedInput,
} from "./components/form.ts";
export { intersperse, type IntersperseInputs } from "./components/intersperse.ts";
export { link, type LinkInputs } from "./components/link.ts";
export { liveTitle, type LiveTitleInputs } from "./components/live-title.ts";
export { portal, type PortalInputs } from "./components/portal.ts";
export {
  type AsyncResult,
  type AsyncResultInputs,
  asyncFailed,
  asyncLoading,
  asyncOk,
  asyncResult,
} from "./components/async-result.ts";
export {
  type LiveFileInputs,
  type LiveImgPreviewInputs,
  liveFileInput,
  liveImgPreview,
  type UploadEntryView,
  type UploadView,
  uploadErrors,
} from "./components/upload.ts";

// Apps and servers
export { type App, type AppHook, type AppOptions, type AppRestart, defineApp } from "./app.ts";
export {
  type Config,
  type ConfigChange,
  ConfigError,
  type ConfigOptions,
  defineConfig,
  type Variables,
} from "./config.ts";
export { type LiveRoute, type LiveSessionOptions, live, liveSession } from "./router.ts";
export type { Layout, LayoutContext } from "./layout.ts";
export { type ServeOptions, type Server, serve } from "./serve.ts";
export type { RootRestarts } from "./runtime.ts";
export type { SessionData } from "./session-cookie.ts";
