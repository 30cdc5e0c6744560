/**
 * Recovery: after a view was mounted anew, its forms tell it again what the user had entered.
 *
 *   old page                          new tree
 *   <form id="f" phx-change="v">  ──  <form id="f" phx-change="v">   ->  event "v" with the old page's values
 *
 * A form without id, with `phx-auto-recover="ignore"`, or whose binding changed is left alone.
 */
import type { EventPayload, ReplyResponse } from "../liveview/protocol.ts";
import type { PushHandlers } from "./channel.ts";
import { cidAround, pushesOf, valueFrom } from "./commands.ts";
import { serializeForm } from "./forms.ts";
import { teleportedOf } from "./portals.ts";

/** The view's forms that could be recovered, from the page as it is. */
export function recoverableForms(container: Element): HTMLFormElement[] {
  const roots = [container, ...teleportedOf(container.id)];
  return roots
    .flatMap((root) => [...root.querySelectorAll<HTMLFormElement>("form[phx-change][id]")])
    .filter(
      (form) =>
        roots.includes(form.closest("[data-phx-session], [data-phx-teleported]")!) &&
        form.getAttribute("phx-auto-recover") !== "ignore" &&
        firstInput(form) !== undefined,
    );
}

/**
 * Tells the server what the user had entered.
 *
 * @param next the view's new HTML, not on the page yet
 * @param push sends an event of the view
 * @param answered called with each reply
 * @param done called after the last of them; at once when there is nothing to tell
 */
export function recover(
  forms: readonly HTMLFormElement[],
  next: Element,
  viewId: string,
  push: (payload: EventPayload, handlers: PushHandlers) => void,
  answered: (response: ReplyResponse) => void,
  done: () => void,
): void {
  const payloads = recoveryEvents(forms, next, viewId);
  let awaited = payloads.length;
  const settle = () => {
    awaited -= 1;
    if (awaited === 0) done();
  };
  const ok = (response: ReplyResponse) => {
    answered(response);
    settle();
  };
  for (const payload of payloads) push(payload, { ok, error: settle, timeout: settle });
  if (awaited === 0) done();
}

function recoveryEvents(forms: readonly HTMLFormElement[], next: Element, viewId: string): EventPayload[] {
  return forms.flatMap((form) => {
    const to = findForm(next, form.id);
    if (to?.getAttribute("phx-change") !== form.getAttribute("phx-change")) return [];
    const binding = to!.getAttribute("phx-auto-recover") || to!.getAttribute("phx-change")!;
    return pushesOf(binding).flatMap(({ event, value, target }) => {
      if (!event) return [];
      const meta = { _target: firstInput(form)!.name, ...valueFrom(form), ...value };
      const cid = cidOf(target ?? to!.getAttribute("phx-target"), next, viewId);
      const payload: EventPayload = { type: "form", event, value: serializeForm(form), meta, uploads: {} };
      return [cid === null ? payload : { ...payload, cid }];
    });
  });
}

/** In the new HTML: also in the templates of portals. */
function findForm(root: ParentNode, id: string): Element | null {
  const form = root.querySelector(`form[id="${CSS.escape(id)}"]`);
  if (form) return form;
  for (const template of root.querySelectorAll<HTMLTemplateElement>("template[data-phx-portal]")) {
    const inside = findForm(template.content, id);
    if (inside) return inside;
  }
  return null;
}

/** The first field the user could have filled in; else the first of all. */
function firstInput(form: HTMLFormElement): HTMLInputElement | undefined {
  const inputs = ([...form.elements] as HTMLInputElement[]).filter(
    (input) => input.name && input.tagName !== "FIELDSET" && !input.hasAttribute("phx-change"),
  );
  return inputs.find(({ type }) => type !== "hidden") ?? inputs[0];
}

function cidOf(target: string | number | null, next: Element, viewId: string): number | null {
  if (target === null) return null;
  if (/^\d+$/.test(String(target))) return Number(target);
  const match = next.querySelector(String(target));
  return match && cidAround(match, viewId);
}
