/**
 * embedTemplates: a folder of HTML files as functions, for mails and pages that are written outside of the program.
 *
 *   mails/welcome.html     <p>Hello ${user.name}, <a href="${url}">confirm</a></p>
 *
 *   const mails = embedTemplates<{ welcome: { user: { name: string }; url: string } }>(new URL("./mails/", import.meta.url));
 *   renderToString(mails.welcome({ user, url }));
 *
 * Holes are names and dots, nothing is evaluated; they are checked and escaped by their place, as in `html`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Rendered } from "./rendered.ts";
import { Template } from "./template.ts";
import { TemplateError } from "./template-errors.ts";

const extension = ".html";
const hole = /\$\{([^}]*)\}/g;
const path = /^\s*[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*\s*$/;

/**
 * Reads a folder's `.html` files, once, at the call; those in its subfolders are left out.
 *
 * @returns a function for each, under its name without `.html`
 * @throws {TemplateError} for a file that is not well-formed, or has a hole that is no name
 */
export function embedTemplates<Inputs extends { readonly [Name in keyof Inputs]: object }>(
  folder: URL | string,
): { readonly [Name in keyof Inputs]: (inputs: Inputs[Name]) => Rendered } {
  const directory = typeof folder === "string" ? folder : fileURLToPath(folder);
  const functions: [name: string, render: (inputs: object) => Rendered][] = [];
  for (const file of readdirSync(directory).sort()) {
    if (!file.endsWith(extension)) continue;
    functions.push([file.slice(0, -extension.length), embedded(join(directory, file))]);
  }
  return Object.freeze(Object.fromEntries(functions)) as never;
}

function embedded(file: string): (inputs: object) => Rendered {
  const parts: string[] = [];
  const paths: string[][] = [];
  readFileSync(file, "utf8")
    .split(hole)
    .forEach((piece, i) => {
      if (i % 2 === 0) parts.push(piece);
      else if (path.test(piece)) paths.push(piece.trim().split("."));
      else
        throw new TemplateError(
          `Template at ${file}: expected the name of a value in \${…}, got ${JSON.stringify(piece)}.`,
        );
    });
  const template = new Template(parts, `${file}:1`);
  return (inputs) =>
    new Rendered(
      template,
      paths.map((names) => valueAt(inputs, names)),
    );
}

function valueAt(inputs: object, names: readonly string[]): unknown {
  let value: unknown = inputs;
  for (const name of names) {
    if (value === null || value === undefined || !Object.hasOwn(Object(value) as object, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
