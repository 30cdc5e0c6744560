/** The browser clients that every browser test runs with: ours, and the official one. */
import { bundleClient } from "./bundle-client.ts";
import { type RunningServer, type ServerOptions, startServer } from "./server.ts";

export interface PageServer extends RunningServer, AsyncDisposable {
  /** A server like this one, at the same port: what a restart brings up. This one must have ended. */
  again(env?: Readonly<Record<string, string>>): Promise<PageServer>;
  /** Ends the server's first scheduler thread from outside. */
  killThread(): void;
}

export interface ClientUnderTest {
  readonly name: string;
  /**
   * To run in the page before its scripts, where a test wants a crashed view back as soon as the server can: the official
   * client waits for a second, unless its options say otherwise. Ours needs nothing.
   */
  readonly rejoinSoon: string;
  /** Starts test/fixtures/page-server.ts, whose pages load this client. */
  startServer(env?: Readonly<Record<string, string>>): Promise<PageServer>;
}

const ours: ClientUnderTest = {
  name: "our client",
  rejoinSoon: "",
  startServer: (env = {}) => startPageServer({ env }, async () => {}),
};

const official: ClientUnderTest = {
  name: "the official client",
  rejoinSoon: "window.liveSocketOptions = { rejoinAfterMs: () => 50 };",
  startServer: (env) => startWith("official-client.js", env),
};

/** Ours, with binary frames. */
export const msgpackClient: ClientUnderTest = {
  name: "our client, msgpack",
  rejoinSoon: "",
  startServer: (env) => startWith("msgpack-client.js", env),
};

export const clients: readonly ClientUnderTest[] = [ours, official];

async function startWith(
  script: Parameters<typeof bundleClient>[0],
  env: Readonly<Record<string, string>> = {},
): Promise<PageServer> {
  const bundle = await bundleClient(script);
  const cleanUp = async (): Promise<void> => bundle[Symbol.asyncDispose]();
  return startPageServer({ env: { ...env, CLIENT: bundle.directory } }, cleanUp);
}

/** @param cleanUp called when the server has been disposed of, or did not start */
async function startPageServer(options: ServerOptions, cleanUp: () => Promise<void>): Promise<PageServer> {
  let server: RunningServer;
  try {
    server = await startServer({ ...options, script: "test/fixtures/page-server.js" });
  } catch (error) {
    await cleanUp();
    throw error;
  }
  return {
    ...server,
    again: (env = {}) => startPageServer({ ...options, port: server.port, env: { ...options.env, ...env } }, cleanUp),
    killThread: () => void process.kill(server.pid, "SIGUSR2"),
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      await cleanUp();
    },
  };
}
