/**
 * Random pages, steps of all kinds: after every message our client, the official one, and one written from the wire protocol
 * show what the model says.
 *
 * LINTEL_STEPS: steps to make, in runs of 100,000; default 20,000. LINTEL_SEED: see test/support/seeded.ts.
 */
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { Process } from "../../../kernel/process.ts";
import { ComponentTable } from "../../../liveview/component/component-table.ts";
import { renderPage } from "../../../liveview/component/dead-page.ts";
import type { Instance } from "../../../liveview/component/instance.ts";
import { ViewRenderer } from "../../../liveview/diff/diff.ts";
import { Socket } from "../../../liveview/view/socket.ts";
import {
  bump,
  consistent,
  edited,
  keyOf,
  Model,
  type PageAssigns,
  renderPageOf,
  type Spec,
  spec,
} from "../../support/component-model.ts";
import { actor, simKernel } from "../../support/kernels.ts";
import { loadOfficial, OfficialClient } from "../../support/official-rendered.ts";
import { OurClient } from "../../support/our-client.ts";
import { firstSeed } from "../../support/seeded.ts";
import { WireClient } from "../../support/wire-merge.ts";

type Step =
  | { readonly kind: "show"; readonly first: Spec; readonly second: Spec; readonly isOther: boolean }
  /** Something small is another thing now, in each of two places. */
  | { readonly kind: "edit"; readonly which: readonly [number, number]; readonly to: Spec }
  /** A component's assigns change; a boundary tries again: which of those that are there. */
  | { readonly kind: "bump" | "restart"; readonly which: number }
  /** A component's assigns change, and the message waits for the next one: as for a client without credit. */
  | { readonly kind: "bump quietly"; readonly which: number }
  /** The browser announces what has left its page; it confirms what it announced. */
  | { readonly kind: "announce" | "confirm" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("show" as const),
      first: spec,
      second: spec,
      isOther: fc.nat(9).map((n) => n === 0),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("edit" as const),
      which: fc.tuple(fc.nat(50), fc.nat(50)),
      to: fc.constantFrom<Spec>("a", "b", "c", 1),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("bump" as const), which: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const), which: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom<"announce" | "confirm">("announce", "confirm") }) },
);

const quietly: fc.Arbitrary<Step> = fc.record({ kind: fc.constant("bump quietly" as const), which: fc.nat(20) });

interface Client {
  receive(text: string): { html(): string };
  forget(idPrefix: string): void;
  left(cids: readonly number[]): void;
  prune(cids: readonly number[]): void;
}

/** One page with its server and its browsers. */
class Run {
  readonly #table: ComponentTable;
  readonly #renderer = new ViewRenderer();
  readonly #model = new Model();
  readonly #wire = new WireClient();
  readonly #clients: readonly Client[];
  #specs: readonly Spec[] = ["", ""];
  #page: PageAssigns = { first: "", second: "", isOther: false };
  #onPage: number[] = [];
  #left: Set<number> = new Set();
  #announced: Set<number> = new Set();
  #isFirst = true;

  /** @param clients beside the one that is written from the wire protocol */
  constructor(self: Process, clients: readonly Client[]) {
    const socket = new Socket("v", self, true, {});
    this.#table = new ComponentTable(socket, { caught: () => {}, gaveUp: () => {} });
    this.#clients = clients;
  }

  /** The page as HTTP shows it, for the steps' first. */
  static async deadHtml(self: Process, page: PageAssigns): Promise<void> {
    const html = await renderPage(new Socket("v", self, false, page), (assigns) =>
      renderPageOf(assigns as PageAssigns),
    );
    expect(html).toBe(new Model().html(page));
  }

  take(step: Step): void {
    switch (step.kind) {
      case "show":
        this.#specs = [step.first, step.second];
        this.#page = pageOf(this.#specs, step.isOther);
        this.#message(true);
        return;
      case "edit":
        for (const which of step.which) this.#specs = edited(this.#specs, which, step.to);
        this.#page = pageOf(this.#specs, this.#page.isOther);
        this.#message(true);
        return;
      case "bump quietly":
      case "bump": {
        // What a stream has pending goes with the message, also when its component leaves the page by the same one.
        const instance = this.#pick(step.which, false, step.kind === "bump quietly");
        if (instance === undefined) return;
        instance.socket!.assign(bump(instance.socket!.assigns as object as { count: number }));
        this.#table.touched(instance);
        if (step.kind === "bump") this.#message(false);
        return;
      }
      case "restart": {
        const instance = this.#pick(step.which, true);
        if (instance === undefined) return;
        this.#table.restart(instance, instance.incarnation);
        this.#message(false);
        return;
      }
      case "announce":
        this.#table.willDestroy([...this.#left]);
        this.#model.mark([...this.#left].map((cid) => this.#keyOf(cid)));
        for (const cid of this.#left) this.#announced.add(cid);
        this.#left.clear();
        return;
      case "confirm": {
        const absent = [...this.#announced].filter((cid) => !this.#onPage.includes(cid));
        this.#announced.clear();
        this.#model.destroy(absent.map((cid) => this.#keyOf(cid)));
        const gone = this.#table.destroyed(absent);
        this.#wire.prune(gone);
        for (const client of this.#clients) client.prune(gone);
        // What came back has left the page again since: it is announced again.
        for (const cid of absent) if (!gone.includes(cid)) this.#left.add(cid);
      }
    }
  }

  /** A component in the page, by the model; the server must have it. */
  #pick(which: number, failed: boolean, withoutStreams = false): Instance | undefined {
    const candidates = this.#model.visible.filter(
      (spec) => this.#model.isFailed(spec) === failed && !(withoutStreams && spec.component === "stream"),
    );
    const spec = candidates[which % candidates.length];
    if (spec === undefined) return undefined;
    if (failed) this.#model.restart(spec);
    else this.#model.bump(spec);
    const key = keyOf(spec);
    return this.#onPage.map((cid) => this.#table.byCid(cid)!).find((instance) => keyOfInstance(instance) === key)!;
  }

  #message(changed: boolean): void {
    const expected = this.#model.html(this.#page);
    const text = this.#renderer.messageOf(this.#table, this.#page, (assigns) => renderPageOf(assigns as PageAssigns), {
      whole: this.#isFirst,
      changed,
    }) as string;
    this.#isFirst = false;
    for (const client of this.#clients) {
      expect(client.receive(text).html()).toBe(expected);
      client.forget("i");
    }
    const before = this.#onPage;
    this.#onPage = [];
    const shown = this.#wire.receive(text).html((cid) => {
      this.#onPage.push(cid);
      return "";
    });
    expect(shown).toBe(expected);
    const left = before.filter((cid) => !this.#onPage.includes(cid));
    for (const client of this.#clients) client.left(left);
    for (const cid of left) this.#left.add(cid);
    for (const cid of this.#onPage) this.#left.delete(cid);
  }

  #keyOf(cid: number): string {
    const instance = this.#table.byCid(cid);
    return instance === undefined ? "" : keyOfInstance(instance);
  }
}

function keyOfInstance({ definition, use }: Instance): string {
  return `${definition.label} ${use.id}`;
}

function pageOf(specs: readonly Spec[], isOther: boolean): PageAssigns {
  const [first, second] = consistent(specs);
  return { first: first!, second: second!, isOther };
}

describe("components, in random pages with random steps", () => {
  let official: Awaited<ReturnType<typeof loadOfficial>>;
  beforeAll(async () => {
    official = await loadOfficial();
  });

  const steps = Number(process.env["LINTEL_STEPS"] ?? 20_000);
  const perRun = Math.min(steps, 100_000);
  const sequenceOf = (step: fc.Arbitrary<Step>) => fc.array(step, { minLength: 2, maxLength: 30, size: "max" });
  /**
   * For the official client each change is a message of its own, as it is on a server: it does not look for a changed
   * component in what it skips, and only ours is sent several changes at once.
   */
  const kinds = [
    { name: "all clients", sequence: sequenceOf(step), isOfficial: true },
    {
      name: "ours, with messages held back",
      sequence: sequenceOf(fc.oneof({ weight: 9, arbitrary: step }, { weight: 2, arbitrary: quietly })),
      isOfficial: false,
    },
  ] as const;
  test.each(
    Array.from({ length: Math.ceil(steps / perRun) }, (_, i) => ({ run: `${i}`, ...kinds[i % 2]! })).concat(
      steps <= perRun ? [{ run: "1", ...kinds[1] }] : [],
    ),
  )(
    "run $run ($name): what every client shows is a fresh render, and the first page is the dead one (C2, C5, C15, C16, F9, F14, F17)",
    async ({ run, sequence, isOfficial }) => {
      const { self } = actor(simKernel().kernel);
      let made = 0;
      for (let batch = 0; made < perRun; batch++) {
        await fc.assert(
          fc.asyncProperty(sequence, async (taken) => {
            const first = taken.find((step) => step.kind === "show");
            if (first !== undefined) await Run.deadHtml(self, pageOf([first.first, first.second], first.isOther));
            const page = new Run(self, [new OurClient(), ...(isOfficial ? [new OfficialClient(official)] : [])]);
            page.take({ kind: "show", first: "", second: "", isOther: false });
            for (const step of taken) page.take(step);
            made += taken.length + 1;
          }),
          {
            numRuns: 200,
            seed: firstSeed + Number(run) * 1000 + batch,
          },
        );
      }
    },
    600_000,
  );
});
