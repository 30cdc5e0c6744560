import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { realWorld } from "../../kernel/real-world.ts";
import { chooseTransport } from "../../liveview/transport/choose.ts";
import { loadUws } from "../../liveview/transport/load-uws.ts";

const folder = fileURLToPath(new URL("../../liveview/transport/", import.meta.url));

describe("chooseTransport", () => {
  test("takes uWebSockets.js where it loads, and ws when told so", async () => {
    expect((await chooseTransport("auto", realWorld)).name).toBe("uws");
    expect((await chooseTransport("uws", realWorld)).name).toBe("uws");
    expect((await chooseTransport("ws", realWorld)).name).toBe("ws");
  });

  test("takes a module that the app supplies, in either shape", async () => {
    const uws: unknown = await import("uWebSockets.js");
    expect((await chooseTransport("uws", realWorld, { uws })).name).toBe("uws");
    expect((await chooseTransport("uws", realWorld, { uws: { default: uws } })).name).toBe("uws");
  });

  test("falls back to ws with a reason, or says why not when uws was asked for", async () => {
    const reasons: string[] = [];
    const options = { uws: { App: 5 }, onFallback: (reason: string) => reasons.push(reason) };
    expect((await chooseTransport("auto", realWorld, options)).name).toBe("ws");
    expect(reasons).toEqual([expect.stringContaining("expected functions App, us_listen_socket_close")]);
    await expect(chooseTransport("uws", realWorld, options)).rejects.toMatchObject({
      code: "ERR_TRANSPORT",
      message: reasons[0],
    });
  });

  test("refuses another name", async () => {
    await expect(chooseTransport("http3" as "ws", realWorld)).rejects.toMatchObject({
      code: "ERR_OPTION",
      message: 'Transport: expected "auto", "uws" or "ws", got "http3".',
    });
  });
});

describe("loadUws", () => {
  test("makes room for headers of 16 KB before it loads", async () => {
    await loadUws();
    expect(process.env["UWS_HTTP_MAX_HEADERS_SIZE"]).toBe("16384");
  });

  test("refuses in a worker thread, which could not end without ending the process", async () => {
    const { outputFiles } = await build({
      stdin: {
        contents: `
          import { parentPort } from "node:worker_threads";
          import { loadUws } from "./load-uws.ts";
          parentPort.postMessage(await loadUws());`,
        resolveDir: folder,
      },
      bundle: true,
      write: false,
      format: "esm",
      platform: "node",
      external: ["uWebSockets.js"],
    });
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(outputFiles[0]!.text)}`));
    const [loaded] = (await once(worker, "message")) as [{ module?: unknown; reason: string }];
    expect(loaded.module).toBeUndefined();
    expect(loaded.reason).toContain("on the main thread only");
    await worker.terminate();
  });
});

describe("the folder transport", () => {
  const sources = readdirSync(folder).map((name) => ({ name, text: readFileSync(`${folder}${name}`, "utf8") }));
  const filesWith = (pattern: RegExp) => sources.filter(({ text }) => pattern.test(text)).map(({ name }) => name);

  test("registers native handlers in the guard alone", () => {
    expect(filesWith(/app\.(any|ws|get|post|put|del|patch|head|options|connect|trace)\(/)).toEqual(["guard.ts"]);
    expect(filesWith(/\.(onAborted|onData|onWritable|tryEnd|endWithoutBody|writeStatus)\(\S/)).toEqual(["guard.ts"]);
  });

  test("imports each dependency in one place", () => {
    expect(filesWith(/import\("uWebSockets\.js"\)|from "uWebSockets\.js"/)).toEqual(["load-uws.ts"]);
    expect(filesWith(/^import \{.*\} from "ws"/m)).toEqual(["ws.ts"]);
  });
});
