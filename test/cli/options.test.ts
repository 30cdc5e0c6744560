import { describe, expect, test } from "vitest";
import { parseStart, parseTree, startArgsOfDev, usage } from "../../cli/options.ts";

const env = { LINTEL_SECRET: "a secret of thirty-two bytes or more" };

describe("parseStart", () => {
  test("an app alone: everything else has a default", () => {
    const { app, ...rest } = parseStart(["app.js"], env);
    expect(app.href).toMatch(/^file:.*\/app\.js$/);
    expect(rest).toEqual({
      processes: 1,
      schedulers: undefined,
      host: "127.0.0.1",
      port: 4000,
      transport: "auto",
      secret: env.LINTEL_SECRET,
      staticDirectory: undefined,
      allowOrigins: undefined,
      secureCookie: false,
      stopTimeoutMs: 60_000,
      watch: [],
      envFile: undefined,
      hangTimeoutMs: 10_000,
      maxRestarts: 20,
      control: undefined,
    });
  });

  test("every option of the usage is known, and no other", () => {
    const names = [...usage.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, name]) => name!);
    const values: Record<string, string> = { transport: "ws", "secret-env": "OTHER" };
    const args = names.flatMap((name) =>
      name === "secure-cookie" ? [`--${name}`] : [`--${name}`, values[name] ?? "7"],
    );
    expect(parseStart([...args, "app.js"], { OTHER: "another secret" })).toMatchObject({
      processes: 7,
      schedulers: 7,
      host: "7",
      port: 7,
      transport: "ws",
      secret: "another secret",
      staticDirectory: "7",
      allowOrigins: ["7"],
      secureCookie: true,
      stopTimeoutMs: 7,
      envFile: "7",
      hangTimeoutMs: 7,
      maxRestarts: 7,
      control: "7",
    });
    expect(() => parseStart(["app.js", "--prot", "1"], env)).toThrow("--prot");
  });

  test.each([
    [[], "expected one app module, got none"],
    [["a.js", "b.js"], "expected one app module, got a.js b.js"],
    [["a.js", "--port", "0"], 'expected --port to be an integer from 1 to 65535, got "0"'],
    [["a.js", "--processes", "1.5"], 'expected --processes to be an integer from 1 to 256, got "1.5"'],
    [["a.js", "--transport", "tcp"], 'expected --transport to be uws or ws, got "tcp"'],
    [["a.js", "--secret-env", "NONE"], "in the environment variable NONE, got none"],
  ])("%j is refused", (args, message) => {
    expect(() => parseStart(args, env)).toThrow(message);
  });
});

describe("startArgsOfDev", () => {
  test("are those of start, and what is watched: the app's own directory, if nothing is said", () => {
    const args = (...more: string[]) => startArgsOfDev(["/shop/app.js", ...more], env);
    expect(args("--port", "7")).toEqual(["/shop/app.js", "--port", "7", "--watch", "/shop"]);
    expect(args("--watch", "/a", "--watch", "/b")).toEqual(["/shop/app.js", "--watch", "/a", "--watch", "/b"]);
    expect(parseStart(args("--watch", "/a"), env).watch).toEqual(["/a"]);
    expect(() => args("--processes", "2")).toThrow('expected --processes to be 1 with dev, got "2"');
    expect(() => args("--schedulers", "0")).toThrow('expected --schedulers to be at least 1 with dev, got "0"');
  });
});

describe("parseTree", () => {
  test("the port of the app, or the path of its socket", () => {
    expect(parseTree([])).toEqual({ port: 4000, control: undefined });
    expect(parseTree(["--port", "7", "--control", "/run/shop.sock"])).toEqual({ port: 7, control: "/run/shop.sock" });
    expect(() => parseTree(["app.js"])).toThrow("expected options alone, got app.js");
    expect(() => parseTree(["--processes", "2"])).toThrow("--processes");
  });
});
