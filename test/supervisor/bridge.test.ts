import { EventEmitter } from "node:events";
import { describe, expect, expectTypeOf, test } from "vitest";
import type { Kernel } from "../../kernel/kernel.ts";
import { sys } from "../../kernel/server/sys.ts";
import { type Bridge, bridge } from "../../supervisor/bridge.ts";
import { childSpec } from "../../supervisor/child-spec.ts";
import { Supervisor, supervisor } from "../../supervisor/supervisor.ts";
import { actor, type SimKernel, simKernel, simKernels } from "../support/kernels.ts";
import { reasonWord } from "../support/supervised.ts";

/** A connection, as libraries make them. */
class Connection extends EventEmitter {
  readonly url: string;
  constructor(url: string) {
    super();
    this.url = url;
  }
}

interface Options {
  readonly openMs?: number;
  readonly closeMs?: number;
  readonly closeFails?: boolean;
}

class Network {
  readonly sim: SimKernel = simKernel();
  readonly log: string[] = [];
  isDown = false;
  readonly Database: Bridge<string, Connection>;

  constructor({ openMs = 0, closeMs = 0, closeFails = false }: Options = {}) {
    const pause = (ms: number): Promise<void> =>
      new Promise((resolve) => void this.sim.world.alarm(ms, () => resolve(undefined)));
    this.Database = bridge({
      name: "Database",
      start: async (url: string, lost) => {
        await pause(openMs);
        if (this.isDown) throw new Error("no route");
        this.log.push("open");
        return new Connection(url).on("error", lost).on("close", () => lost("closed"));
      },
      stop: async (connection, reason) => {
        this.log.push(`close ${reasonWord(reason)}`);
        connection.emit("close"); // as libraries do; that is no loss
        await pause(closeMs);
        if (closeFails) throw new Error("cannot close");
        this.log.push("closed");
      },
    });
  }

  get kernel(): Kernel {
    return this.sim.kernel;
  }

  get connection(): Connection {
    return this.Database.resource(this.kernel, "database");
  }

  async start(options: { shutdown?: number | "brutalKill" } = {}) {
    const Top = supervisor([childSpec(this.Database, "db://one", { name: "database", ...options })]);
    return this.sim.world.until(Top.start(this.kernel));
  }

  reports(): string[] {
    return this.sim.reports.map((report) => `${report.kind} ${"reason" in report ? reasonWord(report.reason) : ""}`);
  }
}

describe("bridge", () => {
  test("S15: opens the resource when it starts, and closes it when it stops; its supervisor waits for both", async () => {
    const network = new Network({ openMs: 100, closeMs: 100 });
    const top = await network.start();
    expect(network.sim.world.nowMs).toBeGreaterThan(100);
    expect(network.connection.url).toBe("db://one");
    network.kernel.exit(top, "shutdown");
    await network.sim.world.runAsync();
    expect(network.log).toEqual(["open", "close shutdown", "closed"]);
    expect(network.kernel.processes()).toEqual([]);
    expect(network.sim.reports).toEqual([]);
  });

  test("S15: what does not open is a child that does not start", async () => {
    const network = new Network();
    network.isDown = true;
    await expect(network.start()).rejects.toMatchObject({
      reason: { shutdown: { failedToStart: "database", reason: { error: { message: "no route" } } } },
    });
    expect(network.log).toEqual([]);
  });

  test.each([
    ["close", undefined, "closed"],
    ["error", new Error("reset by peer"), "reset by peer"],
  ])("S15: when it is lost by %j, it is opened again; what is gone is not closed", async (event, argument, reason) => {
    const network = new Network();
    await network.start();
    const first = network.connection;
    first.emit(event, argument);
    first.emit("close"); // and another one: no matter
    await network.sim.world.runAsync();
    expect(network.log).toEqual(["open", "open"]);
    expect(network.connection).not.toBe(first);
    expect(network.reports()).toEqual([`supervisor ${reason}`]);
  });

  test("S15: when it is lost before it is open, it does not start", async () => {
    const { world, kernel } = simKernel();
    const Odd = bridge({
      start: (_arg: undefined, lost) => {
        lost("too soon");
        return {};
      },
      stop: () => {},
    });
    await expect(world.until(Odd.start(kernel))).rejects.toMatchObject({ reason: "too soon" });
    expect(kernel.processes()).toEqual([]);
  });

  test("S6, S15: killed with brutalKill, or because it took too long: closed all the same, once", async () => {
    const brutal = new Network();
    brutal.kernel.exit(await brutal.start({ shutdown: "brutalKill" }), "shutdown");
    await brutal.sim.world.runAsync();
    expect(brutal.log).toEqual(["open", "close killed", "closed"]);

    const slow = new Network({ closeMs: 1000 });
    slow.kernel.exit(await slow.start({ shutdown: 100 }), "shutdown");
    await slow.sim.world.runAsync();
    expect(slow.log).toEqual(["open", "close shutdown", "closed"]);
    expect(slow.reports()).toEqual(["supervisor killed"]);
  });

  test("S15: killed while it opens: closed as soon as it is open", async () => {
    const network = new Network({ openMs: 100, closeFails: true });
    const starting = network.Database.start(network.kernel, "db://one").catch(() => "failed");
    await network.sim.world.runAsync({ forMs: 50 });
    network.kernel.exit(network.kernel.processes()[0]!, "kill");
    await network.sim.world.runAsync();
    expect(await starting).toBe("failed");
    expect(network.log).toEqual(["open", "close killed"]);
    expect(network.reports()).toEqual(["error cannot close"]);
  });

  test("S14, S15: a failure to close is reported by the supervisor", async () => {
    const network = new Network({ closeFails: true });
    network.kernel.exit(await network.start(), "shutdown");
    await network.sim.world.runAsync();
    expect(network.reports()).toContain("supervisor cannot close");
    expect(network.kernel.processes()).toEqual([]);
  });

  test("hands out its resource on its own thread alone, and only while it is open", async () => {
    const network = new Network();
    const top = await network.start();
    const { Database, kernel } = network;
    expectTypeOf(Database.resource(kernel, "database")).toEqualTypeOf<Connection>();
    expect(() => Database.resource(kernel, "nobody")).toThrow('Bridge "nobody": nobody has that name');
    const other = actor(kernel, { name: "other" });
    expect(() => Database.resource(other.self, "other")).toThrow('Bridge "other": expected a bridge, got "actor" <0.');
    const pid = kernel.names.whereis("database")!;
    await network.sim.world.until(Supervisor.terminateChild(kernel, top, "database"));
    expect(() => Database.resource(kernel, pid as never)).toThrow("it has ended. Ask for it by its name");

    const { kernels, world, at } = simKernels(2);
    const there = await world.until(bridge({ start: () => 7, stop: () => {} }).start(kernels[0]!));
    expect(() => Database.resource(kernels[1]!, at(kernels[1]!, there) as never)).toThrow(
      "a resource cannot leave its thread",
    );
  });

  test("answers sys requests, and refuses calls", async () => {
    const network = new Network();
    await network.start();
    const { kernel, sim } = network;
    expect(await sim.world.until(sys.getStatus(kernel, "database"))).toMatchObject({
      label: "Database",
      state: undefined,
    });
    await expect(sim.world.until(kernel.call("database", "query"))).rejects.toMatchObject({
      reason: { noSuchCall: "query" },
    });
  });
});
