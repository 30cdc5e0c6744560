/**
 * The dead render: a page as HTTP sees it, complete without JavaScript. It runs in a process of its own, which ends
 * with the response; a mount that throws costs that response alone.
 */
import type { Process } from "../kernel/process.ts";
import type { App } from "./app.ts";
import { renderPage } from "./component/dead-page.ts";
import { decodeParams, mergeParams, ParamsError } from "./params.ts";
import type { RequestHead } from "./records.ts";
import { renderToString } from "./render-to-string.ts";
import { raw } from "./rendered.ts";
import { matchRoute } from "./router.ts";
import type { TokenSigner } from "./token.ts";
import { signStaticToken, signViewTokens } from "./view-tokens.ts";

export interface PageRequest {
  readonly app: App;
  readonly signer: TokenSigner;
  readonly head: RequestHead;
  readonly respond: (status: number, headers: Readonly<Record<string, string>>, body: string) => void;
}

/** The process function of one request. */
export async function deadRender(self: Process, { app, signer, head, respond }: PageRequest): Promise<void> {
  const match = matchRoute(app.routes, head.path);
  if (match === undefined) return respond(404, plain, "Not found\n");
  const { route } = match;
  let params: ReturnType<typeof mergeParams>;
  try {
    params = mergeParams(decodeParams(head.query), match.params);
  } catch (error) {
    if (error instanceof ParamsError) return respond(400, plain, "Bad request\n");
    throw error;
  }
  const { kernel } = self;
  self.label = `Page ${route.path}`;
  if (kernel.quarantine.has(self.label, rendering)) {
    return respond(503, { ...plain, "retry-after": "60" }, "This page is switched off for now\n");
  }
  kernel.note?.write(self.pid.serial, self.label, rendering);
  const assigns = await route.view.mount({
    params,
    session: head.session,
    connectParams: undefined,
    connected: false,
    self,
  });
  const id = `phx-${Buffer.from(self.kernel.world.randomBytes(6)).toString("base64url")}`;
  const tokens = signViewTokens(signer, { id, route: route.path }, head.binding);
  const inner = await renderPage(self, id, assigns, (assigns) => route.view.render(assigns, route.view.context), {
    signStatic: (id) => signStaticToken(signer, id),
    ids: new Set([id]),
    depth: 0,
  });
  const content = `<div id="${id}" data-phx-main data-phx-session="${tokens.session}" data-phx-static="${tokens.static}">${inner}</div>`;
  const { pageTitle } = assigns as { pageTitle?: unknown };
  const page = renderToString(
    app.layout({
      csrfToken: head.csrfToken,
      pageTitle: pageTitle === undefined ? undefined : String(pageTitle),
      content: raw(content),
    }),
  );
  respond(200, html, page);
}

const rendering = "render";
const html = { "content-type": "text/html; charset=utf-8" };
const plain = { "content-type": "text/plain; charset=utf-8" };
