/**
 * Container: the element of a view, which is the server's and the client's at once.
 *
 *   <main id="phx-1" data-phx-main data-phx-session="TOK" data-phx-static="TOK"    what the view is joined with
 *         data-phx-root-id="phx-1" class="wide phx-connected">                     the server's class, and the view's state
 */

/** What the view is joined with, and what the page knows it by: other attributes are the server's to say. */
const identity = new Set(["id", "data-phx-session", "data-phx-static", "data-phx-main", "data-phx-root-id"]);
const stateClasses = ["phx-connected", "phx-loading", "phx-error", "phx-client-error", "phx-server-error"];

export type ContainerState = "phx-connected" | "phx-loading" | "phx-client-error" | "phx-server-error";

export function showState(el: Element, state: ContainerState): void {
  el.classList.remove(...stateClasses);
  el.classList.add(state);
  if (state.endsWith("error")) el.classList.add("phx-loading", "phx-error");
}

/**
 * Makes it the container that another view of the same live session wants.
 *
 * @returns the element, or with another tag the one in its place
 */
export function dressAs(el: HTMLElement, tag: string, attributes: Readonly<Record<string, string>>): HTMLElement {
  const next = el.tagName === tag.toUpperCase() ? el : retagged(el, tag);
  const state = stateOf(el);
  for (const name of el.getAttributeNames()) {
    if (identity.has(name)) next.setAttribute(name, el.getAttribute(name)!);
    else next.removeAttribute(name);
  }
  for (const name in attributes) if (!identity.has(name)) next.setAttribute(name, attributes[name]!);
  next.classList.add(...state);
  return next;
}

/** Another view's container, within a patch: what the server says of it, but not how it was joined and how it is. */
export function mergeContainer(el: Element, to: Element): false {
  const sticky = el.hasAttribute("data-phx-sticky");
  for (const { name, value } of to.attributes) {
    const own = name === "data-phx-session" || name === "data-phx-static";
    if (own && !(sticky ? value !== "" : name === "data-phx-session" && el.getAttribute(name) === "")) continue;
    if (name === "class") el.className = [value, ...stateOf(el)].join(" ").trim();
    else if (el.getAttribute(name) !== value) el.setAttribute(name, value);
  }
  return false;
}

function retagged(el: HTMLElement, tag: string): HTMLElement {
  const next = document.createElement(tag);
  next.append(...el.childNodes);
  el.replaceWith(next);
  return next;
}

function stateOf(el: Element): string[] {
  return stateClasses.filter((name) => el.classList.contains(name));
}
