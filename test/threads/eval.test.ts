/** A program that is given on the command line has threads and a pool, too. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { LifeLog } from "./serving.ts";

test.each([["--input-type=module"], ["--input-type module"]])(
  "R1: node %s: threads boot, the pool works",
  async (type) => {
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
  },
);
