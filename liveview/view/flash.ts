/**
 * Flash: messages by kind that a view shows once, and takes along to the next page.
 *
 *   putFlash("info", "Saved") ─▷ the assign `flash`: { info: "Saved" }
 *                             ─▷ pushNavigate: a signed token, by the client to the next join
 *                             ─▷ redirect: the same token, by a cookie to the next request
 *   dead render               ─▷ in `data-phx-static`, to the first join
 *
 * It travels as a token that is good for 60 s, and small enough for a cookie. Source: wire protocol, section 14.
 */
import { OptionError, shown } from "../../kernel/errors.ts";
import type { TokenSigner } from "../session/token.ts";

/** Messages by kind, such as `info` and `error`. */
export type Flash = Readonly<Record<string, string>>;

export const noFlash: Flash = Object.freeze({});

/** Of a flash as JSON: what fits into a cookie, once it is signed. */
export const maxFlashBytes = 2_500;

/** What the browser brings a flash back in, once; its script may write it, so it is looked at like any other input. */
export const flashCookie = "__phoenix_flash__";

const purpose = "live view flash";
export const maxFlashAgeSeconds = 60;

/** @throws {OptionError} when kind or message is no text, or all messages together would be too large */
export function withMessage(flash: Flash, kind: string, message: string, whose: string): Flash {
  if (typeof kind !== "string" || kind === "" || kind === "__proto__") {
    throw new OptionError(`${whose}: putFlash: expected a kind such as "info" or "error", got ${shown(kind)}.`);
  }
  if (typeof message !== "string") {
    throw new OptionError(`${whose}: putFlash("${kind}"): expected the message to be a text, got ${shown(message)}.`);
  }
  const next = { ...flash, [kind]: message };
  const bytes = Buffer.byteLength(JSON.stringify(next));
  if (bytes > maxFlashBytes) {
    throw new OptionError(
      `${whose}: putFlash("${kind}"): expected all messages together to be at most ${maxFlashBytes} bytes, got ${bytes}. They must fit into a cookie.`,
    );
  }
  return Object.freeze(next);
}

/** @param kind undefined: all of them */
export function withoutMessage(flash: Flash, kind: string | undefined): Flash {
  if (kind === undefined) return noFlash;
  if (!Object.hasOwn(flash, kind)) return flash;
  const { [kind]: _gone, ...others } = flash;
  return Object.keys(others).length === 0 ? noFlash : Object.freeze(others);
}

export function isEmptyFlash(flash: Flash): boolean {
  for (const _kind in flash) return false;
  return true;
}

/** @returns undefined when there is nothing to tell */
export function signFlash(signer: TokenSigner, flash: Flash): string | undefined {
  return isEmptyFlash(flash) ? undefined : signer.sign(purpose, flash);
}

/** @returns the empty one for a token that is missing, not ours, or too old */
export function verifyFlash(signer: TokenSigner, token: unknown): Flash {
  if (token === undefined || token === null || token === "") return noFlash;
  const result = signer.verify(purpose, token, { maxAgeMs: maxFlashAgeSeconds * 1000 });
  return result.ok ? asFlash(result.data) : noFlash;
}

/** Ours by its signature; of what else another release may have put there, nothing is taken. */
export function asFlash(data: unknown): Flash {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return noFlash;
  const messages = Object.entries(data).filter(([kind, text]) => typeof text === "string" && kind !== "__proto__");
  return messages.length === 0 ? noFlash : Object.freeze(Object.fromEntries(messages) as Record<string, string>);
}
