/** The demo's main thread: `npm run demo`. PORT overrides 4000; it ends in order on SIGINT and SIGTERM. */
import { randomBytes } from "node:crypto";
import { serve } from "lintel/liveview";

// Set LINTEL_SECRET to keep sessions over a restart: open pages then come back by themselves.
const secret = process.env["LINTEL_SECRET"] ?? randomBytes(32).toString("base64url");
const schedulers = process.env["SCHEDULERS"];
const transport = process.env["TRANSPORT"];

const server = await serve(new URL("./app.js", import.meta.url), {
  port: Number(process.env["PORT"] ?? 4000),
  secret,
  staticDirectory: new URL("../../../examples/demo/public/", import.meta.url),
  handleSignals: true,
  ...(schedulers === undefined ? {} : { schedulers: Number(schedulers) }),
  ...(transport === "uws" || transport === "ws" ? { transport } : {}),
});
console.log(`Lintel demo: ${server.url}`);
