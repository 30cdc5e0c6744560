/**
 * Entries: what the browser's history keeps about the way through the live views.
 *
 *   position        4                    5                     6
 *   type          "patch"             "redirect"            "patch"          how it was come to from the one before
 *   backType      "redirect"          "patch"                  –             how it is come back to from the one after
 *   scroll          820                  0                    120
 *                  /rows ──navigate──▶ /rows/1 ──patch──▶ /rows/1?tab=b
 *
 * The position of the present entry is kept in the session's storage, so that it goes on over page loads. A popstate tells
 * only where the browser is now: positions tell which way it went, and the types what has to be done.
 */

const positionKey = "phx:nav-history-position";

export type EntryType = "patch" | "redirect";

/** `history.state`; anything of it may be missing where the entry is not ours. */
export interface EntryState {
  readonly type?: EntryType;
  /** Id of the main view's container. */
  readonly id?: string;
  readonly position?: number;
  readonly backType?: EntryType;
  /** Pixels from the top. */
  readonly scroll?: number;
}

/** What a popstate means. */
export interface Move {
  readonly type: EntryType;
  readonly direction: "forward" | "backward";
  /** For `history.go`: what takes it back. */
  readonly undo: number;
}

/** @param storage null where the browser forbids it: positions then begin anew with each page load */
export class Entries {
  readonly #history: Pick<History, "state" | "pushState" | "replaceState">;
  readonly #storage: Pick<Storage, "getItem" | "setItem"> | null;
  #position = 0;

  constructor(
    history: Pick<History, "state" | "pushState" | "replaceState">,
    storage: Pick<Storage, "getItem" | "setItem"> | null,
  ) {
    this.#history = history;
    this.#storage = storage;
  }

  /** The state of the present entry. */
  get current(): EntryState {
    return (this.#history.state as EntryState | null) ?? {};
  }

  /** A page was loaded. Its entry is a new one, or one that was come back to. */
  begin(id: string): void {
    this.#position = Number(this.#storage?.getItem(positionKey) ?? -1) || 0;
    this.movedWithin(id);
  }

  /** Goes on to an address from the present entry, or puts it in its place. */
  record(how: "push" | "replace", type: EntryType, id: string, to: string): void {
    if (how === "replace") {
      // The entry keeps its place between its neighbours, who come to it as before unless it is another view now.
      const { backType, ...old } = this.current;
      const merged = (was: EntryType): EntryType => (type === "redirect" ? type : was);
      const back = backType ? { backType: merged(backType) } : {};
      const state = { type: merged(old.type ?? "patch"), id, position: this.#position, ...back };
      unlessRefused(() => this.#history.replaceState(state, "", to));
    } else {
      const position = this.#position + 1;
      this.#update({ backType: type });
      unlessRefused(() => {
        this.#history.pushState({ type, id, position }, "", to);
      });
      if (this.current.position === position) this.#moveTo(position);
    }
  }

  /** Notes how far the present entry is scrolled. */
  keepScroll(scroll: number): void {
    this.#update({ scroll });
  }

  /** What the browser's move to an entry means. Entries that are not ours are come to as to another view. */
  moveTo({ position, type, backType }: EntryState): Move {
    const steps = (position ?? this.#position - 1) - this.#position;
    const isForward = steps > 0;
    return {
      type: (isForward ? type : (backType ?? type)) ?? "redirect",
      direction: isForward ? "forward" : "backward",
      undo: -steps || 1,
    };
  }

  /** The browser's move to an entry was gone along with. */
  moved({ position }: EntryState): void {
    if (position !== undefined) this.#moveTo(position);
  }

  /** The browser has moved within the page: to an entry that it has just made for a fragment, or to an older one. */
  movedWithin(id: string): void {
    const { position } = this.current;
    this.#moveTo(position ?? this.#position + 1);
    if (position === undefined) this.#update({ type: "patch", id, position: this.#position });
  }

  #update(change: EntryState): void {
    unlessRefused(() => this.#history.replaceState({ ...this.current, ...change }, ""));
  }

  #moveTo(position: number): void {
    this.#position = position;
    try {
      this.#storage?.setItem(positionKey, String(position));
    } catch {
      // It is full: positions go on from the one kept last.
    }
  }
}

/**
 * Browsers refuse more than some hundred changes within seconds, as a view makes them that patches without a rest: some
 * throw, others do nothing. What the page shows is right all the same; the address is again with the first change that they
 * allow.
 */
function unlessRefused(change: () => void): void {
  try {
    change();
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
  }
}
