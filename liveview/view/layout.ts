/** The root layout: the page around a view. Rendered once a page, never patched. */

import { liveTitle } from "../builtins/live-title.ts";
import type { Raw, Rendered } from "../template/rendered.ts";
import { html } from "../template/template.ts";

export interface LayoutContext {
  /** For `<meta name="csrf-token">`: the client sends it when it connects. */
  readonly csrfToken: string;
  /** The view's `pageTitle` assign; undefined when it has none. */
  readonly pageTitle: string | undefined;
  /** The view in its container. */
  readonly content: Raw;
}

export type Layout = (context: LayoutContext) => Rendered;

/** An empty page with Lintel's client, as `serve` offers it. */
export const defaultLayout: Layout = ({ csrfToken, pageTitle, content }) => html`<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="csrf-token" content="${csrfToken}">
    ${liveTitle({ title: pageTitle, default: "Lintel" })}
    <script defer src="/assets/lintel.js"></script>
  </head>
  <body>
    ${content}
  </body>
</html>
`;
