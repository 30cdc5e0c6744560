/**
 * Commands: what a binding says to do.
 *
 *   phx-click="inc"                                        push the event "inc"
 *   phx-click='[["push",{"event":"close"}], ["dispatch",...]]'   run the commands in order
 *
 * Commands that change the page by themselves (show, hide, classes, attributes) have to outlive patches; this client
 * does not know them yet, and says so.
 */
import type { EventPayload } from "../liveview/protocol.ts";
import { markAllUsed, markUsed, rememberSubmitter, serializeForm } from "./forms.ts";
import type { Navigator } from "./navigation/navigator.ts";
import { portalSource } from "./portals.ts";
import type { Hold } from "./refs.ts";
import type { View } from "./view.ts";

/** A control of a form that can change. */
export type FormInput = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

/** What the user did; "remove": the element is about to go; "js": what the client itself wants to say, and be told when that is answered. */
export type Trigger =
  | { type: "click" | "keydown" | "keyup" | "focus" | "blur" | "remove"; data: Record<string, unknown> }
  | { type: "js"; data: Record<string, unknown>; done: () => void }
  | { type: "change"; input: FormInput }
  | { type: "submit"; submitter: HTMLElement | null };

/** What commands need of the page. */
export interface CommandHost {
  readonly navigator: Navigator;
  /** The view an element belongs to. */
  ownerOf(el: Element): View | null;
  /** Moves the focus without that counting as the user's doing. */
  silently(move: () => void): void;
}

interface PushArgs {
  event?: string;
  value?: Record<string, unknown>;
  target?: string | number;
  loading?: string;
}

type Command = [op: string, args: Record<string, unknown>];

/**
 * Does what a binding says.
 *
 * @param el the element that carries the binding
 * @param binding the attribute's value
 */
export function runBinding(host: CommandHost, el: Element, binding: string, trigger: Trigger): void {
  for (const [op, args] of commandsOf(binding)) runCommand(host, el, op, args, trigger);
}

/** The events that a binding would push. */
export function pushesOf(binding: string): PushArgs[] {
  return commandsOf(binding)
    .filter(([op]) => op === "push")
    .map(([, args]) => args);
}

/** `phx-value-*` and the element's own value, in the order in which later ones win. */
export function valueFrom(el: Element): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const { name, value: attribute } of el.attributes) {
    if (name.startsWith("phx-value-")) value[name.slice("phx-value-".length)] = attribute;
  }
  if (el instanceof HTMLFormElement) return value;
  const own = (el as HTMLInputElement).value as unknown;
  const unchecked = el instanceof HTMLInputElement && /^(?:checkbox|radio)$/.test(el.type) && !el.checked;
  if (own !== undefined && !unchecked) value["value"] = own;
  return value;
}

function commandsOf(binding: string): Command[] {
  return binding.startsWith("[") ? (JSON.parse(binding) as Command[]) : [["push", { event: binding }]];
}

function runCommand(host: CommandHost, el: Element, op: string, args: Record<string, unknown>, trigger: Trigger): void {
  switch (op) {
    case "push":
      push(host, el, args as PushArgs, trigger);
      return;
    case "dispatch":
      for (const to of elementsOf(el, args["to"])) {
        const detail = { ...((args["detail"] as object | undefined) ?? {}), dispatcher: el };
        to.dispatchEvent(new CustomEvent(String(args["event"]), { detail, bubbles: args["bubbles"] !== false }));
      }
      return;
    case "exec":
      for (const to of elementsOf(el, args["to"])) {
        const binding = to.getAttribute(String(args["attr"]));
        if (binding) runBinding(host, to, binding, trigger);
      }
      return;
    case "focus":
      for (const to of elementsOf(el, args["to"])) if (to instanceof HTMLElement) to.focus();
      return;
    case "navigate":
    case "patch":
      host.navigator.go(op === "patch" ? op : "redirect", {
        to: String(args["href"]),
        history: args["replace"] === true ? "replace" : "push",
        link: el,
      });
      return;
    default:
      console.error(
        `Command "${op}": expected push, dispatch, exec, focus, navigate or patch. Others are not run yet.`,
      );
  }
}

function push(host: CommandHost, el: Element, args: PushArgs, trigger: Trigger): void {
  const event = args.event;
  if (!event) {
    console.error("Command push: expected the name of an event, got none.", el);
    return;
  }
  for (const { view, cid } of targetsOf(host, el, args.target ?? el.getAttribute("phx-target"))) {
    const target: Target = cid === null ? {} : { cid };
    switch (trigger.type) {
      case "change":
        pushChange(view, event, target, trigger.input, args);
        break;
      case "submit":
        pushSubmit(host, view, event, target, el as HTMLFormElement, trigger.submitter, args);
        break;
      default: {
        const value = { ...trigger.data, ...valueFrom(el), ...args.value };
        const done = trigger.type === "js" ? trigger.done : undefined;
        view.push(
          { type: trigger.type, event, value, ...target },
          [hold(el, trigger.type), ...loading(el, args)],
          done,
        );
      }
    }
  }
}

type Target = { cid?: number };

function pushChange(view: View, event: string, target: Target, input: FormInput, args: PushArgs): void {
  const form = input.form;
  if (!form || !view.isConnected()) return;
  markUsed(input);
  const only = input.hasAttribute("phx-change") ? input.name : undefined;
  const payload: EventPayload = {
    type: "form",
    event,
    value: serializeForm(form, null, only),
    meta: { _target: input.name || "undefined", ...valueFrom(form), ...args.value },
    uploads: {},
    ...target,
  };
  view.push(payload, [hold(input, "change"), hold(form, "change"), ...loading(input, args)]);
}

function pushSubmit(
  host: CommandHost,
  view: View,
  event: string,
  target: Target,
  form: HTMLFormElement,
  submitter: HTMLElement | null,
  args: PushArgs,
): void {
  if (!view.isConnected() || form.classList.contains("phx-submit-loading")) return;
  markAllUsed(form);
  rememberSubmitter(form, submitter);
  const value = serializeForm(form, submitter); // before the hold disables the buttons
  const payload: EventPayload = {
    type: "form",
    event,
    value,
    meta: { ...valueFrom(form), ...args.value },
    ...target,
  };
  const parts = [...form.elements].filter((el) => /^(?:BUTTON|INPUT|TEXTAREA)$/.test(el.tagName));
  for (const el of form.querySelectorAll("[phx-disable-with]")) if (!parts.includes(el)) parts.push(el);
  const holds: Hold[] = [{ el: form, loading: "phx-submit-loading", lock: false }];
  for (const el of parts) holds.push({ el, loading: "phx-submit-loading", lock: true, freeze: true });
  pushWithoutFocus(host, view, payload, [...holds, ...loading(form, args)]);
}

/** With the focus taken away until the reply: what was entered is with the server now, and may change. */
function pushWithoutFocus(host: CommandHost, view: View, payload: EventPayload, holds: readonly Hold[]): void {
  const active = document.activeElement;
  const hasFocus = active instanceof HTMLElement && active !== document.body;
  if (hasFocus) host.silently(() => active.blur());
  view.push(payload, holds, () => {
    if (!hasFocus || !active.isConnected || document.activeElement !== document.body) return;
    host.silently(() => active.focus({ preventScroll: true }));
  });
}

function hold(el: Element, type: string): Hold {
  return { el, loading: `phx-${type}-loading`, lock: true };
}

/** Further elements that show the event under way. */
function loading(el: Element, args: PushArgs): Hold[] {
  return args.loading ? elementsOf(el, args.loading).map((other) => hold(other, "click")) : [];
}

/** Who gets the event: the view, a component by cid, or the components and views of all that match a selector. */
function targetsOf(
  host: CommandHost,
  el: Element,
  target: string | number | null,
): { view: View; cid: number | null }[] {
  if (target === null || /^\d+$/.test(String(target))) {
    const view = host.ownerOf(el);
    return view ? [{ view, cid: target === null ? null : Number(target) }] : [];
  }
  const matches = [...document.querySelectorAll(String(target))];
  if (matches.length === 0) console.error(`phx-target "${target}": expected an element to match, got none.`, el);
  return matches.flatMap((match) => {
    const view = host.ownerOf(match);
    return view ? [{ view, cid: cidAround(match, view.id) }] : [];
  });
}

/** The component of this view that the element is in, or is the root of. */
export function cidAround(el: Element, viewId: string): number | null {
  for (let at: Element | null = el; at !== null; at = portalSource(at)) {
    const root = at.closest("[data-phx-component]");
    if (root === null) continue;
    return root.getAttribute("data-phx-view") === viewId ? Number(root.getAttribute("data-phx-component")) : null;
  }
  return null;
}

function elementsOf(el: Element, to: unknown): Element[] {
  if (typeof to === "string") return [...document.querySelectorAll(to)];
  const { inner, closest } = (to ?? {}) as { inner?: string; closest?: string };
  if (inner) return [...el.querySelectorAll(inner)];
  if (closest) return [el.closest(closest)].filter((found) => found !== null);
  return [el];
}
