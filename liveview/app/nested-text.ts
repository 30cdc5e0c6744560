/**
 * Texts below a title, as branches of a tree.
 *
 *   thread 1
 *   ├─ Application <1.2>  oneForOne
 *   │  └─ cache <1.3>  permanent
 *   └─ LiveViewHost <1.1>  2 views
 */

/** @param texts of one or more lines each, with their ends */
export function nested(title: string, texts: readonly string[]): string {
  const branches = texts.map((text, i) => {
    const [first = "", ...others] = text.replace(/\n$/, "").split("\n");
    const isLast = i === texts.length - 1;
    const indent = isLast ? "   " : "│  ";
    return [`${isLast ? "└─" : "├─"} ${first}`, ...others.map((line) => `${indent}${line}`)];
  });
  return `${[title, ...branches.flat()].join("\n")}\n`;
}
