import { describe, expect, test } from "vitest";
import type { Kernel } from "../../kernel/kernel.ts";
import { genServer } from "../../kernel/server/gen-server.ts";
import { childSpec } from "../../supervisor/child-spec.ts";
import { DynamicSupervisor, dynamicSupervisor } from "../../supervisor/dynamic-supervisor.ts";
import { partitionSupervisor } from "../../supervisor/partition-supervisor.ts";
import { printTree } from "../../supervisor/print-tree.ts";
import { supervisor } from "../../supervisor/supervisor.ts";
import { TaskSupervisor } from "../../supervisor/task-supervisor.ts";
import { actor, simKernel, simKernels } from "../support/kernels.ts";
import { Supervised } from "../support/supervised.ts";

const Cache = genServer({ name: "Cache", init: () => ({}) });
const Session = genServer({ name: "Session", init: (user: string) => user });

describe("printTree", () => {
  test("shows who there is, whose child it is, and how it is restarted", async () => {
    const { kernel, world } = simKernel();
    const Sessions = dynamicSupervisor({ name: "Sessions" });
    const Store = supervisor([Cache, childSpec({ start: Cache, id: "backup" })], {
      name: "Store",
      strategy: "oneForAll",
    });
    const Shop = supervisor(
      [
        Store,
        childSpec({ start: Sessions, name: "sessions" }),
        partitionSupervisor(Cache, { partitions: 2, name: "Caches" }),
        childSpec(TaskSupervisor, {}, { name: "loads" }),
        childSpec({ start: Cache, id: "last", restart: "transient" }),
      ],
      { name: "Shop", strategy: "restForOne" },
    );
    const shop = await world.until(Shop.start(kernel));
    const ann = childSpec(Session, "ann", { restart: "temporary", id: "ann" });
    await world.until(DynamicSupervisor.startChild(kernel, "sessions", ann));
    expect(`\n${await world.until(printTree(kernel, shop))}`).toBe(`
Shop <0.1>  restForOne
├─ Store <0.2>  permanent, oneForAll
│  ├─ Cache <0.3>  permanent
│  └─ backup (Cache) <0.4>  permanent
├─ sessions (Sessions) <0.5>  permanent, oneForOne
│  └─ ann (Session) <0.11>  temporary
├─ Caches <0.6>  permanent, oneForOne
│  ├─ 0 (Cache) <0.7>  permanent
│  └─ 1 (Cache) <0.8>  permanent
├─ loads <0.9>  permanent
└─ last (Cache) <0.10>  transient
`);
  });

  test("shows children that are down or restarting", async () => {
    const tree = new Supervised({ backoff: { b: {} } });
    await tree.start("a:transient b");
    await tree.do("leave a normal");
    tree.kernel.send(tree.pid("b"), { leave: "odd" });
    await tree.run(10);
    expect(await tree.sim.world.until(printTree(tree.kernel, tree.top))).toBe(
      "Top <0.1>  oneForOne\n├─ a  transient, stopped\n└─ b  permanent, restarting\n",
    );
  });

  test("does not wait for ever for a supervisor that is busy", async () => {
    const tree = new Supervised();
    await tree.start("a I[b~5000/10000]");
    const inner = tree.pid("I");
    const stopping = tree.request("terminate", "I");
    expect(await tree.sim.world.until(printTree(tree.kernel, inner, { timeoutMs: 100 }))).toBe(
      "I <0.3>  no answer: timeout\n",
    );
    await stopping;
    expect(await tree.sim.world.until(printTree(tree.kernel, inner))).toBe(" <0.3>  not running\n");
    expect(await printTree(tree.kernel, "nobody")).toBe("nobody  not running\n");
  });

  test("shows so many children of a supervisor, and counts the others", async () => {
    const tree = new Supervised();
    await tree.start("a b c d");
    expect(await tree.sim.world.until(printTree(tree.kernel, tree.top, { maxChildren: 2 }))).toBe(
      "Top <0.1>  oneForOne\n├─ a <0.2>  permanent\n├─ b <0.3>  permanent\n└─ … 2 more\n",
    );
  });

  test("asks supervisors of other threads", async () => {
    const { world, kernels, at } = simKernels(2);
    const [one, two] = kernels as [Kernel, Kernel];
    const Top = supervisor([supervisor([Cache], { name: "Inner" })], { name: "Top" });
    const top = await world.until(Top.start(one));
    expect(await world.until(printTree(two, at(two, top)))).toBe(
      "Top <1.1>  oneForOne\n└─ Inner <1.2>  permanent, oneForOne\n   └─ Cache <1.3>  permanent\n",
    );
  });

  test("a process that is no supervisor is one line", async () => {
    const { kernel, world } = simKernel();
    const { pid } = actor(kernel);
    await world.runAsync();
    expect(await world.until(printTree(kernel, pid, { timeoutMs: 50 }))).toBe("actor <0.1>  no answer: timeout\n");
  });
});
