/**
 * The script of a page that needs nothing special: `<script defer src="lintel.min.js"></script>`, and its live views
 * are live. It connects to `/live` with the token of `<meta name="csrf-token">`, and leaves `window.liveSocket` behind.
 * Nothing is evaluated, so a strict content security policy is fine.
 */
import { LiveSocket } from "./live-socket.ts";

declare global {
  interface Window {
    liveSocket?: LiveSocket;
  }
}

const csrfToken = document.querySelector<HTMLMetaElement>("meta[name='csrf-token']")?.content;

window.liveSocket = new LiveSocket("/live", { params: csrfToken ? { _csrf_token: csrfToken } : {} });
window.liveSocket.connect();
