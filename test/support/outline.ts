/**
 * Outline: what an element consists of as its user sees it, one line a tag or text, to be compared with a literal.
 * Order of attributes, white space, what clients note on elements (`data-phx-…`), and comments are left out.
 *
 * It runs in the page (`page.evaluate(outline, …)`), so it may use nothing from outside of its body.
 *
 * @param what markup to parse, or a selector into the page
 */
export function outline(what: { readonly html: string } | { readonly selector: string }): string {
  const lines: string[] = [];
  const walk = (node: Node, indent: string): void => {
    if (node instanceof Text) {
      const text = node.data.replace(/\s+/g, " ").trim();
      if (text !== "") lines.push(indent + text);
    }
    if (!(node instanceof Element)) return;
    const attributes = [...node.attributes]
      .filter(({ name }) => !name.startsWith("data-phx-"))
      .map(({ name, value }) => ` ${name}=${JSON.stringify(value)}`);
    lines.push(`${indent}<${node.localName}${attributes.sort().join("")}>`);
    for (const child of node.childNodes) walk(child, `${indent}  `);
  };
  if ("selector" in what) walk(document.querySelector(what.selector)!, "");
  else {
    const parsed = new DOMParser().parseFromString(what.html, "text/html");
    walk(parsed.querySelector("main")!, "");
  }
  return lines.join("\n");
}
