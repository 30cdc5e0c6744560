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

  test("K22: urgent messages stand before the others, in the order in which they came", () => {
    const mailbox = new Mailbox();
    for (const message of ["a", "b", "c"]) mailbox.push(message);
    mailbox.pushUrgent("first");
    mailbox.pushUrgent("second");
    expect([mailbox.shift(), mailbox.urgent]).toEqual(["first", 1]);
    mailbox.pushUrgent("third");
    expect(Array.from({ length: 5 }, () => mailbox.shift())).toEqual(["second", "third", "a", "b", "c"]);
    expect([mailbox.length, mailbox.urgent, mailbox.highWater]).toEqual([0, 0, 5]);
  });

  test("behaves like two arrays, one before the other, whatever is done to it", () => {
    const step = fc.oneof(
      { weight: 50, arbitrary: fc.constant("push" as const) },
      { weight: 10, arbitrary: fc.constant("pushUrgent" as const) },
      { weight: 30, arbitrary: fc.constant("shift" as const) },
      { weight: 30, arbitrary: fc.nat({ max: 200 }) },
      { weight: 1, arbitrary: fc.constant("clear" as const) },
    );
    const steps = fc.array(step, { maxLength: 400, size: "max" });
    fc.assert(
      fc.property(steps, (todo) => {
        const mailbox = new Mailbox();
        const urgent: number[] = [];
        const ordinary: number[] = [];
        const came: number[] = [];
        const removeAt = (index: number): number | undefined =>
          index < urgent.length ? urgent.splice(index, 1)[0] : ordinary.splice(index - urgent.length, 1)[0];
        for (const [i, what] of todo.entries()) {
          const length = urgent.length + ordinary.length;
          if (what === "push") {
            mailbox.push(i);
            ordinary.push(i);
            came.push(i);
          } else if (what === "pushUrgent") {
            mailbox.pushUrgent(i);
            urgent.push(i);
          } else if (what === "clear") {
            mailbox.clear();
            urgent.length = ordinary.length = 0;
          } else if (what === "shift") {
            if (length > 0) expect(mailbox.shift()).toBe(removeAt(0));
          } else if (length > 0) {
            const index = what % length;
            expect(mailbox.at(index)).toBe([...urgent, ...ordinary][index]);
            expect(mailbox.removeAt(index)).toBe(removeAt(index));
          }
          expect([mailbox.length, mailbox.urgent]).toEqual([urgent.length + ordinary.length, urgent.length]);
        }
        expect(mailbox.pushed).toBe(came.length);
        for (const [n, message] of came.entries()) {
          const position = ordinary.indexOf(message);
          if (position >= 0) expect(mailbox.positionOf(n)).toBeLessThanOrEqual(position);
        }
        for (const left of [...urgent, ...ordinary]) expect(mailbox.shift()).toBe(left);
      }),
      { numRuns: 150 },
    );
  });

  test("positionOf is exact as long as messages are taken in order, urgent ones or not", () => {
    const mailbox = new Mailbox();
    for (let n = 0; n < 100; n++) mailbox.push(n);
    mailbox.pushUrgent("urgent");
    for (let taken = 0; taken < 31; taken++) mailbox.shift();
    expect(mailbox.at(mailbox.positionOf(70))).toBe(70);
  });
});
