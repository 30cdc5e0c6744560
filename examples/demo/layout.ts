/** The page around every view: style, client, and a way home. */
import { html, type LayoutContext } from "lintel/liveview";

export function layout({ csrfToken, pageTitle, content }: LayoutContext) {
  return html`<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="csrf-token" content="${csrfToken}">
    <title>${pageTitle ?? "Lintel"}</title>
    <link rel="icon" href="/assets/lintel.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/assets/demo.css">
    <script defer src="/assets/lintel.js"></script>
  </head>
  <body>
    <a class="home" href="/">Lintel</a>
    ${content}
  </body>
</html>
`;
}
