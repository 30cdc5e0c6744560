import { describe, expect, test } from "vitest";
import { genServer } from "../../kernel/server/gen-server.ts";
import { noreply, stop } from "../../kernel/server/outcome.ts";
import { type AppOptions, defineApp } from "../../liveview/app/app.ts";
import { Application } from "../../liveview/app/application.ts";
import { type ChildOptions, childSpec } from "../../supervisor/child-spec.ts";
import { dynamicSupervisor } from "../../supervisor/dynamic-supervisor.ts";
import { supervisor } from "../../supervisor/supervisor.ts";
import { simKernel } from "../support/kernels.ts";

/** Apps that tell of their lives. */
function setup() {
  const sim = simKernel();
  const log: string[] = [];
  const failures: string[] = [];
  const Part = genServer({
    name: "Part",
    trapExit: true,
    init: (name: string) => {
      if (name.startsWith("broken")) throw new Error("broken");
      log.push(`${name} up`);
      return name;
    },
    casts: {
      done: (): ReturnType<typeof stop<never>> => stop("normal"),
      crash: (): never => {
        throw new Error("on purpose");
      },
    },
    terminate: (name, reason) => {
      if (reason === "shutdown") log.push(`${name} down`);
      return name.startsWith("stuck") ? new Promise<never>(() => {}) : undefined;
    },
  });
  const app = (name: string, children: AppOptions["children"], options: Partial<AppOptions> = {}) =>
    defineApp({
      name,
      routes: [],
      start: () => void log.push(`${name} start`),
      prepStop: () => void log.push(`${name} prepStop`),
      stop: () => void log.push(`${name} stop`),
      ...options,
      ...(children === undefined ? {} : { children }),
    });
  const part = (name: string, options: ChildOptions = {}) => childSpec(Part, name, { id: name, name, ...options });
  /** Lets the world run until nothing is left to do. */
  const run = async <T>(work: Promise<T>): Promise<T> => {
    work.catch(() => undefined); // looked at when the world has come to rest
    await sim.world.runAsync();
    return work;
  };
  return { ...sim, log, failures, Part, app, part, run, fail: (why: string) => void failures.push(why) };
}

describe("Application", () => {
  test("O1: start, children in order; prepStop, children in reverse, stop", async () => {
    const { app, part, run, kernel, fail, log } = setup();
    const application = await run(Application.start(kernel, app("Shop", [part("a"), part("b")]), fail));
    expect(log.splice(0)).toEqual(["Shop start", "a up", "b up"]);
    await run(application.stop());
    expect(log).toEqual(["Shop prepStop", "b down", "a down", "Shop stop"]);
  });

  test("O1: the apps that it depends on start before it, each once, and stop after it", async () => {
    const { app, part, run, kernel, fail, log } = setup();
    const base = app("Base", [part("base")]);
    const jobs = app("Jobs", [part("jobs")], { applications: [base] });
    const shop = app("Shop", [part("shop")], { applications: [base, jobs] });
    const application = await run(Application.start(kernel, shop, fail));
    expect(log.splice(0)).toEqual(["Base start", "base up", "Jobs start", "jobs up", "Shop start", "shop up"]);
    await run(application.stop());
    expect(log).toEqual([
      ...["Shop prepStop", "shop down", "Shop stop"],
      ...["Jobs prepStop", "jobs down", "Jobs stop"],
      ...["Base prepStop", "base down", "Base stop"],
    ]);
  });

  test.each([
    [
      "a child of it",
      (s: ReturnType<typeof setup>) => [s.part("a"), s.part("broken b")],
      {},
      /^The children of the app did not start: .*"broken b"/,
    ],
    [
      "its start",
      () => [],
      { start: () => Promise.reject(new Error("no database")) },
      /^The start of the app failed: .*no database/,
    ],
  ] as const)(
    "O1: %s fails: those that had started are stopped, in reverse",
    async (_what, children, options, message) => {
      const all = setup();
      const { app, part, run, kernel, fail, log, failures } = all;
      const jobs = app("Jobs", [part("jobs")]);
      const shop = app("Shop", children(all), { applications: [jobs], ...options });
      await expect(run(Application.start(kernel, shop, fail))).rejects.toThrow(message);
      expect(log.slice(-3)).toEqual(["Jobs prepStop", "jobs down", "Jobs stop"]);
      expect(kernel.names.registered()).toEqual([]);
      expect(failures).toEqual([]);
    },
  );

  describe.each([
    ["permanent", { gaveUp: "fail", done: "fail" }],
    ["transient", { gaveUp: "fail", done: "report" }],
    ["temporary", { gaveUp: "report", done: "report" }],
  ] as const)("O1, S17: an app that is %s", (restart, expected) => {
    test.each([
      ["gives up", "crash", "gaveUp", /^the supervisor of app "Jobs" gave up: shutdown/],
      ["is done (autoShutdown)", "done", "done", /^the supervisor of app "Jobs" ended: shutdown/],
    ] as const)("%s", async (_what, order, end, why) => {
      const { app, part, run, kernel, fail, log, failures, reports, world, Part } = setup();
      const work = part("work", { restart: "transient", significant: true });
      const jobs = app("Jobs", [work], { restart, maxRestarts: 0, autoShutdown: "anySignificant" });
      const shop = app("Shop", [part("shop")], { applications: [jobs] });
      const application = await run(Application.start(kernel, shop, fail));
      kernel.cast(Part.named("work"), order);
      await world.runAsync();
      const told = reports.filter(({ kind }) => kind === "thread");
      if (expected[end] === "fail") {
        expect(failures).toEqual([expect.stringMatching(why)]);
        expect(told).toEqual([]);
        return;
      }
      expect(failures).toEqual([]);
      expect(told).toEqual([
        { kind: "thread", thread: 0, event: "applicationEnded", detail: expect.stringMatching(why) },
      ]);
      expect(kernel.names.registered()).toEqual(["shop"]);
      log.length = 0;
      await run(application.stop());
      expect(log).toEqual(["Shop prepStop", "shop down", "Shop stop"]);
    });
  });

  test("O3: who is late is named, with the time that it has, and who comes after it", async () => {
    const { app, part, kernel, fail, world, run } = setup();
    const inner = supervisor([part("c"), part("stuck d", { shutdown: 90_000 }), part("e")], { name: "Inner" });
    const shop = app("Shop", [part("a"), inner, part("f")]);
    const application = await run(Application.start(kernel, shop, fail));
    void application.stop();
    await world.runAsync({ forMs: 1000 });
    expect(application.waitsFor()).toMatch(
      /^child "Inner\/stuck d" <0\.\d+> \(shutdown: 90000 ms\); not asked yet: "Inner\/c"; not asked yet: "a"$/,
    );
  });

  test("S6, O3: a child that takes longer than its own limit is killed and reported with it, and the stop goes on", async () => {
    const { app, part, kernel, fail, run, log, reports } = setup();
    const shop = app("Shop", [part("a"), part("stuck b", { shutdown: 700 })]);
    const application = await run(Application.start(kernel, shop, fail));
    await run(application.stop());
    expect(log.slice(-3)).toEqual(["stuck b down", "a down", "Shop stop"]);
    expect(reports).toMatchObject([{ event: "shutdownError", child: "stuck b", reason: "killed", shutdown: 700 }]);
  });

  test("O3: prepStop and stop that never return are named, too; what they throw is reported", async () => {
    const { app, kernel, fail, run, world, reports } = setup();
    const jobs = app("Jobs", [], {
      prepStop: () => Promise.reject(new Error("on purpose")),
      stop: () => new Promise(() => {}),
    });
    const application = await run(Application.start(kernel, app("Shop", [], { applications: [jobs] }), fail));
    void application.stop();
    await world.runAsync();
    expect(application.waitsFor()).toBe('stop of app "Jobs"');
    expect(reports).toMatchObject([{ kind: "error", where: 'prepStop of app "Jobs"' }]);
  });

  test("O1: PubSub is there before the first child: each hears those that start after it", async () => {
    const { app, kernel, fail, run, log } = setup();
    const Talker = genServer({
      name: "Talker",
      init: (name: string, self) => {
        self.subscribe("news");
        self.kernel.broadcast("news", `${name} is up`);
        return name;
      },
      info: (name, news) => {
        log.push(`${name} hears: ${String(news)}`);
        return noreply(name);
      },
    });
    const talkers = ["a", "b"].map((name) => childSpec(Talker, name, { id: name }));
    await run(Application.start(kernel, app("Shop", talkers), fail));
    expect(log.filter((line) => line.startsWith("a"))).toEqual(["a hears: a is up", "a hears: b is up"]);
  });

  test("children may be definitions, and any supervisor is one", async () => {
    const { app, kernel, fail, run } = setup();
    const Rooms = dynamicSupervisor({ name: "Rooms" });
    const application = await run(Application.start(kernel, app("Shop", [Rooms]), fail));
    const trees = application.tree();
    expect((await run(trees))[0]).toMatch(/^Shop <0\.\d+> {2}oneForOne\n└─ Rooms <0\.\d+> {2}permanent, oneForOne\n$/);
  });
});

describe("defineApp", () => {
  test.each([
    [{ name: "" }, "expected name to be a string with at least one character"],
    [{ config: {} }, "expected config to be made by defineConfig(...)"],
    [{ applications: [{}] }, "expected applications to be a list of apps"],
    [{ restart: "always" }, 'expected restart to be "permanent", "transient" or "temporary", got "always"'],
    [{ configChange: true }, "expected configChange to be a function, got true"],
    [{ strategy: "all" }, 'expected strategy to be "oneForOne"'],
    [{ maxRestarts: -1 }, "expected maxRestarts to be a number of at least 0"],
    [{ children: [{ id: "a" }] }, 'Child spec "a": expected start to be a function'],
  ])("refuses %j", (options, message) => {
    expect(() => defineApp({ routes: [], ...options } as never)).toThrow(message);
  });
});
