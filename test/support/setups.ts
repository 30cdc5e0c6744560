/** Every way to run a server: both transports, with a scheduler thread and without. */
import { type RunningServer, startServer } from "./server.ts";

/** What the servers below sign with. */
export const secret = "a secret that the test knows too, thirty-two bytes or more";

export interface Setup {
  readonly name: string;
  readonly transport: "uws" | "ws";
  readonly schedulers: number;
}

export const setups: readonly Setup[] = (["uws", "ws"] as const).flatMap((transport) =>
  [1, 0].map((schedulers) => ({ name: `${transport}, schedulers: ${schedulers}`, transport, schedulers })),
);

/** @param app path below build/ */
export function startSetup({ transport, schedulers }: Setup, app: string): Promise<RunningServer> {
  return startServer({
    script: "test/fixtures/app-server.js",
    env: { APP: app, TRANSPORT: transport, SCHEDULERS: String(schedulers), LINTEL_SECRET: secret },
  });
}

export const pagesApp = "bench/liveview/app.js";
export const oddApp = "test/fixtures/apps/odd.js";
