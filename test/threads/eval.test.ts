/** A program that is given on the command line has threads and a pool, too. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { LifeLog } from "./serving.ts";

test.each([
  ["--input-type=module"],
  ["--input-type module"],
  ["--max-old-space-size=512 --expose-gc --input-type=module --enable-source-maps"],
])("R1: node %s: threads boot, the pool works", async (type) => {
  using _log = new LifeLog();
  const url = (file: string): string => new URL(`../../build/test/fixtures/kernel/${file}.js`, import.meta.url).href;
  const code = `
    import { startSchedulers, Task } from "lintel/kernel";
    const runtime = await startSchedulers(new URL(${JSON.stringify(url("stopping-threads"))}), { schedulers: 2 });
    runtime.kernel.spawn(async (self) => {
      const functions = new URL(${JSON.stringify(url("pool-functions"))});
      console.log(runtime.threads.length, await Task.await(self, Task.pool(self, functions, "add", [1, 2])));
      await runtime.reload();
      await runtime.close();
    });`;
  const options = { cwd: new URL("../..", import.meta.url), timeout: 20_000 };
  const { stdout } = await promisify(execFile)(process.execPath, [...type.split(" "), "-e", code], options);
  expect(stdout).toBe("2 3\n");
});

test("a program with options of V8 has threads", async () => {
  const file = new URL("../../build/test/fixtures/kernel/stopping-program.js", import.meta.url);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--max-old-space-size=512", "--expose-gc", "--stack-size=900", fileURLToPath(file)],
    { timeout: 20_000 },
  );
  expect(stdout).toBe("2 true\n");
});
