/**
 * portal: content that stands elsewhere in the document, and still belongs to its view.
 *
 *   portal({ id: "dialog", target: "body", inner: html`<div class="dialog">…</div>` })
 *
 * On the page it is a template; the client moves what is in it to the end of the target, and keeps it up to date there.
 * Portals may stand in portals, five deep, and views in them; of such a view the official client does not notice that it
 * has left the page and come back. Without JavaScript none of it is shown. Source: the wire protocol, section 16.3.
 */
import { type ComponentCall, component } from "../template/function-component.ts";
import type { AttributeInput } from "../template/rendered.ts";
import type { Slot } from "../template/slots.ts";
import { html } from "../template/template.ts";
import { kindOf, TemplateError } from "../template/template-errors.ts";
import { dynamicTag } from "./dynamic-tag.ts";

export interface PortalInputs {
  /** Unique in the page. */
  readonly id: string;
  /** Selector of the element to be moved into; the first one that matches. */
  readonly target: string;
  readonly inner: Slot;
  /** Tag of the element that is moved. Default "div". */
  readonly container?: string;
  readonly class?: AttributeInput;
}

export const portal: (inputs: PortalInputs) => ComponentCall = component(
  ({ id, target, inner, container = "div", class: names }: PortalInputs) => {
    requireText("id", id);
    requireText("target", target);
    return html`<template id=${id} data-phx-portal=${target}>${dynamicTag({
      tag: container,
      id: `_lv_portal_wrap_${id}`,
      class: names,
      inner,
    })}</template>`;
  },
);

function requireText(name: string, value: unknown): void {
  if (typeof value === "string" && value !== "") return;
  throw new TemplateError(
    `portal(): expected ${name} to be a string, got ${value === "" ? "an empty one" : kindOf(value)}.`,
  );
}
