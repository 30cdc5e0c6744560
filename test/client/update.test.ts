/** What the server says beside the tree, as a page without a browser shows it: the title. Wire protocol, 2.1 and 6.10. */
import { afterEach, expect, test, vi } from "vitest";
import { applyAround, updateFrom } from "../../client/update.ts";

afterEach(() => vi.unstubAllGlobals());

/** The page's title after an update, and what was dispatched, around the patch. */
function shown(message: Parameters<typeof updateFrom>[0], dataset: Record<string, string> | null, isPage = false) {
  const page = { title: "before", querySelector: () => (dataset === null ? null : { dataset }) };
  const events: string[] = [];
  vi.stubGlobal("document", page);
  vi.stubGlobal("window", { dispatchEvent: ({ type }: CustomEvent) => events.push(`${type} of ${page.title}`) });
  applyAround(updateFrom(message, isPage), () => events.push("patch"));
  return { title: page.title, events };
}

test("F12, T15: a title stands between prefix and suffix; an empty one is the default, or none", () => {
  const dataset = { prefix: "<", suffix: ">" };
  const titled = { ...dataset, default: "Shop" };
  expect(shown({ t: "A" }, dataset).title).toBe("<A>");
  expect(shown({ t: "A" }, null).title).toBe("A");
  for (const t of ["", " \n"]) {
    expect(shown({ t }, titled).title).toBe("<Shop>");
    expect(shown({ t }, dataset).title).toBe("before");
    expect(shown({ t }, { ...dataset, default: "" }).title).toBe("<>");
  }
  expect(shown({ t: null as never }, titled).title).toBe("before");
  expect(shown({}, titled).title).toBe("before");
  expect(shown({}, titled, true).title).toBe("<Shop>");
});

test("F12: events come after the patch and the title, in order; those that ask for it, before", () => {
  const { events } = shown(
    {
      t: "A",
      e: [
        ["a", {}],
        ["b", {}, true],
        ["c", {}],
      ] as never,
    },
    {},
  );
  expect(events).toEqual(["phx:b of before", "patch", "phx:a of A", "phx:c of A"]);
});
