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
} from "./view/live-view.ts";
export { type ReservedAssigns, Socket, type StreamKey } from "./view/socket.ts";
export type { Flash } from "./view/flash.ts";
export { type ExternalTarget, type HistoryOptions, NavigationError, type RedirectOptions } from "./view/navigation.ts";
export type { Params, ParamValue } from "./view/params.ts";

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
export { type Html, html } from "./template/template.ts";
export { each } from "./template/each.ts";
export {
  type AttributeInput,
  type ClassList,
  type ClassMap,
  type Raw,
  type Rendered,
  raw,
  type TemplateValue,
  type TextValue,
} from "./template/rendered.ts";
export { type Attributes, attrs, type GlobalAttributes } from "./template/attributes.ts";
export { type Commands, JS } from "./template/commands.ts";
export type { StyleMap } from "./template/style.ts";
export { untracked } from "./diff/tracking.ts";
export { type AnnotationOptions, debugAnnotations } from "./template/debug-annotations.ts";
export { embedTemplates } from "./template/embed-templates.ts";
export { type InsertOptions, Stream, type StreamOptions, stream } from "./diff/stream.ts";
export { renderToString } from "./template/render-to-string.ts";
export { ViewRenderer } from "./diff/diff.ts";
export type { RenderTelemetry } from "./diff/render-telemetry.ts";
export { StreamError, TemplateError } from "./template/template-errors.ts";

// Function components
export { type ComponentCall, component } from "./template/function-component.ts";
export { renderSlot, type Slot, type SlotEntries, type SlotEntry } from "./template/slots.ts";

// Built-in function components
export { dynamicTag, type DynamicTagInputs } from "./builtins/dynamic-tag.ts";
export { liveFlash } from "./builtins/flash.ts";
export { focusWrap, type FocusWrapInputs } from "./builtins/focus-wrap.ts";
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
} from "./builtins/form.ts";
export { intersperse, type IntersperseInputs } from "./builtins/intersperse.ts";
export { link, type LinkInputs } from "./builtins/link.ts";
export { liveTitle, type LiveTitleInputs } from "./builtins/live-title.ts";
export { portal, type PortalInputs } from "./builtins/portal.ts";
export {
  type AsyncResult,
  type AsyncResultInputs,
  asyncFailed,
  asyncLoading,
  asyncOk,
  asyncResult,
} from "./builtins/async-result.ts";
export {
  type LiveFileInputs,
  type LiveImgPreviewInputs,
  liveFileInput,
  liveImgPreview,
  type UploadEntryView,
  type UploadView,
  uploadErrors,
} from "./builtins/upload.ts";

// Apps and servers
export { type App, type AppHook, type AppOptions, type AppRestart, defineApp } from "./app/app.ts";
export {
  type Config,
  type ConfigChange,
  ConfigError,
  type ConfigOptions,
  defineConfig,
  type Variables,
} from "./app/config.ts";
export { type LiveRoute, type LiveSessionOptions, live, liveSession } from "./app/router.ts";
export type { Layout, LayoutContext } from "./view/layout.ts";
export { type ServeOptions, type Server, serve } from "./app/serve.ts";
export type { RootRestarts } from "./app/runtime.ts";
export type { SessionData } from "./session/session-cookie.ts";
