/** npm run demo: installs, builds, and runs the demo app until it is interrupted. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { installPackages } from "./setup.mjs";

installPackages();
const { build } = await import("./build.mjs");
await build({ projects: ["examples"] });

const server = spawn(process.execPath, [fileURLToPath(new URL("../build/examples/demo/server.js", import.meta.url))], {
  stdio: "inherit",
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => server.kill(signal));
server.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 0 : 1)));
