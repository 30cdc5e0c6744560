import fc from "fast-check";
import { expect, test } from "vitest";
import type { Process } from "../../kernel/process.ts";
import { ProcessTable } from "../../kernel/process-table.ts";

test("ProcessTable behaves like a Map by serial, through growth and shrinking", () => {
  const steps = fc.array(
    fc.oneof({ weight: 3, arbitrary: fc.constant("add" as const) }, { weight: 2, arbitrary: fc.nat() }),
    {
      maxLength: 600,
      size: "max",
    },
  );
  fc.assert(
    fc.property(steps, fc.nat({ max: 2 ** 33 }), (todo, first) => {
      const table = new ProcessTable();
      const model = new Map<number, Process>();
      let serial = first; // beyond 32 bits, too
      for (const step of todo) {
        if (step === "add") {
          serial += 1;
          const process = { pid: { serial }, nextInTable: undefined } as Process;
          table.add(process);
          model.set(serial, process);
        } else if (model.size > 0) {
          const [gone, process] = [...model][step % model.size]!;
          table.delete(process);
          model.delete(gone);
          expect(table.get(gone)).toBeUndefined();
        }
      }
      expect(table.size).toBe(model.size);
      expect(table.all()).toEqual([...model.values()]);
      for (const [serial, process] of model) expect(table.get(serial)).toBe(process);
      for (const process of model.values()) table.delete(process);
      expect([table.size, table.all()]).toEqual([0, []]);
    }),
    { numRuns: 50 },
  );
});
