/** Servers inside the test's own program, with their scheduler threads. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Report } from "lintel/kernel";
import { type ServeOptions, type Server, serve } from "lintel/liveview";
import type { Tally } from "../fixtures/apps/children.ts";
import { secret } from "../support/setups.ts";

export interface Served extends AsyncDisposable {
  readonly server: Server;
  readonly port: number;
  readonly reports: readonly Report[];
}

/** @param app a file of build/test/fixtures/apps, without its ending */
export async function serveApp(app: string, options: Partial<ServeOptions> = {}): Promise<Served> {
  const reports: Report[] = [];
  const server = await serve(appUrl(app), { port: 0, secret, report: (report) => reports.push(report), ...options });
  return { server, port: server.port, reports, [Symbol.asyncDispose]: () => server.close() };
}

export function appUrl(app: string): URL {
  return new URL(`../../build/test/fixtures/apps/${app}.js`, import.meta.url);
}

/** The file in which the children of apps/children.ts tell of their lives. */
export class LifeLog implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), "lintel-life-"));
  readonly path = join(this.#directory, "log");

  /** Threads that are started from now on find it. */
  constructor() {
    writeFileSync(this.path, "");
    process.env["LIFE_LOG"] = this.path;
  }

  get lines(): string[] {
    return readFileSync(this.path, "utf8").split("\n").slice(0, -1);
  }

  clear(): void {
    writeFileSync(this.path, "");
  }

  [Symbol.dispose](): void {
    delete process.env["LIFE_LOG"];
    rmSync(this.#directory, { recursive: true });
  }
}

/** A child of apps/children.ts. */
export const first = "first" as ReturnType<(typeof Tally)["named"]>;
