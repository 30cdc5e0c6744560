/** The app under the benchmark: the six pages in the root layout of their specification, to the letter. */
import { defineApp, html } from "lintel/liveview";
import { pageRoutes } from "../../examples/pages/index.ts";

export default defineApp({
  routes: pageRoutes,
  layout: ({ csrfToken, content }) => html`<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="csrf-token" content="${csrfToken}">
    <title>Bench</title>
  </head>
  <body>
    ${content}
  </body>
</html>
`,
});
