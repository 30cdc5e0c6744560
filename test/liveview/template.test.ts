// biome-ignore-all lint/suspicious/noTemplateCurlyInString: holes as errors show them, and payloads
import { describe, expect, test } from "vitest";
import { renderToString } from "../../liveview/render-to-string.ts";
import { raw, type TemplateValue } from "../../liveview/rendered.ts";
import { html, Template } from "../../liveview/template.ts";

/** The error of a literal, as its author would see it. */
function errorOf(use: () => unknown): string {
  try {
    use();
  } catch (error) {
    return (error as Error).message;
  }
  return "no error";
}
const first = (use: () => unknown) => errorOf(use).split("\n")[0];
const shown = (rendered: Parameters<typeof renderToString>[0]) => renderToString(rendered);

describe("html", () => {
  test("is one template per place in the code", () => {
    const view = (x: number) => html`<p>${x}</p>`;
    expect(view(1).template).toBe(view(2).template);
    expect(view(1).template).not.toBe(html`<p>${1}</p>`.template);
  });

  test("takes a whole attribute into the value, with its space", () => {
    expect(html`<p class=${1}  id = ${2} title="${3}" />`.template.statics).toEqual(["<p", "", ' title="', '"></p>']);
  });

  test("brings tags to one form: one space, quotes, closing tags", () => {
    const template = html`<svg
      viewBox=0><path  d="M0" /></svg><img alt='"'/><script src="/a.js"/>`.template;
    expect(template.statics).toEqual([
      '<svg viewBox="0"><path d="M0"></path></svg><img alt=\'"\'><script src="/a.js"></script>',
    ]);
  });

  test("writes id the way the client looks for it", () => {
    expect(
      shown(html`<p
      ID='a'></p><p Id=${"b"}></p>`),
    ).toBe(`<p id='a'></p><p id="b"></p>`);
  });

  test("reads a literal that begins with a line break like a heredoc", () => {
    const template = html`
      <ul>
        ${1}

          <li></li>
      </ul>
    `.template;
    expect(template.statics).toEqual(["<ul>\n  ", "\n\n    <li></li>\n</ul>"]);
    expect(html` <b></b> `.template.statics).toEqual([" <b></b> "]);
    expect(
      html`
    `.template.statics,
    ).toEqual([""]);
  });

  test("knows which templates are one element", () => {
    const roots = [html`<p>${1}</p>`, html` <p></p> `, html`<br>`, html`<p id=${1}></p>`, html`<title>${1}</title>`];
    const others = [html`<p></p><p></p>`, html`a<p></p>`, html`${1}<p></p>`, html`${1}`, html`x`, html`<p></p> <`];
    expect(roots.map(({ template }) => template.root)).toEqual(roots.map(() => true));
    expect(others.map(({ template }) => template.root)).toEqual(others.map(() => false));
    // The client's scan for the start tag knows comments of one line only.
    expect(html`<!-- a --><p></p>`.template.root).toBe(false);
    expect(html`<p><!-- a --></p>`.template.root).toBe(true);
  });

  test("lets pass what is usual in pages", () => {
    const page = html`<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>${"T"}</title>
      <style>a > b { }</style><script>if (a < b) x("</p>");</script></head><body>1 < 2 & 3 <!-- <p> --></body></html>`;
    expect(shown(page)).toContain("<title>T</title>");
  });

  test("cannot be called as a function with text that comes from elsewhere", () => {
    expect(() => html(["<b>"] as unknown as TemplateStringsArray)).toThrow("html is a tag: write html`...`.");
    expect(() => html("<b>" as unknown as TemplateStringsArray)).toThrow("It was called as a function with a string.");
  });

  test("refuses what no hole can show, in its types too", () => {
    // @ts-expect-error: a date is no text
    html`<p>${new Date(0)}</p>`;
    // @ts-expect-error: nor is a function
    html`<p>${() => "x"}</p>`;
    // @ts-expect-error: nor a promise
    html`<p>${Promise.resolve("x")}</p>`;
  });
});

describe("a template is refused", () => {
  test("with a frame of the place", () => {
    expect(
      errorOf(
        () => html`
          <ul>
            <li>${1}
          </ul>
        `,
      ),
    ).toBe(`Template: expected </li> (opened on line 2), got </ul>.
  1 | <ul>
  2 |   <li>\${…}
> 3 | </ul>
    | ^`);
  });

  test("when tags do not match", () => {
    expect(first(() => html`<p>`)).toBe("Template: <p> is never closed.");
    expect(first(() => html`<p><b></p></b>`)).toBe("Template: expected </b> (opened on line 1), got </p>.");
    expect(first(() => html`</p>`)).toBe("Template: </p> closes nothing.");
    expect(first(() => html`<br></br>`)).toBe("Template: <br> has no content and no closing tag.");
    expect(first(() => html`<script>x`)).toBe("Template: <script> is never closed.");
    expect(first(() => html`<p</p>`)).toBe("Template: the tag <p is never closed, expected >.");
    expect(first(() => html`<p></p`)).toBe("Template: expected > at the end of </p.");
    expect(first(() => html`</>`)).toBe("Template: expected the name of a tag after </.");
    expect(first(() => html`<!ELEMENT p>`)).toBe('Template: expected a tag, a comment or <!DOCTYPE html>, got "<!".');
    expect(first(() => html`<?php ?>`)).toBe('Template: expected a tag, got "<?".');
  });

  test("when something has no end", () => {
    expect(first(() => html`<p class="a></p>`)).toBe(
      'Template: the value of the attribute class is never closed, expected ".',
    );
    expect(first(() => html`<!-- <p></p>`)).toBe("Template: a comment is never closed, expected -->.");
  });

  test("when its attributes are not well-formed", () => {
    expect(first(() => html`<p id="a" ID="b"></p>`)).toBe("Template: the attribute id is there twice.");
    expect(first(() => html`<p id=${1} id="b"></p>`)).toBe("Template: the attribute id is there twice.");
    expect(first(() => html`<p id="a"class="b"></p>`)).toBe("Template: expected white space between attributes.");
    expect(first(() => html`<p id=></p>`)).toBe("Template: expected a value after id=.");
    expect(first(() => html`<p "a"></p>`)).toBe('Template: expected the name of an attribute, got "\\"".');
  });

  test("when a hole stands where nothing can be escaped", () => {
    const x = "x";
    expect(first(() => html`<${x}></p>`)).toBe("Template: a hole cannot be the name of a tag.");
    expect(first(() => html`<p${x}></p>`)).toBe("Template: a hole cannot be a part of a tag's name.");
    expect(first(() => html`<p ${x}></p>`)).toContain(
      "Template: a hole cannot stand for attributes. Write name=${value}",
    );
    expect(first(() => html`<p a${x}="b"></p>`)).toBe("Template: a hole cannot be a part of an attribute's name.");
    expect(first(() => html`<!-- ${x} -->`)).toBe("Template: a hole cannot stand in a comment.");
    expect(first(() => html`<!DOCTYPE ${x}>`)).toBe("Template: a hole cannot stand in a doctype.");
    for (const [tag, use] of Object.entries({
      script: () => html`<script>${x}</script>`,
      style: () => html`<STYLE>${x}</STYLE>`,
      iframe: () => html`<iframe>${x}</iframe>`,
    })) {
      expect(first(use)).toBe(`Template: a hole cannot stand inside <${tag}>, where nothing can be escaped.`);
    }
    expect(first(() => html`<script><!-- <script> </script>`)).toBe("Template: a script cannot contain <!--.");
    expect(first(() => html`<a onclick=${x}></a>`)).toContain(
      "Template: a hole cannot stand in onclick, which runs as code",
    );
    expect(first(() => html`<a ONclick="f(${x})"></a>`)).toContain("a hole cannot stand in onclick");
    expect(first(() => html`<iframe srcdoc="${x}"></iframe>`)).toContain("a hole cannot stand in srcdoc");
  });

  test("when a hole and other text share an attribute without quotes", () => {
    expect(first(() => html`<p id=a${1}></p>`)).toBe(
      'Template: an attribute with a hole and other text needs quotes: id="…".',
    );
    expect(first(() => html`<p id=${1}a></p>`)).toContain("needs quotes");
    expect(first(() => html`<p id=${1}${2}></p>`)).toContain("needs quotes");
  });

  test("when an attribute that is on or off has a part", () => {
    expect(first(() => html`<input disabled="${false}">`)).toBe(
      "Template: the attribute disabled is on or off, whatever its value. Write disabled=${value}, without quotes.",
    );
  });

  test("when hooks and updates have no id", () => {
    expect(first(() => html`<p phx-hook="Chart"></p>`)).toBe(
      "Template: <p> has phx-hook, so it needs an id that is its own.",
    );
    expect(first(() => html`<p phx-update=${"ignore"}></p>`)).toContain("<p> has phx-update");
    expect(first(() => html`<p id=${"x"} phx-hook="Chart" phx-update="ignore"></p>`)).toBe("no error");
  });

  test("when a URL's scheme would come from parts", () => {
    const x = "x";
    expect(first(() => html`<a href="javascript:${x}"></a>`)).toBe(
      "Template: a hole cannot follow the scheme javascript: in href.",
    );
    expect(first(() => html`<a href="${x}:${x}"></a>`)).toBe(
      "Template: the scheme of a URL cannot come from a part of href.",
    );
    expect(first(() => html`<a href="java${x}:alert(1)"></a>`)).toContain("cannot come from a part");
    expect(first(() => html`<a href="${x}&colon;alert(1)"></a>`)).toContain("cannot come from a part");
    expect(first(() => html`<a href="javascript&colon;${x}"></a>`)).toContain("write the URL without entities");
    expect(first(() => html`<iframe src="data:image/svg+xml,${x}"></iframe>`)).toContain("the scheme data: in src");
    expect(first(() => html`<img src="data:image/png;base64,${x}"><a href="/${x}?${x}"></a>`)).toBe("no error");
  });

  test("when it is not text that JavaScript or HTML can read", () => {
    expect(() => new Template([undefined])).toThrow("it contains an invalid escape sequence");
    expect(() => new Template(["a\u0000"])).toThrow("it contains U+0000");
  });
});

describe("a value is refused", () => {
  const p = (value: unknown) => shown(html`<p>${1} ${value as TemplateValue}</p>`);

  test("when text cannot show it, with a frame of the hole", () => {
    expect(errorOf(() => p(new Map()))).toBe(
      "Template: hole 2 of 2 (text): expected a string, a number, html`...`, each(...) or an array of these, got an object (Map).\n" +
        "> 1 | <p>${…} ${…}</p>\n" +
        "    |         ^",
    );
    expect(first(() => p({ a: 1 }))).toContain("got a plain object.");
    expect(first(() => p(() => 1))).toContain("got a function.");
    expect(first(() => p(Symbol("x")))).toContain("got a symbol.");
    expect(first(() => p([new Date(0)]))).toContain("got an object (Date).");
    expect(first(() => p(Promise.resolve(1)))).toBe("Template: hole 2 of 2 got a promise. Await it before rendering.");
  });

  test("when an attribute cannot", () => {
    const title = (value: unknown) => () => shown(html`<p title=${value as TemplateValue}></p>`);
    expect(first(title(["a"]))).toBe(
      "Template: hole 1 of 1 (attribute title of <p>): expected a string, a number, a boolean, null or undefined, got an array.",
    );
    expect(first(title(raw("a")))).toContain("got an object (Raw).");
    expect(first(title(html`<b></b>`))).toContain("got a template.");
    expect(first(() => shown(html`<p class="${[new Date(0)] as unknown as string}"></p>`))).toContain(
      "expected names in a string, array or map, got an array.",
    );
  });

  test("when textarea or title would get HTML", () => {
    expect(first(() => shown(html`<textarea>${html`<b></b>`}</textarea>`))).toBe(
      "Template: hole 1 of 1 (content of <textarea>): expected a string or a number, got a template.",
    );
  });
});

describe("renderToString", () => {
  test("shows text, numbers, and nothing for null, undefined and booleans", () => {
    expect(shown(html`<p>${"a"}${1}${2n}${null}${undefined}${true}${false}</p>`)).toBe("<p>a12</p>");
  });

  test("shows attributes whole, bare, and not at all", () => {
    const input = (disabled: boolean | null | undefined) =>
      html`<input disabled=${disabled} maxlength=${5} value=${""}>`;
    expect(shown(input(true))).toBe('<input disabled maxlength="5" value="">');
    expect(shown(input(false))).toBe('<input maxlength="5" value="">');
    expect(shown(input(null))).toBe(shown(input(undefined)));
  });

  test("shows booleans as words in parts of attributes, but not in class", () => {
    expect(
      shown(html`<p aria-busy="${true}" data-x="${false}${null}" class="a ${false}" style="${undefined}"></p>`),
    ).toBe('<p aria-busy="true" data-x="false" class="a " style=""></p>');
  });

  test("joins class names", () => {
    const names = (value: TemplateValue) => shown(html`<p class=${value}></p>`);
    expect(names(["a", false, null, undefined, "", { b: true, c: false, d: null }])).toBe('<p class="a b"></p>');
    expect(names({ a: true, "b c": true })).toBe('<p class="a b c"></p>');
    expect(names([])).toBe("<p></p>");
    expect(shown(html`<p class="x ${["a", "b"]}"></p>`)).toBe('<p class="x a b"></p>');
  });

  test("keeps the name of an attribute as it was written", () => {
    expect(shown(html`<svg viewBox=${"0 0 1 1"}></svg>`)).toBe('<svg viewBox="0 0 1 1"></svg>');
  });
});
