/**
 * StaticFiles: files served from memory.
 *
 *   boot      directory ──read──▶ manifest: "/assets/app.js" ─▶ { body, type, etag, cache-control }
 *   request   path ──exact key──▶ 200, 304 (unchanged), 405, or undefined: not ours
 *
 * A request never becomes a file name, and so none can climb out of the directory: what was not there at boot does not
 * exist. Cost: the bytes of the files, bounded by `maxTotalBytes`; one map lookup a request.
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { lookup } from "mrmime";
import { OptionError } from "../../kernel/errors.ts";
import type { HttpRequest, HttpResponse } from "../transport/transport.ts";

/** One file to serve. */
export interface StaticFile {
  /** Where it is found: begins with "/", not encoded ("/my file.txt" is asked for as "/my%20file.txt"). */
  readonly path: string;
  readonly body: Uint8Array;
  /** Default: by the ending of `path`, else "application/octet-stream". Text types get `charset=utf-8`. */
  readonly contentType?: string;
}

export interface StaticOptions {
  /**
   * Does this path name its content, by a hash in its name, so that it never changes? Then browsers may keep it for a
   * year without asking; else they ask each time, and get a 304. Default: none does.
   */
  readonly isImmutable?: (path: string) => boolean;
  /** All bodies together; beyond it nothing is served and boot fails. Default 67,108,864. */
  readonly maxTotalBytes?: number;
}

interface Entry {
  readonly body: Uint8Array;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
}

export class StaticFiles {
  readonly #entries = new Map<string, Entry>();

  /**
   * @param files what to serve; the bodies are kept, not copied
   * @throws {OptionError} for a path that does not begin with "/", comes twice, or when the bodies exceed `maxTotalBytes`
   */
  constructor(files: Iterable<StaticFile>, options: StaticOptions = {}) {
    const { isImmutable = () => false, maxTotalBytes = 67_108_864 } = options;
    let totalBytes = 0;
    for (const { path, body, contentType } of files) {
      if (!path.startsWith("/")) {
        throw new OptionError(`Static file ${JSON.stringify(path)}: expected a path that begins with "/".`);
      }
      const key = pathInUrl(path);
      if (this.#entries.has(key)) throw new OptionError(`Static file ${JSON.stringify(path)} is given twice.`);
      totalBytes += body.length;
      if (totalBytes > maxTotalBytes) {
        throw new OptionError(
          `Static files: expected at most ${maxTotalBytes} bytes together, got more at ${JSON.stringify(path)}. ` +
            "Serve large files from a server made for them, or raise maxTotalBytes.",
        );
      }
      const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 27)}"`;
      const headers = {
        "content-type": contentType ?? contentTypeOf(path),
        etag,
        "cache-control": isImmutable(path) ? "public, max-age=31536000, immutable" : "no-cache",
        "x-content-type-options": "nosniff",
      };
      this.#entries.set(key, { body, etag, headers });
    }
  }

  /**
   * Reads a directory and what is below it. Names that begin with a dot and symbolic links are left out.
   *
   * @param directory of the file system
   * @param options.prefix where its files are found; default "/"
   * @throws {OptionError} as the constructor does
   * @throws the file system's error, such as `ENOENT`
   */
  static async fromDirectory(
    directory: string,
    options: StaticOptions & { readonly prefix?: string } = {},
  ): Promise<StaticFiles> {
    const prefix = (options.prefix ?? "/").replace(/\/$/, "");
    const maxTotalBytes = options.maxTotalBytes ?? 67_108_864;
    const files: StaticFile[] = [];
    let totalBytes = 0;
    const walk = async (below: string): Promise<void> => {
      for (const entry of await readdir(join(directory, below), { withFileTypes: true })) {
        if (entry.name.startsWith(".")) continue;
        const path = `${below}/${entry.name}`;
        if (entry.isDirectory()) await walk(path);
        // Beyond the limit the constructor will say no; there is no use in reading on.
        else if (entry.isFile() && totalBytes <= maxTotalBytes) {
          const body = await readFile(join(directory, path));
          totalBytes += body.length;
          files.push({ path: prefix + path, body });
        }
      }
    };
    await walk("");
    return new StaticFiles(files, options);
  }

  /** How many files are served. */
  get size(): number {
    return this.#entries.size;
  }

  /** @returns undefined when no file is at that path: somebody else's request */
  respond(request: HttpRequest): HttpResponse | undefined {
    const entry = this.#entries.get(request.path);
    if (entry === undefined) return undefined;
    if (request.method !== "GET" && request.method !== "HEAD") {
      return { status: 405, headers: { allow: "GET, HEAD" }, body: "" };
    }
    const isUnchanged = matchesEtag(request.headers["if-none-match"], entry.etag);
    // The transport leaves the body out of an answer to HEAD, and keeps its length.
    return { status: isUnchanged ? 304 : 200, headers: entry.headers, body: isUnchanged ? "" : entry.body };
  }
}

/** As browsers write it: `encodeURI` leaves "?" and "#" alone, which end a path, and encodes three that they do not. */
function pathInUrl(path: string): string {
  return encodeURI(path).replace(/%5B|%5D|%7C|[?#]/g, (text) => PATH_SPELLING[text]!);
}

const PATH_SPELLING: Readonly<Record<string, string>> = {
  "%5B": "[",
  "%5D": "]",
  "%7C": "|",
  "?": "%3F",
  "#": "%23",
};

/** RFC 9110, 13.1.2: a list of tags, compared weakly, or "*". Ours have no commas in them. */
function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(",").some((part) => {
    const tag = part.trim();
    return tag === "*" || tag === etag || tag === `W/${etag}`;
  });
}

function contentTypeOf(path: string): string {
  const type = lookup(path) ?? "application/octet-stream";
  return isText(type) ? `${type}; charset=utf-8` : type;
}

function isText(type: string): boolean {
  return (
    type.startsWith("text/") ||
    type === "application/json" ||
    type === "application/manifest+json" ||
    type === "image/svg+xml"
  );
}
