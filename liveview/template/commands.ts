/**
 * Commands: what the browser does by itself when something happens, as a value for a `phx-` attribute.
 *
 *   <button phx-click=${JS.push("close").hide({ to: "#modal" })}>
 *   phx-click="[[&quot;push&quot;,{&quot;event&quot;:&quot;close&quot;}],[&quot;hide&quot;,{&quot;to&quot;:&quot;#modal&quot;}]]"
 *
 * Only such a value becomes commands: a client takes every binding that begins with "[" for a list of them, so text that
 * does is refused there (it becomes "#blocked"), wherever it comes from.
 * Commands are immutable; one may be kept in a constant and be extended in several places.
 * Source: the wire protocol, section 13; Phoenix.LiveView.JS.
 */
import { safeUrl, urlAttribute } from "./safe-url.ts";
import { kindOf, TemplateError } from "./template-errors.ts";

/** Which elements: absent, the one with the binding; a selector in the document, below it, or its nearest ancestor. */
export type Selector = string | { readonly inner: string } | { readonly closest: string };

/** Class names while it runs; or those while it runs, at its start, and at its end. */
export type Transition = string | readonly [running: string, start: string, end: string];

export interface TargetOptions {
  /** Default: the element with the binding. */
  readonly to?: Selector;
}

export interface PushOptions {
  /** Sent with the event; wins over `phx-value-`. */
  readonly value?: Readonly<Record<string, unknown>>;
  /** Who gets the event: a selector, or a component's number. Default: the view or component around the element. */
  readonly target?: string | number;
  /** Selector of further elements that show that the event is under way. */
  readonly loading?: string;
  readonly pageLoading?: boolean;
}

export interface TransitionOptions extends TargetOptions {
  readonly transition?: Transition;
  /** Milliseconds; default 200. */
  readonly time?: number;
  /** Do patches of the page wait until it is over? Default true. */
  readonly blocking?: boolean;
}

export interface ShowOptions extends TransitionOptions {
  /** Default "block". */
  readonly display?: string;
}

export interface ToggleOptions extends TargetOptions {
  readonly in?: Transition;
  readonly out?: Transition;
  readonly display?: string;
  readonly time?: number;
  readonly blocking?: boolean;
}

export interface DispatchOptions extends TargetOptions {
  readonly detail?: unknown;
  /** Default true. */
  readonly bubbles?: boolean;
  /** Patches wait until the handler calls `event.detail.done()`. */
  readonly blocking?: boolean;
}

type Command = readonly [op: string, args: Readonly<Record<string, unknown>>];

/** A list of commands. Begins with `JS`; every method makes a longer list. */
export class Commands {
  readonly #commands: readonly Command[];

  /** @internal */
  constructor(commands: readonly Command[]) {
    this.#commands = commands;
  }

  /** Sends an event to the view, as `phx-click="event"` does. */
  push(event: string, options: PushOptions = {}): Commands {
    const { value, target, loading, pageLoading } = options;
    return this.#with("push", { event: text("push", event), value, target, loading, page_loading: pageLoading });
  }

  /** Dispatches a CustomEvent in the browser. */
  dispatch(event: string, options: DispatchOptions = {}): Commands {
    return this.#with("dispatch", { event: text("dispatch", event), ...options });
  }

  show(options: ShowOptions = {}): Commands {
    return this.#with("show", { ...options, transition: classes(options.transition) });
  }

  hide(options: TransitionOptions = {}): Commands {
    return this.#with("hide", { ...options, transition: classes(options.transition) });
  }

  /** Shows what is hidden, and hides what is shown. */
  toggle(options: ToggleOptions = {}): Commands {
    const { in: ins, out: outs, ...rest } = options;
    return this.#with("toggle", { ...rest, ins: classes(ins), outs: classes(outs) });
  }

  addClass(names: string, options: TransitionOptions = {}): Commands {
    return this.#classes("add_class", names, options);
  }

  removeClass(names: string, options: TransitionOptions = {}): Commands {
    return this.#classes("remove_class", names, options);
  }

  toggleClass(names: string, options: TransitionOptions = {}): Commands {
    return this.#classes("toggle_class", names, options);
  }

  /** Puts classes on for a time. */
  transition(transition: Transition, options: Omit<TransitionOptions, "transition"> = {}): Commands {
    return this.#with("transition", { ...options, transition: classes(transition) });
  }

  setAttribute(name: string, value: string, options: TargetOptions = {}): Commands {
    return this.#with("set_attr", { ...options, attr: [attribute(name), attributeText(name, value)] });
  }

  removeAttribute(name: string, options: TargetOptions = {}): Commands {
    return this.#with("remove_attr", { ...options, attr: attribute(name) });
  }

  /** With one value: sets the attribute or takes it off. With two: changes between them. */
  toggleAttribute(name: string, value: string, other?: string, options: TargetOptions = {}): Commands {
    const values = (other === undefined ? [value] : [value, other]).map((one) => attributeText(name, one));
    const attr = [attribute(name), ...values];
    return this.#with("toggle_attr", { ...options, attr });
  }

  /** Patches leave these attributes alone from now on. `*` in a name stands for anything. */
  ignoreAttributes(names: readonly string[], options: TargetOptions = {}): Commands {
    return this.#with("ignore_attrs", { ...options, attrs: names });
  }

  focus(options: TargetOptions = {}): Commands {
    return this.#with("focus", { ...options });
  }

  /** Focuses the first thing in it that can have the focus. */
  focusFirst(options: TargetOptions = {}): Commands {
    return this.#with("focus_first", { ...options });
  }

  /** Remembers where the focus goes back to. */
  pushFocus(options: TargetOptions = {}): Commands {
    return this.#with("push_focus", { ...options });
  }

  popFocus(): Commands {
    return this.#with("pop_focus", {});
  }

  /** Goes to another view, without loading a page. */
  navigate(href: string, options: { readonly replace?: boolean } = {}): Commands {
    return this.#with("navigate", { href: url("navigate", href), replace: options.replace });
  }

  /** Goes to another address of the same view. */
  patch(href: string, options: { readonly replace?: boolean } = {}): Commands {
    return this.#with("patch", { href: url("patch", href), replace: options.replace });
  }

  /** Runs the commands in an attribute of the targets. */
  exec(attr: string, options: TargetOptions = {}): Commands {
    return this.#with("exec", { ...options, attr: attribute(attr) });
  }

  /** All of another list behind this one. */
  concat(other: Commands): Commands {
    return new Commands([...this.#commands, ...other.#commands]);
  }

  /** What travels: also for payloads of `pushEvent`. */
  toJSON(): readonly Command[] {
    return this.#commands;
  }

  #classes(op: string, names: string, options: TransitionOptions): Commands {
    return this.#with(op, { ...options, names: words(text(op, names)), transition: classes(options.transition) });
  }

  #with(op: string, args: Readonly<Record<string, unknown>>): Commands {
    return new Commands([...this.#commands, [op, args]]);
  }
}

/** The empty list of commands: every list begins here, `JS.push("inc")`. */
export const JS: Commands = new Commands([]);

function classes(transition: Transition | undefined): readonly (readonly string[])[] | undefined {
  if (transition === undefined) return undefined;
  return typeof transition === "string" ? [words(transition), [], []] : transition.map(words);
}

function words(names: string): string[] {
  return names.split(/\s+/).filter((name) => name !== "");
}

function attribute(name: string): string {
  if (/^(?:on|srcdoc$)/i.test(text("attribute", name))) {
    throw new TemplateError(`JS: expected an attribute that does not run as code, got "${name}".`);
  }
  return name;
}

function attributeText(name: string, value: string): string {
  return urlAttribute("a", name.toLowerCase()) === null ? value : safeUrl(value, "url");
}

function url(op: string, href: string): string {
  return safeUrl(text(op, href), "url");
}

function text(op: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw new TemplateError(`JS.${op}: expected a string, got ${value === "" ? "an empty one" : kindOf(value)}.`);
}
