/** Fresh code: fresh threads, whose views take the place of the old ones on the same sockets. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Name } from "lintel/kernel";
import { serve } from "lintel/liveview";
import { afterEach, describe, expect, test } from "vitest";
import { startParent } from "../support/parent.ts";
import { secret } from "../support/setups.ts";
import { until } from "../support/until.ts";
import { type At, connect, getPage, http, joinFrame, type Page, type Wire } from "../support/wire-client.ts";

/** The app's child, of a protocol that this file does not know. */
const words: Name = "words";

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

/** An app below build/, from where it finds `lintel`. @returns its path, and how to change it */
function writeApp(): { path: string; write(source: string): void } {
  const directory = mkdtempSync(fileURLToPath(new URL("../../build/test/reload-", import.meta.url)));
  directories.push(directory);
  const path = join(directory, "app.js");
  const write = (source: string): void => writeFileSync(path, source);
  write(saying("one"));
  return { path, write };
}

function saying(word: string): string {
  return `
import { genServer, reply } from "lintel/kernel";
import { defineApp, html, live, liveView } from "lintel/liveview";
import { childSpec } from "lintel/supervisor";
const Words = genServer({ init: () => 0, calls: { word: (state) => reply("${word}", state) } });
const Page = liveView({
  mount: () => ({ clicks: 0 }),
  events: { click: (socket) => socket.update("clicks", (clicks) => clicks + 1) },
  render: ({ clicks }) => html\`<main>${word} \${clicks}</main>\`,
});
export default defineApp({ children: [childSpec(Words, undefined, { name: "words" })], routes: [live("/", Page)] });
`;
}

async function open(server: At): Promise<{ page: Page; wire: Wire }> {
  const page = await getPage(server, "/");
  const wire = await connect(server, page);
  await wire.join(page);
  return { page, wire };
}

/** As a client does once it has heard of the end of its view: on the same socket. */
async function joinAgain(page: Page, wire: Wire): Promise<string> {
  expect(await wire.push("phx_error", page.topic)).toContain("phx_error");
  wire.send(joinFrame(page, { ref: "20" }));
  return wire.reply("20");
}

describe("server.reload", () => {
  test("code and children are new; sockets are not closed", async () => {
    const app = writeApp();
    await using server = await serve(pathToFileURL(app.path), {
      port: 0,
      secret,
      schedulers: 2,
      report: () => undefined,
    });
    const { page, wire } = await open(server);
    expect(page.inner).toContain("one 0");
    const before = server.threads;
    app.write(saying("two"));
    await server.reload();
    expect(server.threads).toHaveLength(2);
    expect(server.threads.filter((thread) => before.includes(thread))).toEqual([]);
    expect(await joinAgain(page, wire)).toContain("two");
    expect(wire.isOpen).toBe(true);
    expect((await http(server, "/")).body).toContain("two 0");
    expect(await server.kernel.call(words, "word")).toBe("two");
    await wire[Symbol.asyncDispose]();
  });

  test.each([
    ["a syntax error", "export default ;", "SyntaxError"],
    ["no app", "export default 1;", "expected its default export to be made by defineApp"],
    ["a throw", "throw new Error('not today');", "not today"],
  ])("what does not load leaves all as it was: %s", async (_, source, message) => {
    const app = writeApp();
    await using server = await serve(pathToFileURL(app.path), {
      port: 0,
      secret,
      schedulers: 1,
      report: () => undefined,
    });
    const { page, wire } = await open(server);
    const { threads } = server;
    app.write(source);
    await expect(server.reload()).rejects.toThrow(message);
    expect(server.threads).toEqual(threads);
    expect(await wire.click(page, "9", "click")).toContain('{"0":"1"}');
    app.write(saying("three"));
    await Promise.all([server.reload(), server.reload()]);
    expect(await joinAgain(page, wire)).toContain("three");
    await wire[Symbol.asyncDispose]();
  });

  test("where there are no threads, it says so", async () => {
    await using server = await serve(pathToFileURL(writeApp().path), { port: 0, secret, schedulers: 0 });
    await expect(server.reload()).rejects.toThrow("Ask for at least one scheduler");
  });
});

test("lintel dev: a changed file is fresh code, and a broken one is said to be", async () => {
  const app = writeApp();
  await using parent = await startParent({ verb: "dev", app: app.path, args: ["--control", "none"] });
  const { page, wire } = await open(parent);
  app.write("export default ;");
  await until(
    "the broken module is refused",
    () => parent.lines.some((line) => line.includes('"event":"refused"')),
    20_000,
  );
  expect(await wire.click(page, "9", "click")).toContain('{"0":"1"}');
  app.write(saying("two"));
  await until("pages are new", async () => (await http(parent, "/")).body.includes("two 0"), 20_000);
  expect(await wire.push("phx_error", page.topic)).toContain("phx_error");
  expect(wire.isOpen).toBe(true);
  await wire[Symbol.asyncDispose]();
});
