/** scripts/setup.mjs: what it installs, and what it leaves alone. npm is a program that only says that it was called. */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lintel-setup-"));
  for (const name of ["checkout/scripts", "bin", "other"]) mkdirSync(join(folder, name), { recursive: true });
  copyFileSync(
    fileURLToPath(new URL("../../scripts/setup.mjs", import.meta.url)),
    join(folder, "checkout/scripts/setup.mjs"),
  );
  writeFileSync(join(folder, "checkout/package-lock.json"), "{}");
  writeFileSync(join(folder, "bin/npm"), `#!/bin/sh\ntouch ${JSON.stringify(join(folder, "called"))}\n`, {
    mode: 0o755,
  });
});

afterEach(() => rmSync(folder, { recursive: true }));

function isNpmCalled(): boolean {
  const script = pathToFileURL(join(folder, "checkout/scripts/setup.mjs")).href;
  const program = `(await import(${JSON.stringify(script)})).installPackages();`;
  const path = `${join(folder, "bin")}${delimiter}${process.env["PATH"]}`;
  const ran = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
    env: { ...process.env, PATH: path },
  });
  expect(ran.stderr).toBe("");
  return existsSync(join(folder, "called"));
}

describe("installPackages", () => {
  test("calls npm in a fresh clone", () => {
    expect(isNpmCalled()).toBe(true);
  });

  test("leaves packages alone that are another checkout's, by a symbolic link", () => {
    symlinkSync(join(folder, "other"), join(folder, "checkout/node_modules"));
    expect(isNpmCalled()).toBe(false);
  });
});
