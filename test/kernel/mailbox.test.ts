import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Mailbox } from "../../kernel/mailbox.ts";

describe("Mailbox", () => {
  test("gives messages back oldest first", () => {
    const mailbox = new Mailbox();
    for (let i = 0; i < 10; i++) mailbox.push(i);
    expect(Array.from({ length: 10 }, () => mailbox.shift())).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("takes a message from the middle and keeps the order of the others", () => {
    const mailbox = new Mailbox();
    for (const message of ["a", "b", "c", "d"]) mailbox.push(message);
    expect(mailbox.removeAt(2)).toBe("c");
    expect([mailbox.shift(), mailbox.shift(), mailbox.shift()]).toEqual(["a", "b", "d"]);
  });

  test("behaves like an array, whatever is done to it", () => {
    const step = fc.oneof(
      { weight: 50, arbitrary: fc.constant("push" as const) },
      { weight: 30, arbitrary: fc.constant("shift" as const) },
      { weight: 30, arbitrary: fc.nat({ max: 200 }) },
      { weight: 1, arbitrary: fc.constant("clear" as const) },
    );
    const steps = fc.array(step, { maxLength: 400, size: "max" });
    fc.assert(
      fc.property(steps, (todo) => {
        const mailbox = new Mailbox();
        const model: number[] = [];
        for (const [i, what] of todo.entries()) {
          if (what === "push") {
            mailbox.push(i);
            model.push(i);
          } else if (what === "clear") {
            mailbox.clear();
            model.length = 0;
          } else if (what === "shift") {
            if (model.length > 0) expect(mailbox.shift()).toBe(model.shift());
          } else if (model.length > 0) {
            const index = what % model.length;
            expect(mailbox.at(index)).toBe(model[index]);
            expect(mailbox.removeAt(index)).toBe(model.splice(index, 1)[0]);
          }
          expect(mailbox.length).toBe(model.length);
        }
        for (const left of model) expect(mailbox.shift()).toBe(left);
      }),
      { numRuns: 150 },
    );
  });
});
