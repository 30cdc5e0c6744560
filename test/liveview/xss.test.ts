// biome-ignore-all lint/suspicious/noTemplateCurlyInString: holes as errors show them, and payloads
import { describe, expect, test } from "vitest";
import { ViewRenderer } from "../../liveview/diff.ts";
import { each } from "../../liveview/each.ts";
import { renderToString } from "../../liveview/render-to-string.ts";
import type { Rendered } from "../../liveview/rendered.ts";
import { html } from "../../liveview/template.ts";
import { WireClient } from "../support/wire-merge.ts";

const payloads = [
  "<script>alert(1)</script>",
  "</p><img src=x onerror=alert(1)>",
  '"><svg onload=alert(1)>',
  "'><svg onload=alert(1)>",
  '" onmouseover="alert(1)',
  "' onmouseover='alert(1)",
  " onfocus=alert(1) autofocus x=",
  "</textarea><script>alert(1)</script>",
  "</title><script>alert(1)</script>",
  "<!--",
  "-->",
  "<![CDATA[",
  "&lt;script&gt;",
  "&#60;",
  "\\u003cscript\\u003e",
  "`${alert(1)}`",
  "\u0000<b>\u0001",
  "\u2028\u2029\n\r\t",
  "\ud800<",
  '"},"s":["<script>alert(1)</script>"]',
  "\u00010\u0001",
  "__proto__",
];

/** Every context that a stranger's text can be in: what stands before it, and after it. */
const contexts: Record<string, [view: (text: string) => Rendered, before: string, after: string]> = {
  text: [(text) => html`<p>${text}</p>`, "<p>", "</p>"],
  "text of an array": [(text) => html`<p>${[text]}</p>`, "<p>", "</p>"],
  "text of a list": [
    (text) => html`<p>${each([text], String, (text) => html`<b>${text}</b>`)}</p>`,
    "<p><b>",
    "</b></p>",
  ],
  "text of a nested template": [(text) => html`<p>${html`<b>${text}</b>`}</p>`, "<p><b>", "</b></p>"],
  textarea: [(text) => html`<textarea>${text}</textarea>`, "<textarea>", "</textarea>"],
  title: [(text) => html`<title>${text}</title>`, "<title>", "</title>"],
  attribute: [(text) => html`<p title=${text}></p>`, '<p title="', '"></p>'],
  "attribute in double quotes": [(text) => html`<p title="a ${text}"></p>`, '<p title="a ', '"></p>'],
  "attribute in single quotes": [(text) => html`<p title='a ${text}'></p>`, "<p title='a ", "'></p>"],
  "class list": [(text) => html`<p class=${["a", text]}></p>`, '<p class="a ', '"></p>'],
  "class map": [(text) => html`<p class=${[{ [text]: true }]}></p>`, '<p class="', '"></p>'],
  "rest of a URL": [(text) => html`<a href="/x?${text}"></a>`, '<a href="/x?', '"></a>'],
};

const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
const decoded = (text: string) => text.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => entities[name]!);

describe.each(Object.entries(contexts))("in %s", (_, [view, before, after]) => {
  test.each(payloads)("%j stays what it is", (payload) => {
    const dead = renderToString(view(payload));
    expect(dead.startsWith(before) && dead.endsWith(after)).toBe(true);
    const inside = dead.slice(before.length, dead.length - after.length);
    expect(inside).not.toMatch(/[<>]/);
    if (/=["']/.test(before)) expect(inside).not.toMatch(/["']/);
    expect(decoded(inside)).toBe(payload);

    const joined = new WireClient().receive(new ViewRenderer().full(view(payload)));
    expect(joined.html()).toBe(dead);
    const renderer = new ViewRenderer();
    const patched = new WireClient().receive(renderer.full(view("before")));
    patched.html();
    expect(patched.receive(renderer.diff(view(payload))).html()).toBe(dead);
  });
});

describe("URLs", () => {
  const blocked = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "\u0001javascript:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "java\r\nscript:alert(1)",
    "javascript\t:alert(1)",
    "\u00a0javascript:alert(1)",
    "\ufeffjavascript:alert(1)",
    "javascript\u0000:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "vbscript:msgbox(1)",
    "blob:https://example.com/1",
    "file:///etc/passwd",
    "view-source:https://example.com",
    "x:y",
    ":x",
  ];
  const kept = [
    "",
    "/a:b",
    "//example.com/a",
    "?a=b:c",
    "#a:b",
    "./a:b",
    "../a",
    "a/b:c",
    "page",
    "http://example.com",
    "HTTPS://example.com/a?b#c",
    "mailto:a@example.com",
    "tel:+123",
    " https://example.com ",
  ];
  const link = (url: string) => renderToString(html`<a href=${url}></a>`);
  const part = (url: string) => renderToString(html`<a href="${url}"></a>`);

  test.each(blocked)("%j is blocked", (url) => {
    const anywhere = [
      html`<a href=${url}></a>`,
      html`<a HREF=${url}></a>`,
      html`<a href="${url}"></a>`,
      html`<a href=' ${url}'></a>`,
      html`<form action=${url}></form>`,
      html`<button formaction=${url}></button>`,
      html`<iframe src=${url}></iframe>`,
      html`<embed src=${url}>`,
      html`<object data=${url}></object>`,
      html`<base href=${url}>`,
      html`<svg><a xlink:href=${url}></a></svg>`,
      html`<svg><set attributeName="href" to=${url}></set></svg>`,
      html`<svg><animate attributeName="href" values="${url}"></animate></svg>`,
    ].map(renderToString);
    for (const text of anywhere) expect(text).toMatch(/=["' ]+#blocked["']/);
  });

  test.each(kept)("%j is kept", (url) => {
    expect(decoded(link(url))).toBe(`<a href="${url}"></a>`);
    expect(decoded(part(url))).toBe(`<a href="${url}"></a>`);
  });

  test("may be image data where only an image is shown", () => {
    const png = "data:image/png;base64,AA==";
    expect(renderToString(html`<img src=${png}>`)).toBe(`<img src="${png}">`);
    expect(renderToString(html`<video poster="${png}"></video>`)).toBe(`<video poster="${png}"></video>`);
    expect(renderToString(html`<img src=${"data:text/html,x"}>`)).toBe('<img src="#blocked">');
    expect(renderToString(html`<iframe src=${png}></iframe>`)).toBe('<iframe src="#blocked"></iframe>');
  });

  test("cannot be put together from parts that are harmless alone", () => {
    const view = (a: string, b: string) => renderToString(html`<a href="${a}${b}"></a>`);
    expect(view("javascript", ":alert(1)")).toBe('<a href="javascript#blocked"></a>');
    expect(view("", "javascript:alert(1)")).toBe('<a href="#blocked"></a>');
    expect(view("/a", "?b")).toBe('<a href="/a?b"></a>');
    expect(renderToString(html`<a href="java${"script:alert(1)"}"></a>`)).toBe('<a href="java#blocked"></a>');
  });

  test("are compared by what is shown", () => {
    const renderer = new ViewRenderer();
    const view = (url: string) => html`<a href=${url}></a>`;
    renderer.full(view("javascript:a"));
    expect(renderer.diff(view("javascript:b"))).toBe("");
  });
});
