/**
 * The dead render: a page as HTTP sees it, complete without JavaScript. It runs in a process of its own, which ends
 * with the response; a mount that throws costs that response alone.
 *
 *   mount ─▷ params ─▷ render ─▷ 200, the page in its layout
 *   either goes elsewhere     ─▷ 302, and what it put as flash in a cookie for the next request
 */
import type { Process } from "../../kernel/process.ts";
import type { App } from "../app/app.ts";
import { matchRoute } from "../app/router.ts";
import { renderPage } from "../component/dead-page.ts";
import { writeCookie } from "../session/cookies.ts";
import type { TokenSigner } from "../session/token.ts";
import { signStaticToken, signViewTokens } from "../session/view-tokens.ts";
import { renderToString } from "../template/render-to-string.ts";
import { raw } from "../template/rendered.ts";
import type { RequestHead, ResponseHeaders } from "../wire/records.ts";
import { flashCookie, maxFlashAgeSeconds, signFlash, verifyFlash } from "./flash.ts";
import { liveUrl } from "./live-url.ts";
import { mountView } from "./mounting.ts";
import { type Departure, MountRedirect } from "./navigation.ts";

export interface PageRequest {
  readonly app: App;
  readonly signer: TokenSigner;
  readonly head: RequestHead;
  readonly respond: (status: number, headers: ResponseHeaders, body: string) => void;
}

/** The process function of one request. */
export async function deadRender(self: Process, request: PageRequest): Promise<void> {
  const { app, head, respond } = request;
  const match = matchRoute(app.routes, head.path);
  if (match === undefined) return respond(404, plain, "Not found\n");
  const url = liveUrl(app.routes, uriOf(head));
  // A URL has no dot segments and no backslashes: a path with such is that of another page than a proxy takes it for.
  if (url === undefined || url.route !== match.route) return respond(400, plain, "Bad request\n");
  const { kernel } = self;
  self.label = `Page ${url.route.path}`;
  if (kernel.quarantine.has(self.label, rendering) || kernel.quarantine.has(self.label, "params")) {
    return respond(503, { ...plain, "retry-after": "60" }, "This page is switched off for now\n");
  }
  kernel.note?.write(self.pid.serial, self.label, rendering);
  try {
    const departure = await showPage(self, request, url);
    if (departure !== undefined) redirect(request, departure);
  } catch (error) {
    if (!(error instanceof MountRedirect)) throw error;
    redirect(request, error.departure);
  }
}

/** @returns where to, when it sends the browser elsewhere: then it has not responded */
async function showPage(
  self: Process,
  { app, signer, head, respond }: PageRequest,
  url: NonNullable<ReturnType<typeof liveUrl>>,
): Promise<Departure | undefined> {
  const { view, path: route, liveSession } = url.route;
  const id = `phx-${Buffer.from(self.kernel.world.randomBytes(6)).toString("base64url")}`;
  const { socket, departure } = await mountView({
    view,
    id,
    self,
    connected: false,
    session: head.session,
    connectParams: undefined,
    url,
    flash: verifyFlash(signer, head.flash),
  });
  const { flash, pageTitle } = socket.assigns as typeof socket.assigns & { readonly pageTitle?: unknown };
  // All that there is to say goes along: this view has shown nothing.
  if (departure !== undefined) return { ...departure, flash };
  const inner = await renderPage(socket, view.show, {
    signStatic: (id) => signStaticToken(signer, id),
    ids: new Set([id]),
    depth: 0,
  });
  const tokens = signViewTokens(signer, { id, route, liveSession: liveSession.name }, head.binding, flash);
  const content = `<div id="${id}" data-phx-main data-phx-session="${tokens.session}" data-phx-static="${tokens.static}">${inner}</div>`;
  const layout = liveSession.layout ?? app.layout;
  const page = renderToString(
    layout({
      csrfToken: head.csrfToken,
      pageTitle: pageTitle === undefined || pageTitle === null ? undefined : String(pageTitle),
      content: raw(content),
    }),
  );
  respond(200, { ...html, ...(head.flash === undefined ? {} : shownOnce) }, page);
}

function redirect({ signer, head, respond }: PageRequest, { navigation, flash }: Departure): void {
  const token = signFlash(signer, flash);
  const cookie = token === undefined ? (head.flash === undefined ? undefined : forgetFlash) : keepFlash(token);
  respond(
    navigation.kind === "redirect" ? navigation.status : 302,
    { ...plain, location: navigation.to, ...(cookie === undefined ? {} : { "set-cookie": cookie }) },
    "",
  );
}

function uriOf({ scheme, host, path, query }: RequestHead): string {
  return `${scheme}://${host}${path}${query === "" ? "" : `?${query}`}`;
}

/** The client's script writes the same cookie, so it may not be `httpOnly`. */
const keepFlash = (token: string): string => writeCookie(flashCookie, token, { maxAge: maxFlashAgeSeconds });
const forgetFlash = writeCookie(flashCookie, "", { maxAge: 0 });
/** A page with a flash is of no use a second time: the browser's way back asks anew. */
const shownOnce = { "set-cookie": forgetFlash, "cache-control": "no-store" };
const rendering = "render";
const html = { "content-type": "text/html; charset=utf-8" };
const plain = { "content-type": "text/plain; charset=utf-8" };
