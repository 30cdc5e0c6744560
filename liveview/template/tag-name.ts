/** Names of tags that are known only when they are shown. */

const tagName = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/i;
const refused =
  /^(?:script|style|xmp|iframe|noembed|noframes|noscript|plaintext|textarea|title|template|html|head|body|base|object|embed|area|br|col|hr|img|input|link|meta|param|source|track|wbr|basefont|bgsound|frame|frameset|keygen)$/i;

/** Letters, digits and dashes; not one whose content is no HTML, and none that has no content. */
export function isOrdinaryTag(tag: unknown): tag is string {
  return typeof tag === "string" && tagName.test(tag) && !refused.test(tag);
}
