/**
 * Safe URLs: what a value may become in `href`, `src`, `action` and the like.
 *
 *   relative (no colon before / ? # \)       kept
 *   http: https: mailto: tel:                kept
 *   data:image/...                           kept where only an image is shown (img, input, a video's poster)
 *   any other scheme: javascript:, data:,    replaced by "#blocked", a link that goes nowhere, so that the element and
 *   vbscript:, blob:, app-scheme:, ...       the page around it stay, and a developer sees what happened
 *
 * Browsers ignore control characters and white space around and inside a scheme (`java\tscript:`), so the check
 * ignores them too. A colon that comes early without a known scheme counts as an unknown scheme: write `./a:b`.
 * Source: WHATWG URL, "basic URL parser": scheme start, scheme and no scheme states.
 */

/** What stands in the place of a URL that was refused. */
export const blockedUrl = "#blocked";

/** Schemes that never run code in the page. Lower case, without colon. */
export const safeSchemes: ReadonlySet<string> = new Set(["http", "https", "mailto", "tel"]);

/**
 * `url`: a hole that holds a URL from its start. `image`: likewise, where data:image is allowed.
 * `rest`: a hole further on in a URL whose scheme is not settled before it; it must not bring a colon.
 */
export type UrlRule = "url" | "image" | "rest";

const settledStart = /^(?:[/?#.]|https?:\/\/)/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what browsers skip here
const skippedByBrowsers = /[\u0000-\u0020\u007f-\u00a0\u200b-\u200f\u2028\u2029\ufeff]+/g;
const delimiter = /[:/?#\\]/;
const imageData = /^data:image\/[a-z0-9.+-]+[;,]/i;

/** The URL as it came, or `#blocked`. */
export function safeUrl(url: string, rule: UrlRule): string {
  if (rule !== "rest" && settledStart.test(url)) return url;
  const bare = url.replace(skippedByBrowsers, "");
  const end = bare.search(delimiter);
  if (end === -1 || bare[end] !== ":") return url;
  if (rule === "rest") return blockedUrl;
  if (safeSchemes.has(bare.slice(0, end).toLowerCase())) return url;
  return rule === "image" && imageData.test(bare) ? url : blockedUrl;
}

// `data-to`: where a client's script, ours or phoenix_html, sends the form of a link with `data-method`.
const urlAttributes: ReadonlySet<string> = new Set(
  "action background cite codebase data-to dynsrc formaction href longdesc lowsrc manifest ping poster src xlink:href".split(
    " ",
  ),
);
const imageTags: ReadonlySet<string> = new Set(["img", "input"]);
const animations: ReadonlySet<string> = new Set(["animate", "set", "animatemotion", "animatetransform"]);
const animated: ReadonlySet<string> = new Set(["to", "from", "by", "values"]);

/** Does this attribute hold a URL, and may it be image data? Names in lower case. Null: it holds none. */
export function urlAttribute(tag: string, name: string): "url" | "image" | null {
  if (name === "poster" || (name === "src" && imageTags.has(tag))) return "image";
  if (urlAttributes.has(name) || (name === "data" && tag === "object")) return "url";
  // SVG can animate a link's href.
  return animations.has(tag) && animated.has(name) ? "url" : null;
}
