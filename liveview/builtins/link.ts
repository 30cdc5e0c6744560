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

/** Where to; one of the three. `replace`: the entry in the browser's history. */
type LinkTarget =
  | { readonly navigate: string; readonly replace?: boolean; readonly patch?: never; readonly href?: never }
  | { readonly patch: string; readonly replace?: boolean; readonly navigate?: never; readonly href?: never }
  | { readonly href: string; readonly replace?: never; readonly navigate?: never; readonly patch?: never };

export type LinkInputs = LinkTarget & {
  readonly inner: Slot;
  /** With `href` only. Default "get". The client's script sends a form. */
  readonly method?: "get" | "post" | "put" | "patch" | "delete";
  /** For other methods than "get". Default: the page's `<meta name="csrf-token">`. */
  readonly csrfToken?: string;
  readonly [name: `aria-${string}` | `data-${string}` | `phx-${string}`]: AttributeInput;
} & Omit<GlobalAttributes, `aria-${string}` | `data-${string}` | `phx-${string}`> & {
    readonly [name in "download" | "hreflang" | "referrerpolicy" | "rel" | "target" | "type"]?: AttributeInput;
  };

export const link: (inputs: LinkInputs) => ComponentCall = component(
  ({ navigate, patch, href, replace, method = "get", csrfToken, inner, ...rest }: LinkInputs) => {
    const live = patch !== undefined ? "patch" : navigate !== undefined ? "redirect" : undefined;
    const to = patch ?? navigate ?? href;
    const sends = method !== "get";
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
