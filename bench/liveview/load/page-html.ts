/** What a browser takes from a dead render before it connects: cookie, CSRF token, and the view's container. */

export interface PageTokens {
  /** Value for a `cookie` header. */
  readonly cookie: string;
  readonly csrfToken: string;
  /** The container's id: the topic is `lv:` + id. */
  readonly id: string;
  readonly session: string;
  /** null when empty, as the browser client sends it. */
  readonly static: string | null;
}

/**
 * @param head status line and headers, as text
 * @throws {Error} when the page is no live view's
 */
export function pageTokens(head: string, html: string): PageTokens {
  const container = /<[a-z][^>]*\sdata-phx-session="[^>]*>/.exec(html)?.[0];
  if (container === undefined) throw new Error("The page has no element with data-phx-session.");
  const cookies = [...head.matchAll(/^set-cookie: *([^;\r\n]*)/gim)].map((match) => match[1]!);
  return {
    cookie: cookies.join("; "),
    csrfToken: attribute(/<meta[^>]*\sname="csrf-token"[^>]*>/.exec(html)?.[0] ?? "", "content"),
    id: attribute(container, "id"),
    session: attribute(container, "data-phx-session"),
    static: attribute(container, "data-phx-static", "") || null,
  };
}

function attribute(tag: string, name: string, fallback?: string): string {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1] ?? fallback;
  if (value === undefined) throw new Error(`The page has no ${name} in ${JSON.stringify(tag.slice(0, 100))}.`);
  return value.replaceAll("&quot;", '"').replaceAll("&#39;", "'").replaceAll("&amp;", "&");
}
