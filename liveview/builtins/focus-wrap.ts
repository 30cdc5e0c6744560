/**
 * focusWrap: keeps the focus within, as dialogs must. Tab from the last goes to the first, and back; when it is shown,
 * the first thing that can have the focus gets it.
 *
 *   focusWrap({ id: "confirm", inner: html`<button>Yes</button><button>No</button>` })
 *
 * The markup, and the hook by its name, are those that the official client knows.
 */
import { attrs, type GlobalAttributes } from "../template/attributes.ts";
import { type ComponentCall, component } from "../template/function-component.ts";
import { renderSlot, type Slot } from "../template/slots.ts";
import { html } from "../template/template.ts";

export type FocusWrapInputs = GlobalAttributes & { readonly id: string; readonly inner: Slot };

export const focusWrap: (inputs: FocusWrapInputs) => ComponentCall = component(
  ({ id, inner, ...rest }: FocusWrapInputs) => html`
    <div id=${id} phx-hook="Phoenix.FocusWrap" ${attrs(rest)}>
      <div id="${id}-start" tabindex="0" aria-hidden="true"></div>
      ${renderSlot(inner)}
      <div id="${id}-end" tabindex="0" aria-hidden="true"></div>
    </div>`,
);
