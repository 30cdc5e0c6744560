/** View tokens made by a test that knows the secret: for containers that were never rendered, or at another time. */
import { TokenSigner } from "../../liveview/session/token.ts";
import { sessionBinding, signViewTokens } from "../../liveview/session/view-tokens.ts";
import { secret } from "./setups.ts";
import type { Page } from "./wire-client.ts";

/**
 * A page of the same visitor with another container.
 *
 * @param options.agoMs how long ago its tokens were made; default 0
 * @param options.secret default: the servers' own
 */
export function forgePage(page: Page, id: string, options: { agoMs?: number; secret?: string } = {}): Page {
  const signer = new TokenSigner(options.secret ?? secret, () => Date.now() - (options.agoMs ?? 0));
  const payload = page.cookie.slice(page.cookie.indexOf("=") + 1).split(".")[3]!;
  const [csrfSecret] = JSON.parse(Buffer.from(payload, "base64url").toString()) as [string, unknown];
  const tokens = signViewTokens(signer, { id, route: page.path, liveSession: "default" }, sessionBinding(csrfSecret));
  return { ...page, id, topic: `lv:${id}`, ...tokens };
}
