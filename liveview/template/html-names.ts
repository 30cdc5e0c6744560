/** Names of HTML that the template parser treats in a way of their own. All in lower case. */

export const voidElements = words("area base br col embed hr img input link meta param source track wbr");
export const rawTextElements = words("script style xmp iframe noembed noframes plaintext");
export const rcdataElements = words("textarea title");
/** A browser drops a line break at the start of these. */
export const lineBreakDroppers = words("textarea pre listing");
export const booleanAttributes = words(
  "allowfullscreen async autofocus autoplay checked controls default defer disabled formnovalidate inert ismap " +
    "itemscope loop multiple muted nomodule novalidate open playsinline readonly required reversed selected",
);
/** Of these the client always has the attribute, if only an empty one. */
export const alwaysThere = words("class style");
export const updates = words("stream ignore replace");
export const fields = words("input select textarea button output fieldset object");
/** Of a form's own properties those that a client asks for. */
export const clobbering = words("id action method submit elements attributes");

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(" "));
}
