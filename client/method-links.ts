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
    if (!link) return;
    const { method, to, csrf = metaToken() } = link.dataset;
    const action = new URL(to!, window.location.href);
    if (!/^https?:$/.test(action.protocol)) return;
    event.preventDefault();
    submit(method!, action, csrf, link.getAttribute("target"));
  });
}

function metaToken(): string | undefined {
  return document.querySelector<HTMLMetaElement>("meta[name='csrf-token']")?.content;
}

function submit(method: string, action: URL, csrf: string | undefined, target: string | null): void {
  const form = document.createElement("form");
  const isGet = method === "get";
  form.method = isGet ? method : "post";
  form.action = action.href;
  form.hidden = true;
  if (target) form.target = target;
  const fields: Record<string, string> = {};
  // A token is for this site alone.
  if (csrf && action.origin === window.location.origin) fields["_csrf_token"] = csrf;
  if (method !== "post") fields["_method"] = method;
  for (const name in isGet ? {} : fields) {
    const input = document.createElement("input");
    input.name = name;
    input.value = fields[name]!;
    form.append(input);
  }
  document.body.append(form);
  HTMLFormElement.prototype.submit.call(form);
  form.remove();
}
