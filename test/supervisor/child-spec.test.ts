import { describe, expect, test } from "vitest";
import { OptionError } from "../../kernel/errors.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { Task } from "../../kernel/task/task.ts";
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

  test("S9, G17: a Task is temporary unless its spec says otherwise, as with Elixir", () => {
    const once = childSpec(Task, () => {});
    expect(once).toMatchObject({ id: "Task", restart: "temporary", shutdown: 5000, type: "worker" });
    expect(childSpec(Task, () => {}, { restart: "transient" }).restart).toBe("transient");
    expect(childSpec({ start: Task, arg: () => {}, id: "warm-up" })).toMatchObject({
      id: "warm-up",
      restart: "temporary",
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
    [
      { restrat: "transient" } as never,
      'Child spec "Stock": there is no option "restrat", expected one of id, start, restart',
    ],
    [{ type: "supervisor" } as never, 'Child spec "Stock": there is no option "type", expected one of'],
    [{ id: "a", name: 7 as never }, 'Child spec "a": expected name to be a string with at least one character'],
    [{ id: "a", name: "" }, 'Child spec "a": expected name to be a string with at least one character'],
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

  test.each<[ChildOptions, string]>([
    [{ significant: 1 as never }, 'Child spec "Stock": expected significant to be a boolean, got 1'],
    [{ significant: true }, "expected significant to be false for a permanent child"],
    [{ backoff: { minMs: 0 } }, "expected backoff.minMs to be milliseconds above 0, got 0"],
    [{ backoff: { maxMs: 10 } }, "expected backoff.maxMs to be milliseconds, minMs (1000) or more, got 10"],
    [{ backoff: { jitter: 2 } }, "expected backoff.jitter to be a number from 0 to 1, got 2"],
    [{ backoff: { resetAfterMs: Number.NaN } }, "expected backoff.resetAfterMs to be milliseconds above 0, got NaN"],
    [{ backoff: true as never }, "expected backoff to be options, got true"],
  ])("S8, S18: refuses %j", (options, sentence) => {
    expect(() => childSpec(Stock, 100, options)).toThrow(ChildSpecError);
    expect(() => childSpec(Stock, 100, options)).toThrow(sentence);
  });

  test("S8: a significant child is refused by a supervisor that never shuts down by itself", () => {
    const specs = [childSpec(Stock, 1, { restart: "transient", significant: true })];
    expect(() => supervisor(specs)).toThrow('Child spec "Stock": expected significant to be false under a supervisor');
    expect(() => supervisor(specs, { autoShutdown: "anySignificant" })).not.toThrow();
    expect(() => checkChildSpecs(specs)).not.toThrow(); // whose children they will be is not known here
  });

  test("S9: by name, for a definition that takes no argument, or for one that does", () => {
    const Clock = genServer({ name: "Clock", init: () => 0 });
    expect(childSpec({ start: Clock, name: "clock", restart: "transient" })).toMatchObject({
      id: "clock",
      restart: "transient",
      type: "worker",
    });
    expect(childSpec({ start: Stock, arg: 100, id: "acme" })).toMatchObject({ id: "acme", restart: "permanent" });
  });

  test("S9: a spec written by hand gets OTP's defaults for what it leaves out", () => {
    const start = (): undefined => undefined;
    expect(childSpec({ id: "a", start })).toEqual({
      ...{ id: "a", start, restart: "permanent", shutdown: 5000, type: "worker", significant: false },
    });
    expect(childSpec({ id: "a", start, type: "supervisor" }).shutdown).toBe("infinity");
    expect(childSpec({ ...childSpec(Stock, 100), id: "copy" })).toMatchObject({ id: "copy", shutdown: 5000 });
  });

  test("S9: a definition stands for its own spec", () => {
    const Clock = genServer({ name: "Clock", init: () => 0 });
    expect(checkChildSpecs([Clock, supervisor([], { name: "Tree" })])).toMatchObject([
      { id: "Clock", type: "worker", shutdown: 5000 },
      { id: "Tree", type: "supervisor", shutdown: "infinity" },
    ]);
  });

  test.each([
    [undefined, "Child specs: expected a list of them, got undefined"],
    [[7], "Child spec: expected { id, start, ... }, or a definition such as a genServer, got 7"],
    [[null], "got null"],
    [[{ id: "a" }], 'Child spec "a": expected start to be a function, got undefined'],
    [[{ start: () => undefined }], "Child spec undefined: expected id to be a string"],
  ])("S9: refuses a list such as %j", (list, sentence) => {
    expect(() => checkChildSpecs(list as never)).toThrow(ChildSpecError);
    expect(() => checkChildSpecs(list as never)).toThrow(sentence);
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
    [
      { strategy: "allForOne" as never },
      'expected strategy to be "oneForOne", "oneForAll" or "restForOne", got "allForOne"',
    ],
    [{ autoShutdown: "all" as never }, 'expected autoShutdown to be "never", "anySignificant" or "allSignificant"'],
  ])("refuses %j", (options, sentence) => {
    expect(() => supervisor([], options)).toThrow(OptionError);
    expect(() => supervisor([], options)).toThrow(sentence);
  });
});
