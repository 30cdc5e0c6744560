/**
 * liveTitle: the page's title, in the layout. A view's `pageTitle` replaces what is between prefix and suffix.
 *
 *   liveTitle({ title: pageTitle, default: "Shop", suffix: " · Shop" })
 */
import { type ComponentCall, component } from "../template/function-component.ts";
import { html } from "../template/template.ts";

export interface LiveTitleInputs {
  readonly title?: string | undefined;
  /** While there is no title, or an empty one. Default: none. */
  readonly default?: string;
  readonly prefix?: string;
  readonly suffix?: string;
}

export const liveTitle: (inputs: LiveTitleInputs) => ComponentCall = component(
  ({ title, default: fallback, prefix, suffix }: LiveTitleInputs) =>
    html`<title data-prefix=${prefix} data-default=${fallback} data-suffix=${suffix}>${prefix}${title?.trim() ? title : fallback}${suffix}</title>`,
);
