/**
 * The pages of the benchmark and what is sent to them, with what a right answer must hold. The same pages are served by
 * every server that is compared; a reply that is fast and wrong is worth nothing.
 */
import type { Piece } from "./client-frame.ts";

/** One page with one of its events. */
export interface PageEvent {
  readonly path: string;
  /** The event's payload, as pieces of JSON; a number slot gets the count of the event. Several take turns. */
  readonly payloads: readonly (readonly Piece[])[];
  /**
   * Checks a reply's `response`.
   *
   * @param nth the how-manieth event of its connection it answers, from 1
   * @returns what is wrong with it, if something is
   */
  check(response: unknown, nth: number): string | undefined;
}

const click = (event: string): PageEvent["payloads"] => [[`{"type":"click","event":"${event}","value":{"value":""}}`]];

const form = (...fields: Piece[]): Piece[] => [
  '{"type":"form","event":"validate","value":"',
  ...fields,
  '","meta":{"_target":["user","name"]}}',
];
const emptyFields = ["email", "username", "city", "phone"]
  .map((field) => `&user%5B_unused_${field}%5D=&user%5B${field}%5D=`)
  .join("");

/** By name, as `page` of a load's configuration has it. */
export const pageEvents = {
  "counter inc": {
    path: "/counter",
    payloads: click("inc"),
    check: (response, nth) => expectTexts(response, [String(nth)]),
  },
  "dashboard tick": {
    path: "/dashboard",
    payloads: click("tick"),
    // Twenty cells are drawn anew; now and then one of them gets the value it had.
    check: (response) => {
      const cells = texts(diffOf(response)).length;
      const rows = entries(response).length;
      return rows >= 9 && rows <= 10 && cells >= 17 && cells <= 20
        ? undefined
        : `expected 20 cells in 10 rows, got ${cells} in ${rows}`;
    },
  },
  "dashboard one": {
    path: "/dashboard",
    payloads: click("one"),
    check: (response) => {
      const cells = texts(diffOf(response)).length;
      return cells <= 1 ? undefined : `expected 1 cell, got ${cells}`;
    },
  },
  "dashboard shuffle": {
    path: "/dashboard",
    payloads: click("shuffle"),
    check: (response) => {
      const moves = entries(response).filter((entry) => typeof entry === "number").length;
      return moves === 100 && texts(diffOf(response)).length === 0
        ? undefined
        : `expected 100 moves and no cell, got ${moves} moves in ${shown(response)}`;
    },
  },
  "form validate": {
    path: "/form",
    payloads: [
      form(`user%5Bname%5D=a${emptyFields}`),
      form(
        "user%5Bname%5D=alice&user%5Bemail%5D=alice%40example.com&user%5Busername%5D=alice_",
        { digits: 7 },
        "&user%5Bcity%5D=Rome&user%5Bphone%5D=555+0100",
      ),
    ],
    check: (response, nth) => {
      const all = texts(diffOf(response)).join("\n");
      const blanks = all.split("be blank").length - 1;
      const right =
        nth % 2 === 1
          ? blanks === 4 && all.includes("is too short")
          : blanks === 0 && all.includes(`alice_${String(nth).padStart(7, "0")}`) && all.includes("555 0100");
      return right ? undefined : `wrong fields or messages in ${shown(response)}`;
    },
  },
  "stream add": {
    path: "/stream",
    payloads: click("add"),
    check: (response, nth) => {
      const all = JSON.stringify(diffOf(response));
      return all?.includes(`[["messages-${nth + 10}",-1,-50,`) && all.includes(`Message number ${nth + 10}"`)
        ? undefined
        : `expected messages-${nth + 10} to be inserted at the end with limit -50, got ${shown(response)}`;
    },
  },
  "room say": {
    path: "/room",
    payloads: [['{"type":"click","event":"say","value":{"text":"lgm:', { digits: 8 }, ':hello"}}']],
    // The change comes as a push, to all; see fanout-load.ts.
    check: () => undefined,
  },
} as const satisfies Record<string, PageEvent>;

export type PageEventName = keyof typeof pageEvents;

function expectTexts(response: unknown, expected: readonly string[]): string | undefined {
  const got = texts(diffOf(response));
  return got.length === expected.length && got.every((text, i) => text === expected[i])
    ? undefined
    : `expected the diff to hold ${JSON.stringify(expected)}, got ${shown(response)}`;
}

function diffOf(response: unknown): unknown {
  return isObject(response) ? response["diff"] : undefined;
}

/** All texts that a diff puts on the page, in its order; statics are not counted. */
function texts(node: unknown): string[] {
  if (typeof node === "string") return [node];
  if (Array.isArray(node)) return node.flatMap(texts);
  if (!isObject(node)) return [];
  return Object.entries(node).flatMap(([key, value]) => (key === "s" || key === "p" ? [] : texts(value)));
}

/** The entries of the first list in a diff. */
function entries(node: unknown): unknown[] {
  if (!isObject(node)) return [];
  if (isObject(node["k"])) {
    const { kc: _count, km: _moved, ...positions } = node["k"];
    return Object.values(positions);
  }
  for (const value of Object.values(node)) {
    const found = entries(value);
    if (found.length > 0) return found;
  }
  return [];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? "nothing").slice(0, 300);
}
