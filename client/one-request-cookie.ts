/**
 * Cookies by which this page tells the next request something: short-lived, and deleted by the server that reads them.
 */
const MAX_AGE_SECONDS = 60;

type CookieName = "__phoenix_flash__" | "__phoenix_reload_status__";

/** Leaves a cookie for the next page load. */
export function leaveCookie(name: CookieName, token: string): void {
  set(name, token, MAX_AGE_SECONDS);
}

/** Takes back a cookie that no page load has taken. */
export function dropCookie(name: CookieName): void {
  set(name, "", 0);
}

function set(name: CookieName, token: string, maxAgeSeconds: number): void {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is asynchronous, and the page leaves at once
  document.cookie = `${name}=${token}; max-age=${maxAgeSeconds}; path=/; samesite=lax`;
}
