/** The demo app: the six pages, and /system. Every scheduler thread loads this module. */
import { defineApp, html, type LayoutContext } from "lintel/liveview";
import { pageRoutes } from "../pages/index.ts";

export default defineApp({
  routes: [...pageRoutes],
  layout: ({ csrfToken, pageTitle, content }: LayoutContext) => html`<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="csrf-token" content="${csrfToken}">
    <title>${pageTitle ?? "Lintel"}</title>
    <link rel="stylesheet" href="/assets/demo.css">
    <script defer src="/assets/lintel.js"></script>
  </head>
  <body>
    ${content}
  </body>
</html>
`,
});
