/** The server under the benchmark. PORT, SCHEDULERS and TRANSPORT come from the environment; ends on SIGTERM. */
import { serve } from "lintel/liveview";

const schedulers = process.env["SCHEDULERS"];
const transport = process.env["TRANSPORT"];

const server = await serve(new URL("./app.js", import.meta.url), {
  port: Number(process.env["PORT"] ?? 0),
  secret: "a secret for benchmarks only, thirty-two bytes or more",
  ...(schedulers === undefined ? {} : { schedulers: Number(schedulers) }),
  ...(transport === "uws" || transport === "ws" ? { transport } : {}),
});
console.log(`listening ${server.port}`);

process.once("SIGTERM", () => void server.close().then(() => process.exit(0)));
