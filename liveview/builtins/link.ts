/**
 * link: an anchor that moves within the live page, or away from it.
 *
 *   link({ patch: "/rows?page=2", inner: "2" })             same view, other params
 *   link({ navigate: "/rows/1", inner: "Row 1" })           another view, without loading a page
 *   link({ href: "/about", inner: "About" })                an ordinary link
 *   link({ href: "/session", method: "delete", ... })       a form's request, by the client's script
 */
import { attrs, type GlobalAttributes } from "../template/attributes.ts";
import { type ComponentCall, component } from "../template/function-component.ts";
import type { AttributeInput } from "../template/rendered.ts";
import { renderSlot, type Slot } from "../template/slots.ts";
import { html } from "../template/template.ts";
import { TemplateError } from "../template/template-errors.ts";

/** The view itself changes the page. */
interface LiveTarget {
  /** The entry in the browser's history. Default false. */
  readonly replace?: boolean;
  readonly href?: never;
  readonly method?: never;
  readonly csrfToken?: never;
}

/** Where to; one of the three. */
type LinkTarget =
  | (LiveTarget & { readonly navigate: string; readonly patch?: never })
  | (LiveTarget & { readonly patch: string; readonly navigate?: never })
  | {
      readonly href: string;
      /** Default "get". Others are sent by the client's script, as a form. */
      readonly method?: "get" | "post" | "put" | "patch" | "delete";
      /** For other methods than "get". Default: the page's `<meta name="csrf-token">`. */
      readonly csrfToken?: string;
      readonly replace?: never;
      readonly navigate?: never;
      readonly patch?: never;
    };

export type LinkInputs = LinkTarget & {
  readonly inner: Slot;
  readonly [name: `aria-${string}` | `data-${string}` | `phx-${string}`]: AttributeInput;
} & Omit<GlobalAttributes, `aria-${string}` | `data-${string}` | `phx-${string}`> & {
    readonly [name in "download" | "hreflang" | "referrerpolicy" | "rel" | "target" | "type"]?: AttributeInput;
  };

export const link: (inputs: LinkInputs) => ComponentCall = component(
  ({ navigate, patch, href, replace, method = "get", csrfToken, inner, ...rest }: LinkInputs) => {
    const live = patch !== undefined ? "patch" : navigate !== undefined ? "redirect" : undefined;
    const to = patch ?? navigate ?? href;
    if (to === undefined)
      throw new TemplateError("link(): expected one of patch, navigate and href, got none of them.");
    const sends = method !== "get" && live === undefined;
    return html`<a ${attrs({
      href: to,
      "data-phx-link": live,
      "data-phx-link-state": live && (replace ? "replace" : "push"),
      "data-method": sends && method,
      "data-csrf": sends && csrfToken,
      "data-to": sends && to,
      ...rest,
    })}>${renderSlot(inner)}</a>`;
  },
);
