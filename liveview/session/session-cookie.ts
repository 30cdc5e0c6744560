/**
 * SessionCookie: a visitor's session, held by the visitor: a signed cookie, nothing on the server.
 *
 *   Cookie: _lintel_session=TOKEN ──▷ read ──▷ { data, csrfSecret } ──▷ write ──▷ Set-Cookie, if new, changed or ageing
 *
 * The page, the websocket's upgrade and every join read the same cookie. Its content is signed, not encrypted: keep ids
 * in it, not secrets. Since nothing is kept here, a session cannot be taken back before it expires; who must be able to
 * do that keeps a session id in the data and a list of live ones.
 */
import { LintelError, OptionError, shown } from "../../kernel/errors.ts";
import { readCookie, writeCookie } from "./cookies.ts";
import { csrfSecret, isCsrfSecret, type RandomBytes } from "./csrf.ts";
import type { JsonValue, TokenSigner } from "./token.ts";

/** What an application keeps in a session: JSON values under names. */
export type SessionData = { readonly [name: string]: unknown };

export interface Session {
  /** No prototype, frozen. To change it, pass new data to `write`. */
  readonly data: SessionData;
  /** For `csrfToken` and `csrfMatches`; stays the same as long as the session lives. */
  readonly csrfSecret: string;
  /** What the browser holds; undefined for a session that it has not been given yet. */
  readonly stored?: { readonly json: string; readonly issuedMs: number };
}

export interface SessionCookieOptions {
  readonly signer: TokenSigner;
  readonly randomBytes: RandomBytes;
  /** Milliseconds since 1970. */
  readonly systemMs: () => number;
  /** Default `"_lintel_session"`. */
  readonly name?: string;
  /** Sends the cookie over https alone. Default false; true for every site that has https. */
  readonly secure?: boolean;
  /**
   * How long the session outlives its last visit, in milliseconds; sent as `Max-Age`. By default the cookie has none,
   * and is forgotten when the browser closes; it is then accepted for 14 days. Either way it is renewed at half-time.
   */
  readonly maxAgeMs?: number;
}

/** A session that a cookie cannot carry: too large, or no JSON object. */
export class SessionError extends LintelError {
  override readonly name = "SessionError";
  readonly code = "ERR_SESSION";
}

/** Largest cookie, name included, in bytes: browsers keep 4,096, and servers refuse headers not much larger than that. */
export const maxSessionCookieBytes = 3_072;

const defaultAcceptMs = 14 * 24 * 60 * 60 * 1000;

export class SessionCookie {
  readonly #options: SessionCookieOptions;
  readonly #name: string;
  readonly #purpose: string;
  readonly #acceptMs: number;

  /** @throws {OptionError} when `name` cannot be a cookie's name, or `maxAgeMs` is below a second or infinite */
  constructor(options: SessionCookieOptions) {
    this.#options = options;
    this.#name = options.name ?? "_lintel_session";
    this.#purpose = `session cookie ${this.#name}`;
    this.#acceptMs = options.maxAgeMs ?? defaultAcceptMs;
    if (!(this.#acceptMs >= 1000 && this.#acceptMs < Number.POSITIVE_INFINITY)) {
      throw new OptionError(
        `Session cookie: expected maxAgeMs to be a finite number, 1000 or more, got ${shown(options.maxAgeMs)}.`,
      );
    }
    if (!/^[\w!#$%&'*+.^`|~-]{1,128}$/.test(this.#name)) {
      throw new OptionError(
        `Session cookie: expected a name of letters, digits, - and _, got ${shown(this.#name)}. Try "_my_app_session".`,
      );
    }
  }

  /**
   * Reads the session that a request carries. Without a cookie, or with one that is forged, too old or of a dropped
   * secret, it is a fresh one.
   *
   * @param cookieHeader the `cookie` header as it came
   */
  read(cookieHeader: string | undefined): Session {
    return this.find(cookieHeader) ?? this.fresh();
  }

  /** Reads the session that a request carries; undefined when it carries none that is good (a websocket's upgrade). */
  find(cookieHeader: string | undefined): Session | undefined {
    const value = readCookie(cookieHeader, this.#name);
    if (value === undefined) return undefined;
    const result = this.#options.signer.verify(this.#purpose, value, { maxAgeMs: this.#acceptMs });
    if (!result.ok || !isContent(result.data)) return undefined;
    const [secret, data] = result.data;
    const session = Object.freeze(Object.assign(Object.create(null) as Record<string, unknown>, data));
    return { data: session, csrfSecret: secret, stored: { json: JSON.stringify(data), issuedMs: result.issuedMs } };
  }

  /** A new session, with a new CSRF secret. After a log-in, write one: who knew the old cookie does not know this one. */
  fresh(data: SessionData = {}): Session {
    return { data, csrfSecret: csrfSecret(this.#options.randomBytes) };
  }

  /**
   * Makes the `set-cookie` value for a response.
   *
   * @param data what the session shall hold from now on; default: what it holds
   * @returns undefined when the browser has it already: same data, and less than half its life over
   * @throws {SessionError} when the data is no JSON object, or the cookie would exceed 3,072 bytes
   */
  write(session: Session, data: SessionData = session.data): string | undefined {
    const json = this.#toJson(data);
    if (session.stored?.json === json) {
      const ageMs = this.#options.systemMs() - session.stored.issuedMs;
      if (ageMs < this.#acceptMs / 2) return undefined;
    }
    const token = this.#options.signer.sign(this.#purpose, [session.csrfSecret, data as JsonValue]);
    const bytes = this.#name.length + 1 + token.length;
    if (bytes > maxSessionCookieBytes) throw this.#tooLarge(`got ${bytes}`);
    return this.#setCookie(token, this.#options.maxAgeMs);
  }

  /** The `set-cookie` value that makes the browser forget the session. */
  clear(): string {
    return this.#setCookie("", 0);
  }

  #setCookie(value: string, maxAgeMs: number | undefined): string {
    return writeCookie(this.#name, value, {
      httpOnly: true,
      ...(this.#options.secure ? { secure: true } : {}),
      ...(maxAgeMs === undefined ? {} : { maxAge: Math.floor(maxAgeMs / 1000) }),
    });
  }

  #toJson(data: SessionData): string {
    let json: string;
    try {
      json = JSON.stringify(data) ?? "";
    } catch (cause) {
      throw new SessionError(`Session "${this.#name}": expected data that JSON can carry.`, { cause });
    }
    if (!json.startsWith("{")) {
      throw new SessionError(`Session "${this.#name}": expected an object of JSON values, got ${shown(data)}.`);
    }
    // Before signing, since the signer has a limit of its own, in other words.
    if (json.length > maxSessionCookieBytes) throw this.#tooLarge(`got data of ${json.length}`);
    return json;
  }

  #tooLarge(got: string): SessionError {
    return new SessionError(
      `Session "${this.#name}": expected a cookie of at most ${maxSessionCookieBytes} bytes, ${got}. ` +
        "Keep an id in the session, and what belongs to it in a store.",
    );
  }
}

/** Ours by its signature, so this fails only for a cookie of another release of the same application. */
function isContent(content: unknown): content is [secret: string, data: SessionData] {
  return Array.isArray(content) && isCsrfSecret(content[0]) && typeof content[1] === "object" && content[1] !== null;
}
