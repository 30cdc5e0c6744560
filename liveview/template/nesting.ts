/**
 * Nesting: start tags at which a browser ends an element that is still open. It would build another tree than the one that
 * is written, and the client would look for elements in vain.
 *
 *   <p>text <div>…</div></p>     becomes     <p>text </p><div>…</div><p></p>
 *
 * Only what stands in one template is seen. Source: WHATWG HTML, "The rules for parsing tokens in HTML content", in body.
 */

/** These end a `<p>`, though other elements be open in it. */
const paragraphEnders = words(
  "address article aside blockquote center details dialog dir div dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 " +
    "h6 header hgroup hr listing main menu nav ol p pre search section summary table ul",
);
/** These end, or are ignored, in one of their own. */
const loners = words("a button form nobr");
/** Whatever is open around these is out of reach; for paragraphs also what is around a button. */
const barriers = words("applet caption foreignobject marquee math object svg table td template th");
const heading = /^h[1-6]$/;

/**
 * The element that a browser would end at this start tag, or because of which it would ignore it.
 *
 * @param open those that are open, the outermost first; names in lower case
 * @returns undefined: it stands where it is written
 */
export function endedBy<Open extends { readonly name: string }>(tag: string, open: readonly Open[]): Open | undefined {
  const parent = open.at(-1);
  if (parent !== undefined && heading.test(tag) && heading.test(parent.name)) return parent;
  const paragraph = paragraphEnders.has(tag)
    ? nearest("p", open, (name) => name === "button" || barriers.has(name))
    : undefined;
  if (paragraph !== undefined || !loners.has(tag)) return paragraph;
  // A form is remembered through all of these but a template.
  return nearest(tag, open, (name) => (tag === "form" ? name === "template" : barriers.has(name)));
}

function nearest<Open extends { readonly name: string }>(
  wanted: string,
  open: readonly Open[],
  isBarrier: (name: string) => boolean,
): Open | undefined {
  for (let i = open.length - 1; i >= 0; i--) {
    const { name } = open[i]!;
    if (name === wanted) return open[i];
    if (isBarrier(name)) return undefined;
  }
  return undefined;
}

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(" "));
}
