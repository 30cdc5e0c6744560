/** Links in documents lead somewhere: to a file that is there, and to a heading that it has. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { documents, root } from "../support/fences.ts";

const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** A heading as the part of a URL behind `#`, as GitHub makes it. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");

function anchors(path: string): string[] {
  const prose = read(path).replace(/^```[\s\S]*?^```$/gm, "");
  return [...prose.matchAll(/^#+ (.*)$/gm)].map((heading) => anchor(heading[1]!));
}

function leadsSomewhere(document: string, link: string): boolean {
  const [file, heading] = link.split("#") as [string, string | undefined];
  const path = file === "" ? document : join(dirname(document), file);
  if (!existsSync(join(root, path))) return false;
  return heading === undefined || (statSync(join(root, path)).isFile() && anchors(path).includes(heading));
}

describe("links in documents", () => {
  test.each(documents())("%s", (document) => {
    const prose = read(document).replace(/^```[\s\S]*?^```$/gm, "");
    const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((link) => link[1]!);
    const own = links.filter((link) => !/^[a-z]+:/.test(link));
    expect(own.filter((link) => !leadsSomewhere(document, link))).toEqual([]);
  });
});
