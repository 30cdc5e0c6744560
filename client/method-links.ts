/**
 * Links of other methods: `<a data-method="delete" data-to="/session" data-csrf="...">` sends a form.
 *
 * With the official client the script of phoenix_html does this; where that is on the page, it comes first, and this stays
 * out of its way.
 */

/** Starts listening, for the life of the page. */
export function bindMethodLinks(): void {
  window.addEventListener("click", (event) => {
    if (event.defaultPrevented || !(event.target instanceof Element)) return;
    const link = event.target.closest<HTMLElement>("[data-method][data-to]");
    const to = link?.dataset["to"];
    if (!link || !to || !isHttp(to)) return;
    event.preventDefault();
    submit(link.dataset["method"]!, to, link.dataset["csrf"] ?? metaToken(), link.getAttribute("target"));
  });
}

function submit(method: string, action: string, csrf: string | undefined, target: string | null): void {
  const form = document.createElement("form");
  form.method = method === "get" ? "get" : "post";
  form.action = action;
  form.style.display = "none";
  if (target) form.target = target;
  // A token is for this site alone.
  const isOurs = new URL(action, window.location.href).origin === window.location.origin;
  if (csrf && isOurs && method !== "get") form.append(hidden("_csrf_token", csrf));
  if (method !== "get" && method !== "post") form.append(hidden("_method", method));
  document.body.append(form);
  HTMLFormElement.prototype.submit.call(form);
  form.remove();
}

function hidden(name: string, value: string): HTMLInputElement {
  const input = document.createElement("input");
  input.type = "hidden";
  input.name = name;
  input.value = value;
  return input;
}

function metaToken(): string | undefined {
  return document.querySelector<HTMLMetaElement>("meta[name='csrf-token']")?.content;
}

function isHttp(to: string): boolean {
  return /^https?:$/.test(new URL(to, window.location.href).protocol);
}
