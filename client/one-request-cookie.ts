/**
 * Cookies by which this page tells the next request something: short-lived, and deleted by the server that reads them.
 */
const MAX_AGE_SECONDS = 60;

/** Leaves a cookie for the next page load. */
export function leaveCookie(name: "__phoenix_flash__" | "__phoenix_reload_status__", token: string): void {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is asynchronous, and the page leaves at once
  document.cookie = `${name}=${token}; max-age=${MAX_AGE_SECONDS}; path=/; samesite=lax`;
}
