/** The room as a whole: what it offers, and that each row of the feature map which it is for is proved. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as face from "../../supervisor/index.ts";

describe("PK8: supervisor/", () => {
  test("PK8: offers every kind of supervisor, child specs and their check, bridges, trees, errors", () => {
    expect(Object.keys(face).sort()).toEqual(
      [
        ...["ChildSpecError", "DynamicSupervisor", "PartitionSupervisor", "RestartWindow", "Supervisor"],
        ...["SupervisorError", "TaskSupervisor", "bridge", "checkChildSpecs", "childSpec", "dynamicSupervisor"],
        ...["partitionSupervisor", "printTree", "supervisor"],
      ].sort(),
    );
    expect(Object.keys(face.Supervisor).sort()).toEqual(
      [
        ...["countChildren", "deleteChild", "getChildSpec", "restartChild"],
        ...["startChild", "terminateChild", "whichChildren"],
      ].sort(),
    );
  });

  const rows = [...Array.from({ length: 18 }, (_, i) => `S${i + 1}`), "O1", "O2", "O3"];

  test.each(rows)("PK8: %s is named by a test", (row) => {
    const named = new RegExp(
      `(?:test|describe)[^\\n]*"[^"\\n]*\\b${row}\\b|^ *\\[?"${row}",|"[^"\\n]*\\b${row}\\b[^"\\n]*: `,
      "m",
    );
    expect(testFiles.some((text) => named.test(text))).toBe(true);
  });
});

const testFiles = ["supervisor", "threads", "liveview", "cli"].flatMap((room) => {
  const directory = join(import.meta.dirname, "..", room);
  const files = readdirSync(directory).filter((file) => file.endsWith(".test.ts") && file !== "index.test.ts");
  return files.map((file) => readFileSync(join(directory, file), "utf8"));
});
