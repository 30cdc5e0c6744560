import { describe, expect, test } from "vitest";
import { Entries, type EntryState } from "../../../client/navigation/entries.ts";

/** A browser's history of one tab, with the session storage beside it. */
class Tab {
  readonly stack: { state: unknown; url: string }[] = [{ state: null, url: "/a" }];
  at = 0;
  readonly stored = new Map<string, string>();

  readonly storage = {
    getItem: (key: string) => this.stored.get(key) ?? null,
    setItem: (key: string, value: string) => void this.stored.set(key, value),
  };

  get state(): EntryState {
    return this.stack[this.at]!.state as EntryState;
  }

  pushState(state: unknown, _title: string, url?: string | URL | null): void {
    this.stack.splice(this.at + 1, Infinity, { state, url: String(url) });
    this.at += 1;
  }

  replaceState(state: unknown, _title: string, url?: string | URL | null): void {
    this.stack[this.at] = { state, url: url == null ? this.stack[this.at]!.url : String(url) };
  }

  /** A page is loaded: at a new entry, or at one that is there. */
  load(url?: string): Entries {
    if (url !== undefined) this.pushState(null, "", url);
    const entries = new Entries(this, this.storage);
    entries.begin("phx-1");
    return entries;
  }
}

describe("Entries", () => {
  test("where the session's storage is full, positions go on without it", () => {
    const tab = new Tab();
    tab.storage.setItem = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
    const entries = tab.load();
    entries.record("push", "patch", "phx-1", "/a?p=2");
    expect(tab.state).toMatchObject({ position: 1 });
    expect(entries.moveTo({ position: 0, backType: "patch" })).toMatchObject({ direction: "backward", undo: 1 });
  });

  const tooMuch = (): never => {
    throw new DOMException("more than 100 times per 10 seconds", "SecurityError");
  };
  test.each([
    ["that throws", tooMuch],
    ["that only warns", () => {}],
  ])(
    "what a browser %s refuses, for it has been too much, leaves the entry and its position where they were",
    (_, refuse) => {
      const tab = new Tab();
      const entries = tab.load();
      const allowed = [tab.pushState, tab.replaceState] as const;
      tab.pushState = tab.replaceState = refuse;
      entries.record("push", "patch", "phx-1", "/a?p=2");
      entries.record("replace", "patch", "phx-1", "/a?p=3");
      entries.keepScroll(10);
      expect(tab.stack).toHaveLength(1);
      [tab.pushState, tab.replaceState] = allowed;
      entries.record("push", "patch", "phx-1", "/a?p=4");
      expect(tab.state).toMatchObject({ position: 1 });
      expect(tab.stack[0]!.state).toMatchObject({ position: 0, backType: "patch" });
    },
  );

  test("a position in the session's storage that is none counts as the first", () => {
    const tab = new Tab();
    tab.stored.set("phx:nav-history-position", "far");
    tab.load("/b");
    expect(tab.state).toMatchObject({ position: 1 });
  });

  test("N8: each entry tells how one comes to it from the one before, and back to it from the one after", () => {
    const tab = new Tab();
    const entries = tab.load();
    entries.record("push", "patch", "phx-1", "/a?p=2");
    entries.record("push", "redirect", "phx-1", "/b");
    expect(tab.stack).toEqual([
      { url: "/a", state: { type: "patch", id: "phx-1", position: 0, backType: "patch" } },
      { url: "/a?p=2", state: { type: "patch", id: "phx-1", position: 1, backType: "redirect" } },
      { url: "/b", state: { type: "redirect", id: "phx-1", position: 2 } },
    ]);
    expect(tab.stored.get("phx:nav-history-position")).toBe("2");
  });

  test("N8: positions tell which way the browser has moved, and what has to be done there", () => {
    const tab = new Tab();
    const entries = tab.load();
    entries.record("push", "redirect", "phx-1", "/b");
    entries.record("push", "patch", "phx-1", "/b?p=2");
    const move = (to: number) => {
      tab.at = to;
      const found = entries.moveTo(tab.state);
      entries.moved(tab.state);
      return found;
    };
    expect(move(1)).toEqual({ type: "patch", direction: "backward", undo: 1 });
    expect(move(0)).toEqual({ type: "redirect", direction: "backward", undo: 1 });
    expect(move(1)).toEqual({ type: "redirect", direction: "forward", undo: -1 });
    expect(move(2)).toEqual({ type: "patch", direction: "forward", undo: -1 });
    expect(move(0)).toEqual({ type: "redirect", direction: "backward", undo: 2 });
    expect(tab.stored.get("phx:nav-history-position")).toBe("0");
  });

  test("a move that is not gone along with leaves the position as it was", () => {
    const tab = new Tab();
    const entries = tab.load();
    entries.record("push", "patch", "phx-1", "/a?p=2");
    tab.at = 0;
    expect(entries.moveTo(tab.state).direction).toBe("backward");
    expect(entries.moveTo(tab.state).direction).toBe("backward");
  });

  test("N7: a replaced entry keeps its place, and how its neighbours come to it", () => {
    const tab = new Tab();
    const entries = tab.load();
    entries.record("push", "redirect", "phx-1", "/b");
    entries.record("replace", "patch", "phx-1", "/b?p=2");
    expect(tab.stack[1]).toEqual({ url: "/b?p=2", state: { type: "redirect", id: "phx-1", position: 1 } });
    tab.at = 0;
    entries.moved(tab.state);
    entries.record("replace", "redirect", "phx-1", "/c");
    expect(tab.stack[0]).toEqual({
      url: "/c",
      state: { type: "redirect", id: "phx-1", position: 0, backType: "redirect" },
    });
    expect(tab.stack).toHaveLength(2);
  });

  test("N7: replaced by another view, it is come back to as to another view", () => {
    const tab = new Tab();
    const entries = tab.load();
    entries.record("push", "patch", "phx-1", "/a?p=2");
    tab.at = 0;
    entries.moved(tab.state);
    entries.record("replace", "redirect", "phx-1", "/c");
    expect(tab.state).toEqual({ type: "redirect", id: "phx-1", position: 0, backType: "redirect" });
  });

  test("N15: the scroll position is kept beside what else is known, and not carried on", () => {
    const tab = new Tab();
    const entries = tab.load();
    entries.keepScroll(820);
    entries.record("push", "redirect", "phx-1", "/b");
    expect(tab.stack[0]!.state).toEqual({
      type: "patch",
      id: "phx-1",
      position: 0,
      scroll: 820,
      backType: "redirect",
    });
    expect(tab.state).not.toHaveProperty("scroll");
  });

  test("positions go on over page loads, and a page that is loaded again keeps its own", () => {
    const tab = new Tab();
    tab.load().record("push", "patch", "phx-1", "/a?p=2");
    tab.load("/other");
    expect(tab.state).toEqual({ type: "patch", id: "phx-1", position: 2 });
    tab.at = 1;
    const again = tab.load();
    expect(tab.state.position).toBe(1);
    tab.at = 2;
    expect(again.moveTo(tab.state).direction).toBe("forward");
  });

  test("an entry that the browser has made for a fragment becomes one of ours", () => {
    const tab = new Tab();
    const entries = tab.load();
    tab.pushState(null, "", "/a#x");
    entries.movedWithin("phx-1");
    expect(tab.state).toEqual({ type: "patch", id: "phx-1", position: 1 });
    tab.at = 0;
    entries.movedWithin("phx-1");
    expect(tab.stored.get("phx:nav-history-position")).toBe("0");
  });

  test("an entry of somebody else is come to as to another view; the state that it has is kept", () => {
    const tab = new Tab();
    const entries = tab.load();
    tab.pushState({ theirs: true }, "", "/theirs");
    expect(entries.moveTo(tab.state)).toEqual({ type: "redirect", direction: "backward", undo: 1 });
    entries.keepScroll(5);
    expect(tab.state).toEqual({ theirs: true, scroll: 5 });
  });

  test("works without storage", () => {
    const tab = new Tab();
    const entries = new Entries(tab, null);
    entries.begin("phx-1");
    entries.record("push", "patch", "phx-1", "/a?p=2");
    expect(tab.state.position).toBe(1);
  });
});
