/** Promises that reject, and nobody listens: in programs of their own, since Node ends a program for them. */
import { describe, expect, test } from "vitest";
import { runProgram } from "../support/program.ts";

const play = (scenario: string) => runProgram("test/fixtures/kernel/rejections.js", [scenario], { timeoutMs: 20_000 });

describe("a rejection that nobody handles", () => {
  test("K11: ends the process that made the promise, as a throw would; the program and all others live on", async () => {
    const { code, printed, stderr } = await play("lives");
    expect(stderr).toBe("");
    expect(printed).toEqual([
      {
        forgotten: "forgotten",
        nested: "nested",
        afterAnAwait: "after an await",
        byATimer: "by a timer",
        inInit: "in init",
        aCall: expect.stringContaining('Call "anything" to "nobody" failed'),
        anExit: "by itself",
        handledLate: "went on",
        linked: "a server's",
        bystander: true,
        reported: expect.any(Number),
      },
    ]);
    expect(code).toBe(0);
  });

  test.each([
    ["nobodys", "Error: nobody's"],
    ["nobodysNoError", "Error: A promise that no process made was rejected with 42, and nobody handled it."],
    ["nativeTimer", "Error: in a callback"],
    ["notCharged", "Error: not charged"],
  ])("is Node's business when no process made the promise, or is not to be charged: %s", async (scenario, error) => {
    const { code, printed, stderr } = await play(scenario);
    expect(stderr).toContain(error);
    expect([code, printed]).toEqual([1, []]);
  });

  test.each(["listened", "caught"])("is that of whoever listens, each one of several: %s", async (scenario) => {
    const { code, printed } = await play(scenario);
    expect([code, printed]).toEqual([0, [["nobody's 0", "nobody's 1", "nobody's 2"]]]);
  });

  test("is Node's again when the last kernel of the thread has closed", async () => {
    const { code, printed } = await play("closed");
    expect([code, printed]).toEqual([0, [[1, 1, 0]]]);
  });

  test("of a reporter goes to standard error, and ends nobody", async () => {
    const { code, printed, stderr } = await play("reporter");
    expect([code, printed]).toEqual([0, [true]]);
    expect(
      stderr.split("\n").map((line) => (line === "" ? "" : (JSON.parse(line) as { reason: string }).reason)),
    ).toEqual(["Error: crash", "Error: the disk is full", ""]);
  });
});
