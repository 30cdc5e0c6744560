// biome-ignore-all lint/suspicious/noTemplateCurlyInString: holes as errors show them, and payloads
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, describe, expect, test } from "vitest";
import { ViewRenderer } from "../../liveview/diff/diff.ts";
import { stream } from "../../liveview/diff/stream.ts";
import { attrs } from "../../liveview/template/attributes.ts";
import { debugAnnotations } from "../../liveview/template/debug-annotations.ts";
import { each } from "../../liveview/template/each.ts";
import { embedTemplates } from "../../liveview/template/embed-templates.ts";
import { component } from "../../liveview/template/function-component.ts";
import { renderToString } from "../../liveview/template/render-to-string.ts";
import { type Rendered, raw, type TemplateValue } from "../../liveview/template/rendered.ts";
import { type Html, html, Template } from "../../liveview/template/template.ts";

/** The error of a literal, as its author would see it. */
function errorOf(use: () => unknown): string {
  try {
    use();
  } catch (error) {
    return (error as Error).message.replace(/^Template at test.liveview.template.test.ts:\d+:/, "Template:");
  }
  return "no error";
}
const first = (use: () => unknown) => errorOf(use).split("\n")[0];
const shown = (rendered: Parameters<typeof renderToString>[0]) => renderToString(rendered);

describe("html", () => {
  test("F4: is one template per place in the code", () => {
    const view = (x: number) => html`<p>${x}</p>`;
    expect(view(1).template).toBe(view(2).template);
    expect(view(1).template).not.toBe(html`<p>${1}</p>`.template);
  });

  test("takes a whole attribute into the value, with its space", () => {
    expect(html`<p lang=${1}  id = ${2} title="${3}" />`.template.statics).toEqual(["<p", "", ' title="', '"></p>']);
  });

  test("brings tags to one form: one space, quotes, closing tags", () => {
    const template = html`<svg
      viewBox=0><path  d="M0" /></svg><img alt='"'/><script src="/a.js"/>`.template;
    expect(template.statics).toEqual([
      '<svg viewBox="0"><path d="M0"></path></svg><img alt=\'"\'><script src="/a.js"></script>',
    ]);
  });

  test("T3: what a browser would drop at the start of textarea and pre is not the hole's", () => {
    const first = (use: Rendered) => use.template.statics[0];
    expect([first(html`<pre>${1}</pre>`), first(html`<textarea>${1}</textarea>`)]).toEqual(["<pre>\n", "<textarea>\n"]);
    expect([first(html`<pre> ${1}</pre>`), first(html`<p>${1}</p>`)]).toEqual(["<pre> ", "<p>"]);
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
    expect(
      shown(html`
        <b>
          x</b>`),
    ).toBe("<b>\n  x</b>");
    expect(html` <b></b> `.template.statics).toEqual([" <b></b> "]);
    expect(
      html`
    `.template.statics,
    ).toEqual([""]);
  });

  test("F12: knows which templates are one element", () => {
    const roots = [html`<p>${1}</p>`, html` <p></p> `, html`<br>`, html`<p id=${1}></p>`, html`<title>${1}</title>`];
    const others = [html`<p></p><p></p>`, html`a<p></p>`, html`${1}<p></p>`, html`${1}`, html`x`, html`<p></p> <`];
    expect(roots.map(({ template }) => template.root)).toEqual(roots.map(() => true));
    expect(others.map(({ template }) => template.root)).toEqual(others.map(() => false));
    // The client's scan for the start tag knows comments of one line only.
    expect(html`<!-- a --><p></p>`.template.root).toBe(false);
    expect(html`<p><!-- a --></p>`.template.root).toBe(true);
  });

  test("T2: lets pass what is usual in pages", () => {
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
    // @ts-expect-error: nor is what a function returns
    html`<p>${() => new Date(0)}</p>`;
    // @ts-expect-error: nor a promise
    html`<p>${Promise.resolve("x")}</p>`;
  });
});

describe("a template is refused", () => {
  test("T1: with a frame of the place", () => {
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

  test("T1: when tags do not match", () => {
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

  test("T1: when something has no end", () => {
    expect(first(() => html`<p class="a></p>`)).toBe(
      'Template: the value of the attribute class is never closed, expected ".',
    );
    expect(first(() => html`<!-- <p></p>`)).toBe("Template: a comment is never closed, expected -->.");
  });

  test("T1: when its attributes are not well-formed", () => {
    expect(first(() => html`<p id="a" ID="b"></p>`)).toBe("Template: the attribute id is there twice.");
    expect(first(() => html`<p id=${1} id="b"></p>`)).toBe("Template: the attribute id is there twice.");
    expect(first(() => html`<p id="a"class="b"></p>`)).toBe("Template: expected white space between attributes.");
    expect(first(() => html`<p id=></p>`)).toBe("Template: expected a value after id=.");
    expect(first(() => html`<p "a"></p>`)).toBe('Template: expected the name of an attribute, got "\\"".');
  });

  test("T1, T2: when a hole stands where nothing can be escaped", () => {
    const x = "x";
    expect(first(() => html`<${x}></p>`)).toBe("Template: a hole cannot be the name of a tag.");
    expect(first(() => html`<p${x}></p>`)).toBe("Template: a hole cannot be a part of a tag's name.");
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

  test("T1: when it is written as in other languages of templates", () => {
    const sentence = "Template: a brace is no hole here. Write ${…}.";
    expect(first(() => html`<p class={name}></p>`)).toBe(sentence);
    expect(first(() => html`<p {...rest}></p>`)).toBe(sentence);
    expect(first(() => html`<p {@rest}></p>`)).toBe(sentence);
    expect(first(() => html`<p class=<%= name %>></p>`)).toBe("Template: expected a value after class=.");
    expect(first(() => html`<p x-data="{ open: false }">{name}</p>`)).toBe("no error");
  });

  test("T1: when a hole and other text share an attribute without quotes", () => {
    expect(first(() => html`<p id=a${1}></p>`)).toBe(
      'Template: an attribute with a hole and other text needs quotes: id="…".',
    );
    expect(first(() => html`<p id=${1}a></p>`)).toContain("needs quotes");
    expect(first(() => html`<p id=${1}${2}></p>`)).toContain("needs quotes");
  });

  test("T1: when an attribute that is on or off has a part", () => {
    expect(first(() => html`<input disabled="${false}">`)).toBe(
      "Template: the attribute disabled is on or off, whatever its value. Write disabled=${value}, without quotes.",
    );
  });

  test("T1: when hooks and updates have no id", () => {
    expect(first(() => html`<p phx-hook="Chart"></p>`)).toBe(
      "Template: <p> has phx-hook, so it needs an id that is its own.",
    );
    expect(first(() => html`<p phx-update=${"ignore"}></p>`)).toContain("<p> has phx-update");
    expect(first(() => html`<p id=${"x"} phx-hook="Chart" phx-update="ignore"></p>`)).toBe("no error");
    const chart = (id: TemplateValue) => html`<p phx-hook="Chart" id=${id}></p>`;
    expect([shown(chart("x")), shown(chart(0))]).toEqual([
      '<p phx-hook="Chart" id="x"></p>',
      '<p phx-hook="Chart" id="0"></p>',
    ]);
    const renderer = new ViewRenderer();
    renderer.full(chart("x"));
    for (const nothing of [undefined, null, false, true, ""]) {
      expect(first(() => shown(chart(nothing)))).toContain("expected an id, which <p> needs for its phx-hook, got");
      expect(first(() => renderer.diff(chart(nothing)))).toContain("expected an id, which <p> needs");
    }
    expect(first(() => shown(chart("")))).toContain("got an empty string");
    expect(shown(html`<p id=${null}></p>`)).toBe("<p></p>");
  });

  test("T3: when a URL's scheme would come from parts", () => {
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

  test("T1: when a browser would not let an element stand where it is", () => {
    expect(errorOf(() => html`<p>\n  ${1}<em><div>${1}</div></em></p>`)).toBe(
      "Template: <div> cannot stand inside <p> (opened on line 1): a browser ends that first.\n" +
        "  1 | <p>\n> 2 |   ${…}<em><div>${…}</div></em></p>\n    |           ^",
    );
    expect(first(() => html`<a href="/"><b><a href="/b"></a></b></a>`)).toContain("<a> cannot stand inside <a>");
    expect(first(() => html`<form><div><form></form></div></form>`)).toContain("<form> cannot stand inside <form>");
    expect(first(() => html`<h1><h2></h2></h1>`)).toContain("<h2> cannot stand inside <h1>");
    expect(first(() => html`<p><button><span><div></div></span></button></p><p><svg><path/></svg></p>`)).toBe(
      "no error",
    );
    expect(first(() => html`<p><object><table></table></object></p><h1><span><h2></h2></span></h1>`)).toBe("no error");
  });

  test("T1: when it is not text that JavaScript or HTML can read", () => {
    expect(() => new Template([undefined])).toThrow("expected valid escape sequences");
    expect(() => new Template(["a\u0000"])).toThrow("it contains U+0000");
    const escapes = () => html`<b>\\</b>${1}<a href="C:\users"></a>`;
    expect(escapes).toThrow(
      /^Template at test\/liveview\/template\.test\.ts:\d+: expected valid escape sequences, got \\users/,
    );
    expect(() => html`<p>\0</p>`).toThrow(/^Template at test\/liveview\/template\.test\.ts:\d+: it contains U\+0000/);
  });
});

describe("a value is refused", () => {
  const p = (value: unknown) => shown(html`<p>${1} ${value as TemplateValue}</p>`);

  test("when text cannot show it, with a frame of the hole", () => {
    expect(errorOf(() => p(new Map()))).toBe(
      "Template: hole 2 of 2 (text): expected a string, a number, html`...`, each(...) or an array of these, got an object (Map). Make an array of it: [...items].\n" +
        "> 1 | <p>${…} ${…}</p>\n" +
        "    |         ^",
    );
    expect(first(() => p({ a: 1 }))).toContain("got a plain object.");
    expect(first(() => p(() => () => new Map()))).toContain("got an object (Map). Make an array");
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
    expect(first(() => shown(html`<p class="${["a", ["b", new Date(0)]] as unknown as string}"></p>`))).toContain(
      "expected names in a string, array or map, got an object (Date) in an array.",
    );
  });

  test("when textarea or title would get HTML", () => {
    expect(first(() => shown(html`<textarea>${html`<b></b>`}</textarea>`))).toBe(
      "Template: hole 1 of 1 (content of <textarea>): expected a string or a number, got a template.",
    );
  });
});

describe("renderToString", () => {
  test("T3, T6: shows text, numbers, and nothing for null, undefined and booleans", () => {
    expect(shown(html`<p>${"a"}${1}${2n}${null}${undefined}${true}${false}</p>`)).toBe("<p>a12</p>");
  });

  test("T4: shows attributes whole, bare, and not at all", () => {
    const input = (disabled: boolean | null | undefined) =>
      html`<input disabled=${disabled} maxlength=${5} value=${""}>`;
    expect(shown(input(true))).toBe('<input disabled maxlength="5" value="">');
    expect(shown(input(false))).toBe('<input maxlength="5" value="">');
    expect(shown(input(null))).toBe(shown(input(undefined)));
  });

  test("T4: shows booleans as words in parts of attributes, but not in class", () => {
    expect(
      shown(html`<p aria-busy="${true}" data-x="${false}${null}" class="a ${false}" style="${undefined}"></p>`),
    ).toBe('<p aria-busy="true" data-x="false" class="a " style=""></p>');
  });

  test("T4: joins class names", () => {
    const names = (value: TemplateValue) => shown(html`<p class=${value}></p>`);
    expect(names(["a", false, null, undefined, "", { b: true, c: false, d: null }])).toBe('<p class="a b"></p>');
    expect(names({ a: true, "b c": true })).toBe('<p class="a b c"></p>');
    const none = 0;
    expect(names([none && "some", Number.NaN, 0n, true, 7, 8n])).toBe('<p class="7 8"></p>');
    for (const nothing of [[], null, undefined, false, true, "", none && "some", {}]) {
      expect(names(nothing)).toBe('<p class=""></p>');
      expect(shown(html`<p ${attrs({ class: nothing })}></p>`)).toMatch(/^<p( class(="")?)?><\/p>$/);
    }
    expect(shown(html`<p class="x ${["a", "b"]}"></p>`)).toBe('<p class="x a b"></p>');
    expect(shown(html`<p class="${none && "some"} x ${none && "some"}\ty"></p>`)).toBe('<p class=" x \ty"></p>');
    expect(shown(html`<p class="col-${none} ${none}-col ${none}${none}"></p>`)).toBe('<p class="col-0 0-col 00"></p>');
  });

  test("keeps the name of an attribute as it was written", () => {
    expect(shown(html`<svg viewBox=${"0 0 1 1"}></svg>`)).toBe('<svg viewBox="0 0 1 1"></svg>');
  });
});

describe("text in a template", () => {
  test("T2: braces and quotes are text, comments are sent, and nothing of it can be a hole by accident", () => {
    expect(shown(html`<p title='{"a":1}'>{x} {{y}} \${z} <!-- kept --></p><script>f({ a: 1 })</script>`)).toBe(
      `<p title='{"a":1}'>{x} {{y}} \${z} <!-- kept --></p><script>f({ a: 1 })</script>`,
    );
  });

  test("T1: phx-update has three values", () => {
    expect(first(() => html`<p id="a" phx-update="append"></p>`)).toBe(
      'Template: expected phx-update to be "stream", "ignore" or "replace", got "append".',
    );
    expect(first(() => html`<p id="a" phx-update=${"ignore"}></p>`)).toBe("no error");
  });

  test("T1: a field that hides its form's id is warned of, once", async () => {
    const warned = once(process, "warning");
    const view = () => html`<form><p name="id"></p><input name="id"><input name="identity"></form>`;
    view();
    view();
    const [warning] = (await warned) as [NodeJS.ErrnoException];
    expect(warning.code).toBe("LINTEL_TEMPLATE");
    expect(warning.message).toContain(`a field with the name "id" hides the form's own id`);
    expect(warning.message).toContain('> 1 | <form><p name="id"></p><input name="id">');
  });
});

describe("an error of a template", () => {
  test("T1: names file and line of the literal", () => {
    const error = (() => {
      try {
        return html`
          <p>
            <b></i>
          </p>`;
      } catch (error) {
        return error as Error;
      }
    })() as Error;
    expect(error.message).toMatch(
      /^Template at test\/liveview\/template\.test\.ts:\d+: expected <\/b> \(opened on line 2\)/,
    );
    expect(error.message).toContain("> 2 |   <b></i>\n    |      ^");
  });

  test("T1: names them for values as well, also when a template is used again elsewhere", () => {
    const view = (value: unknown) => html`<p>${value as string}</p>`;
    shown(view("x"));
    expect(() => shown(view(new Map()))).toThrow(/^Template at test\/liveview\/template\.test\.ts:\d+: hole 1 of 1/);
  });
});

describe("attrs", () => {
  const rest = {
    class: ["a", false, ["b", { c: true }]],
    disabled: true,
    hidden: false,
    "aria-label": '"x"',
    id: null,
  };

  test("T5, T11: stands for attributes by name, escaped, in order; what is false is left out", () => {
    expect(shown(html`<button type="button" ${attrs(rest)}>x</button>`)).toBe(
      '<button type="button" class="a b c" disabled aria-label="&quot;x&quot;">x</button>',
    );
    expect(shown(html`<p ${null}></p><p ${attrs({})} class="x"></p><br ${attrs({ id: 1 })}/>`)).toBe(
      '<p></p><p class="x"></p><br id="1">',
    );
  });

  test("T5: is one dynamic on the wire, and is compared by what it shows", () => {
    const renderer = new ViewRenderer();
    const view = (values: Parameters<typeof attrs>[0]) => html`<p class="x" ${attrs(values)}>${1}</p>`;
    expect(renderer.full(view({ id: "a" }))).toBe('{"0":" id=\\"a\\"","1":"1","s":["<p class=\\"x\\"",">","</p>"]}');
    expect(renderer.diff(view({ id: "a", title: null }))).toBe("");
    expect(renderer.diff(view({ title: "b" }))).toBe('{"0":" title=\\"b\\""}');
    expect(renderer.diff(view({}))).toBe('{"0":""}');
  });

  test("T5: refuses what the tag has already, and names and values that are none", () => {
    expect(first(() => shown(html`<p class="x" ${attrs({ CLASS: "y" })}></p>`))).toBe(
      "Template: attrs(): the attribute class is there twice.",
    );
    expect(first(() => shown(html`<p ${attrs({ class: "y" })} class=${"x"}></p>`))).toContain("class is there twice");
    expect(first(() => shown(html`<p ${attrs({ id: "y", ID: "x" })}></p>`))).toContain("id is there twice");
    expect(first(() => shown(html`<p ${attrs({ title: new Map() as never })}></p>`))).toContain(
      "expected the attribute title to be a string, a number, a boolean, null or undefined, got an object (Map)",
    );
    expect(first(() => shown(html`<p ${attrs({ title: (() => "x") as never })}></p>`))).toContain(
      "got a function. Let the hole be the function: ${() => attrs({ … })}",
    );
    expect(shown(html`<p ${() => attrs({ title: "x" })}></p>`)).toBe('<p title="x"></p>');
    expect(first(() => shown(html`<p phx-click=${["push"] as never}></p>`))).toContain(
      "a boolean, commands (JS), null",
    );
    expect(first(() => shown(html`<p ${"x" as never}></p>`))).toBe(
      "Template: a hole that stands for attributes takes attrs({ name: value }), got a string.",
    );
    expect(() => attrs("x" as never)).toThrow("attrs(): expected a plain object of attributes by name, got a string.");
    expect(() => attrs(new Map([["title", "x"]]) as never)).toThrow("got an object (Map).");
    expect(first(() => html`<p ${attrs({})} ${attrs({})}></p>`)).toContain("only one hole can stand for attributes");
    expect(first(() => html`<p ${"a"}="b"></p>`)).toContain("a hole cannot be the name of an attribute");
    expect(first(() => html`<p ${attrs({})}x></p>`)).toContain("expected white space behind a hole");
  });

  test("T5: what an element is for a stream may be in it", () => {
    const list = each(stream("m", [{ id: 1 }]), (id) => html`<li id=${id}></li>`);
    expect(shown(html`<ul ${attrs({ id: "m", "phx-update": "stream" })}>${list}</ul>`)).toBe(
      '<ul id="m" phx-update="stream"><li id="m-1"></li></ul>',
    );
    expect(first(() => shown(html`<ul phx-update="ignore" ${attrs({ id: "m" })}>${list}</ul>`))).toContain(
      'must stand directly in an element with phx-update="stream"',
    );
  });

  test("T5: an id may be in it, and is asked for when it is shown", () => {
    expect(shown(html`<p phx-hook="X" ${attrs({ id: "a" })}></p>`)).toBe('<p phx-hook="X" id="a"></p>');
    for (const id of [false, true, ""]) {
      expect(first(() => shown(html`<p phx-hook="X" ${attrs({ id })}></p>`))).toBe(
        "Template: <p> has phx-hook, so it needs an id that is its own.",
      );
    }
    expect(first(() => shown(html`<p ${attrs({ "phx-update": "ignore" })}></p>`))).toContain("<p> has phx-update");
    expect(shown(html`<p id="b" ${attrs({ "phx-update": "ignore" })}></p>`)).toBe('<p id="b" phx-update="ignore"></p>');
  });
});

describe("style and class", () => {
  test("T4: a style is a map of declarations, or a text", () => {
    const style = { width: `${10}%`, backgroundColor: "red", "--gap": 2, color: null, display: false } as const;
    expect(shown(html`<p style=${style}></p>`)).toBe('<p style="width: 10%; background-color: red; --gap: 2"></p>');
    expect(
      shown(html`<p style="margin: 0; ${{ top: 1 }}"></p><p style=${"color: red; top: 0"}></p><p style=${{}}></p>`),
    ).toBe('<p style="margin: 0; top: 1"></p><p style="color: red; top: 0"></p><p style=""></p>');
    expect(first(() => shown(html`<p style=${{ "a:b": "c" }}></p>`))).toBe(
      'Template: hole 1 of 1 (attribute style of <p>): expected a string, or a map of declarations, got "a:b": a string.',
    );
    expect(first(() => shown(html`<p style=${{ top: 1, left: [1] } as never}></p>`))).toContain('got "left": an array');
    expect(first(() => shown(html`<p style=${[] as never}></p>`))).toContain("a map of declarations, got an array");
    expect(first(() => shown(html`<p title=${{ a: "b" }}></p>`))).toContain("attribute title of <p>");
  });

  test("T4: class lists may be nested", () => {
    expect(shown(html`<p class=${["a", ["b", [null, { c: true, d: false }]], undefined]}></p>`)).toBe(
      '<p class="a b c"></p>',
    );
  });
});

describe("bindings", () => {
  test("T3: a hole cannot stand inside of commands", () => {
    expect(first(() => html`<p phx-click='[["push",{"event":"${"x"}"}]]'></p>`)).toBe(
      "Template: a hole cannot stand inside of commands. Write phx-click=${JS.push(…)}.",
    );
    expect(first(() => html`<p phx-click='[["push",{"event":"x"}]]' phx-value-a="[${1}]"></p>`)).toBe("no error");
  });
});

describe("the cache of templates", () => {
  test("F4: holds those of code that is there, and no others", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const make = (i: number): WeakRef<object> => {
      // A place in the code of its own, which nothing refers to afterwards.
      const view = new Function("html", `return (x) => html\`<p id="t${i}">\${x}</p>\``)(html) as (
        x: number,
      ) => Rendered;
      return new WeakRef(view(i).template);
    };
    const templates = Array.from({ length: 200 }, (_, i) => make(i));
    const alive = () => templates.filter((template) => template.deref() !== undefined).length;
    for (let i = 0; i < 10 && alive() > 2; i++) {
      await new Promise(setImmediate); // a WeakRef holds on until the end of the turn
      collect();
    }
    expect(alive()).toBeLessThanOrEqual(2); // the last one may still be in a register
  });
});

describe("debugAnnotations", () => {
  test("T20: show where elements come from, but for modules left out", () => {
    try {
      debugAnnotations();
      const view = () => html`<p class=${"a"}><b>x</b></p>`;
      const text = shown(view());
      const [, at] = /<!-- (.*?) -->/.exec(text)!;
      expect(at).toMatch(/^test\/liveview\/template\.test\.ts:\d+$/);
      expect(text).toBe(
        `<!-- ${at} --><p data-phx-loc="${at}" class="a"><b data-phx-loc="${at}">x</b></p><!-- /${at} -->`,
      );
      expect(view().template.root).toBe(true);
      expect(shown(html`<!DOCTYPE html><p></p>`)).toMatch(/^<!DOCTYPE html><p data-phx-loc="[^"]+"><\/p>$/);
      debugAnnotations({ exclude: (location) => location.includes("template.test.ts") });
      expect(shown(html`<p></p>`)).toBe("<p></p>");
    } finally {
      debugAnnotations(false);
    }
    expect(shown(html`<p>off</p>`)).toBe("<p>off</p>");
  });
});

describe("embedTemplates", () => {
  const folder = mkdtempSync(join(tmpdir(), "lintel-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

  test("T12: a folder of files becomes functions", () => {
    write("welcome.html", '<p title="${user.title}">Hello ${ user.name }${nothing}</p>\n');
    write("notes.txt", "no template");
    const mails = embedTemplates<{ welcome: { user: { name: string; title: string } } }>(folder);
    expect(Object.keys(mails)).toEqual(["welcome"]);
    expect(shown(mails.welcome({ user: { name: "<Ann>", title: '"' } }))).toBe(
      '<p title="&quot;">Hello &lt;Ann&gt;</p>\n',
    );
    expect(shown(mails.welcome({ user: "constructor" as never }))).toBe('<p title="">Hello </p>\n');
    write("inherited.html", "<p>${toString}${user.constructor}${user.name.length}</p>");
    const { inherited } = embedTemplates<{ inherited: { user: { name: string } } }>(folder);
    expect(shown(inherited({ user: { name: "Ann" } }))).toBe("<p>3</p>");
  });

  test("T12: nothing in a file is evaluated, and its mistakes are shown with its name", () => {
    write("bad.html", "<p>${alert(1)}</p>");
    expect(() => embedTemplates(folder)).toThrow('bad.html: expected the name of a value in ${…}, got "alert(1)".');
    write("bad.html", "<p>");
    expect(() => embedTemplates(folder)).toThrow("bad.html:1: <p> is never closed");
  });
});

describe("outside of a view", () => {
  test("T28: a mail is a template like any other", () => {
    const button = component(
      ({ href, inner }: { href: string; inner: string }) => html`<a class="button" href=${href}>${inner}</a>`,
    );
    const mail = (name: string) =>
      html`<!DOCTYPE html><html><head><title>Hi ${name}</title></head><body>${button({
        href: "https://example.com/?a=1&b=2",
        inner: `Confirm, ${name}`,
      })}${() => each(["a", "b"], String, (item) => html`<p>${item}</p>`)}</body></html>`;
    expect(renderToString(mail("<Ann>"))).toBe(
      '<!DOCTYPE html><html><head><title>Hi &lt;Ann&gt;</title></head><body><a class="button" ' +
        'href="https://example.com/?a=1&amp;b=2">Confirm, &lt;Ann&gt;</a><p>a</p><p>b</p></body></html>',
    );
  });

  test("T28: functions in holes get the assigns that are given", () => {
    const page = (html: Html<{ n: number }>) => html`<p>${({ n }) => n}</p>`;
    expect(renderToString(page(html), { n: 1 })).toBe("<p>1</p>");
  });

  test("T6: keys are checked in a dead page, too", () => {
    const twice = each([1, 1], String, (n) => html`<b>${n}</b>`);
    expect(() => shown(html`<p>${twice}</p>`)).toThrow('two items have the key "1"');
  });
});
