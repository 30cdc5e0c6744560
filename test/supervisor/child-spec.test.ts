import { describe, expect, test } from "vitest";
import { OptionError } from "../../kernel/errors.ts";
import { genServer } from "../../kernel/gen-server.ts";
import { type ChildOptions, type ChildSpec, checkChildSpecs, childSpec } from "../../supervisor/child-spec.ts";
import { ChildSpecError } from "../../supervisor/errors.ts";
import { type SupervisorOptions, supervisor } from "../../supervisor/supervisor.ts";

const Stock = genServer({ name: "Stock", init: (opening: number) => ({ price: opening }) });

describe("childSpec", () => {
  test("S9: has OTP's defaults for a worker, and for a supervisor (S6, S13)", () => {
    expect(childSpec(Stock, 100)).toMatchObject({ id: "Stock", restart: "permanent", shutdown: 5000, type: "worker" });
    const Tree = supervisor([], { name: "Tree" });
    expect(childSpec(Tree)).toMatchObject({
      id: "Tree",
      restart: "permanent",
      shutdown: "infinity",
      type: "supervisor",
    });
  });

  test("S9: takes what is given instead; the id follows the name", () => {
    expect(childSpec(Stock, 100, { name: "acme", restart: "transient", shutdown: "brutalKill" })).toMatchObject({
      id: "acme",
      restart: "transient",
      shutdown: "brutalKill",
    });
    expect(childSpec(Stock, 100, { name: "acme", id: "first" }).id).toBe("first");
  });

  test.each<[ChildOptions, string]>([
    [
      { restart: "always" as never },
      'Child spec "Stock": expected restart to be "permanent", "transient" or "temporary", got "always"',
    ],
    [
      { shutdown: 0 },
      'Child spec "Stock": expected shutdown to be "brutalKill", "infinity" or milliseconds above 0, got 0',
    ],
    [{ shutdown: Number.NaN }, "expected shutdown to be"],
    [{ shutdown: "soon" as never }, 'got "soon"'],
    [{ id: "" }, 'expected id to be a string with at least one character, got ""'],
  ])("S9: refuses %j", (options, sentence) => {
    expect(() => childSpec(Stock, 100, options)).toThrow(ChildSpecError);
    expect(() => childSpec(Stock, 100, options)).toThrow(sentence);
  });

  test("S9: a spec written by hand is checked as well", () => {
    const spec: ChildSpec = { ...childSpec(Stock, 100), start: undefined as never };
    expect(() => supervisor([spec])).toThrow('Child spec "Stock": expected start to be a function, got undefined');
    expect(() => supervisor([{ ...childSpec(Stock, 100), type: "thread" as never }])).toThrow("expected type to be");
  });

  test("S9: two children with one id are refused before anything starts", () => {
    expect(() => checkChildSpecs([childSpec(Stock, 1), childSpec(Stock, 2)])).toThrow(
      'Child spec "Stock": expected ids to differ, got this one twice. Pass { id }.',
    );
    expect(() => checkChildSpecs([childSpec(Stock, 1), childSpec(Stock, 2, { id: "second" })])).not.toThrow();
  });
});

describe("supervisor options", () => {
  test.each<[SupervisorOptions, string]>([
    [{ name: "Top", maxRestarts: -1 }, "Top: expected maxRestarts to be a number of at least 0, got -1"],
    [{ maxRestarts: Number.NaN }, "expected maxRestarts"],
    [{ maxSeconds: 0 }, "Supervisor: expected maxSeconds to be a number above 0, got 0"],
    [{ strategy: "allForOne" as never }, 'expected strategy to be "oneForOne", got "allForOne"'],
  ])("refuses %j", (options, sentence) => {
    expect(() => supervisor([], options)).toThrow(OptionError);
    expect(() => supervisor([], options)).toThrow(sentence);
  });
});
