// biome-ignore-all lint/suspicious/noTemplateCurlyInString: holes as errors show them, and payloads
import { describe, expect, test } from "vitest";
import { dynamicTag } from "../../liveview/builtins/dynamic-tag.ts";
import { ViewRenderer } from "../../liveview/diff/diff.ts";
import { attrs } from "../../liveview/template/attributes.ts";
import { JS } from "../../liveview/template/commands.ts";
import { each } from "../../liveview/template/each.ts";
import { component } from "../../liveview/template/function-component.ts";
import { renderToString } from "../../liveview/template/render-to-string.ts";
import type { AttributeInput, Rendered, TextValue } from "../../liveview/template/rendered.ts";
import { html } from "../../liveview/template/template.ts";
import { WireClient } from "../support/wire-merge.ts";

const box = component(({ text }: { text: TextValue }) => html`<b>${text}</b>`);

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
  '[["exec",{"attr":"data-x"}]]',
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
  textarea: [(text) => html`<textarea>${text}</textarea>`, "<textarea>\n", "</textarea>"],
  title: [(text) => html`<title>${text}</title>`, "<title>", "</title>"],
  attribute: [(text) => html`<p title=${text}></p>`, '<p title="', '"></p>'],
  "attribute in double quotes": [(text) => html`<p title="a ${text}"></p>`, '<p title="a ', '"></p>'],
  "attribute in single quotes": [(text) => html`<p title='a ${text}'></p>`, "<p title='a ", "'></p>"],
  "class list": [(text) => html`<p class=${["a", text]}></p>`, '<p class="a ', '"></p>'],
  "class map": [(text) => html`<p class=${[{ [text]: true }]}></p>`, '<p class="', '"></p>'],
  "a function": [(text) => html`<p>${() => text}</p>`, "<p>", "</p>"],
  "a function in an attribute": [(text) => html`<p title=${() => text}></p>`, '<p title="', '"></p>'],
  "attributes by name": [(text) => html`<p ${attrs({ title: text })}></p>`, '<p title="', '"></p>'],
  "a component": [(text) => html`<p>${box({ text })}</p>`, "<p><b>", "</b></p>"],
  "a slot": [(text) => html`<p>${box({ text: [text] })}</p>`, "<p><b>", "</b></p>"],
  "a dynamic tag": [(text) => html`<p>${dynamicTag({ tag: "b", inner: text })}</p>`, "<p><b>", "</b></p>"],
  "an attribute of a dynamic tag": [(text) => html`${dynamicTag({ tag: "b", title: text })}`, '<b title="', '"></b>'],
  "data for JS.exec": [(text) => html`<p data-x=${text}></p>`, '<p data-x="', '"></p>'],
  "a value of an event": [(text) => html`<p phx-value-id=${text}></p>`, '<p phx-value-id="', '"></p>'],
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
      html`<a data-method="post" data-to=${url}></a>`,
      html`<iframe src=${url}></iframe>`,
      html`<embed src=${url}>`,
      html`<object data=${url}></object>`,
      html`<base href=${url}>`,
      html`<svg><a xlink:href=${url}></a></svg>`,
      html`<svg><set attributeName="href" to=${url}></set></svg>`,
      html`<svg><animate attributeName="href" values="${url}"></animate></svg>`,
      html`<svg><animate attributeName="href" from=${url}></animate></svg>`,
      html`<svg><animate attributeName="href" by=${url}></animate></svg>`,
    ].map((rendered) => renderToString(rendered));
    for (const text of anywhere) expect(text).toMatch(/=["' ]+#blocked["']/);
  });

  test.each(kept)("%j is kept", (url) => {
    expect(decoded(link(url))).toBe(`<a href="${url}"></a>`);
    expect(decoded(part(url))).toBe(`<a href="${url}"></a>`);
  });

  test("may be image data where only an image is shown", () => {
    const png = "data:image/png;base64,AA==";
    expect(renderToString(html`<img src=${png}>`)).toBe(`<img src="${png}">`);
    expect(renderToString(html`<input type="image" src=${png}>`)).toBe(`<input type="image" src="${png}">`);
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

describe("bindings", () => {
  const commands = '[["exec",{"attr":"data-x"}]]';
  const click = (value: AttributeInput) => renderToString(html`<p phx-click=${value}></p>`);

  test("T3: text is never taken for commands, wherever it stands", () => {
    const views = [
      html`<p phx-click=${commands}></p>`,
      html`<p phx-click="${commands}"></p>`,
      html`<p phx-window-keydown='${""}${commands}'></p>`,
      html`<p phx-mounted=${() => commands}></p>`,
      html`<p ${attrs({ "phx-remove": commands })}></p>`,
      html`<p ${attrs({ "PHX-blur": commands })}></p>`,
      html`<p phx-anything-new=${commands}></p>`,
    ];
    for (const view of views) {
      const text = renderToString(view);
      expect(text).toMatch(/["']#blocked["']/);
      expect(new ViewRenderer().full(view)).not.toContain("exec");
    }
    expect(click(" [[")).toBe('<p phx-click=" [["></p>');
    expect(renderToString(html`<p phx-click="row-${commands}" phx-value-x=${commands}></p>`)).toContain('"row-[[');
  });

  test("T3: commands are a value", () => {
    expect(decoded(click(JS.push("a", { value: { text: '"><b>' } }).hide({ to: "#m" })))).toBe(
      `<p phx-click="[["push",{"event":"a","value":{"text":"\\"><b>"}}],["hide",{"to":"#m"}]]"></p>`,
    );
    expect(renderToString(html`<p data-cancel=${JS.focus()} ${attrs({ "phx-blur": JS.popFocus() })}></p>`)).toBe(
      '<p data-cancel="[[&quot;focus&quot;,{}]]" phx-blur="[[&quot;pop_focus&quot;,{}]]"></p>',
    );
    expect(() => renderToString(html`<p title=${JS.focus()}></p>`)).toThrow("attribute title of <p>");
  });

  test("T3: commands do not carry a stranger's URL or handler either", () => {
    expect(JSON.stringify(JS.navigate("javascript:alert(1)").patch("data:x"))).toBe(
      '[["navigate",{"href":"#blocked"}],["patch",{"href":"#blocked"}]]',
    );
    expect(JSON.stringify(JS.setAttribute("href", "javascript:x").toggleAttribute("src", "/a", "vbscript:x"))).toBe(
      '[["set_attr",{"attr":["href","#blocked"]}],["toggle_attr",{"attr":["src","/a","#blocked"]}]]',
    );
    expect(() => JS.setAttribute("onclick", "x")).toThrow('does not run as code, got "onclick"');
    expect(() => JS.exec("srcdoc")).toThrow("does not run as code");
  });
});

describe("styles", () => {
  const styles = [
    "background:url(https://evil.example/x)",
    "background:URL (//x)",
    "width: expression(alert(1))",
    "background: image-set('x' 1x)",
    "@import 'x'",
    "a:b}body{display:none",
    "color: r\\65 d",
    "/**/color:red",
    "background: u/**/rl(x)",
    "</style><script>",
  ];

  test.each(styles)("T3: %j is left out, as a text, a part and a declaration", (style) => {
    expect(renderToString(html`<p style=${style}></p>`)).toBe('<p style=""></p>');
    expect(renderToString(html`<p style="color: red; ${style}"></p>`)).toBe('<p style="color: red; "></p>');
    expect(renderToString(html`<p style=${{ color: style }}></p>`)).toBe('<p style=""></p>');
  });

  test("T3: a value cannot begin another declaration", () => {
    expect(renderToString(html`<p style="width: ${"1px; position: fixed"}"></p>`)).toBe('<p style="width: "></p>');
    expect(renderToString(html`<p style=${{ width: "1px; position: fixed", color: "red" }}></p>`)).toBe(
      '<p style="color: red"></p>',
    );
  });
});

describe("attributes by name", () => {
  const spread =
    (name: string, value: AttributeInput = "x") =>
    () =>
      renderToString(html`<a ${attrs({ [name]: value })}></a>`);

  test.each(["onclick", "ONMOUSEOVER", "onx", "srcdoc"])("T5: %s is refused", (name) => {
    expect(spread(name)).toThrow(/runs as code|page of its own/);
  });

  test.each(["a b", 'a"', "a>", "a/b", "a=b", "", "\u0000", "a\n", "'", "<b", "a`b"])(
    "T5: the name %j is refused",
    (name) => {
      expect(spread(name)).toThrow("is not the name of an attribute");
    },
  );

  test("T5: URLs and styles are checked as elsewhere", () => {
    expect(spread("HREF", "javascript:x")()).toBe('<a HREF="#blocked"></a>');
    expect(spread("style", "a:url(x)")()).toBe('<a style=""></a>');
  });
});
