import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ViewRenderer } from "../../liveview/diff.ts";
import { each } from "../../liveview/each.ts";
import { renderToString } from "../../liveview/render-to-string.ts";
import { type InsertOptions, type Stream, stream } from "../../liveview/stream.ts";
import { html } from "../../liveview/template.ts";
import { type StreamOps, WireClient } from "../support/wire-merge.ts";

interface Message {
  id: number;
  text: string;
}
const message = (id: number, text = `t${id}`): Message => ({ id, text });
const item = (domId: string, { text }: Message) => html`<li id="${domId}">${text}</li>`;
const view = (messages: Stream<Message>) => html`<ul id="list" phx-update="stream">${each(messages, item)}</ul>`;
const full = (messages: Stream<Message>) => new ViewRenderer().full(view(messages));

/** The `stream` member of what is sent after `change`, and the entries. */
function sent(change: (messages: Stream<Message>) => void): string {
  const messages = stream<Message>("m", [message(1), message(2)]);
  const renderer = new ViewRenderer();
  renderer.full(view(messages));
  change(messages);
  return renderer.diff(view(messages));
}

describe("stream", () => {
  test("sends its first items, and forgets them", () => {
    const messages = stream("m", [message(1), message(2)]);
    expect(full(messages)).toBe(
      '{"0":{"k":{"0":{"0":"m-1","1":"t1"},"1":{"0":"m-2","1":"t2"},"kc":2},"s":["<li id=\\"","\\">","</li>"],' +
        '"stream":["0",[["m-1",-1,null,false],["m-2",-1,null,false]],[]]},' +
        '"s":["<ul id=\\"list\\" phx-update=\\"stream\\">","</ul>"]}',
    );
    expect(messages.hasPending).toBe(false);
    expect([...messages.inserts]).toEqual([]);
  });

  test("is an empty string until it has something to send", () => {
    const messages = stream<Message>("m");
    const renderer = new ViewRenderer();
    expect(renderer.full(view(messages))).toContain('{"0":"",');
    expect(renderer.diff(view(messages))).toBe("");
    messages.insert(message(1));
    expect(renderer.diff(view(messages))).toContain('"s":["<li id=\\"","\\">","</li>"]');
  });

  test("sends an insert without the list's statics", () => {
    expect(sent((messages) => messages.insert(message(3)))).toBe(
      '{"0":{"k":{"0":{"0":"m-3","1":"t3"},"kc":1},"stream":["0",[["m-3",-1,null,false]],[]]}}',
    );
  });

  test("sends at, limit and updateOnly as they were given", () => {
    const options: InsertOptions = { at: 0, limit: -5, updateOnly: true };
    expect(sent((messages) => messages.insert(message(3), options))).toContain('["m-3",0,-5,true]');
  });

  test("gives inserts the stream's limit, unless they have their own", () => {
    const messages = stream("m", [message(1)], { limit: -50, at: 0 });
    messages.insert(message(2)).insert(message(3), { limit: 10 }).insert(message(4), { limit: null });
    expect(full(messages)).toContain(
      '[["m-1",0,-50,false],["m-2",-1,-50,false],["m-3",-1,10,false],["m-4",-1,null,false]]',
    );
  });

  test("sends deletions", () => {
    expect(sent((messages) => messages.delete(message(1)).deleteByDomId("m-2"))).toBe(
      '{"0":{"k":{"kc":0},"stream":["0",[],["m-1","m-2"]]}}',
    );
  });

  test("sends deletion and insertion of one item, which moves it", () => {
    expect(sent((messages) => messages.delete(message(1)).insert(message(1)))).toBe(
      '{"0":{"k":{"0":{"0":"m-1","1":"t1"},"kc":1},"stream":["0",[["m-1",-1,null,false]],["m-1"]]}}',
    );
  });

  test("sends an item that was inserted twice once, with the last values", () => {
    expect(
      sent((messages) => messages.insert(message(3)).insert(message(4)).insert(message(3, "new"), { at: 0 })),
    ).toBe(
      '{"0":{"k":{"0":{"0":"m-4","1":"t4"},"1":{"0":"m-3","1":"new"},"kc":2},' +
        '"stream":["0",[["m-4",-1,null,false],["m-3",0,null,false]],[]]}}',
    );
  });

  test("does not send an item that was inserted and deleted again", () => {
    expect(sent((messages) => messages.insert(message(3)).delete(message(3)))).toBe(
      '{"0":{"k":{"kc":0},"stream":["0",[],["m-3"]]}}',
    );
  });

  test("resets, with and without items", () => {
    expect(sent((messages) => messages.insert(message(8)).reset())).toBe(
      '{"0":{"k":{"kc":0},"stream":["0",[],[],true]}}',
    );
    expect(sent((messages) => messages.reset([message(2)]))).toBe(
      '{"0":{"k":{"0":{"0":"m-2","1":"t2"},"kc":1},"stream":["0",[["m-2",-1,null,false]],[],true]}}',
    );
  });

  test("writes nested statics of its items every time, since the client forgets them", () => {
    const rich = (domId: string, { text }: Message) => html`<li id=${domId}>${html`<b>${text}</b>`}</li>`;
    const messages = stream("m", [message(1)]);
    const renderer = new ViewRenderer();
    const view = () => html`<ul id="list" phx-update="stream">${each(messages, rich)}</ul>`;
    renderer.full(view());
    messages.insert(message(2));
    expect(renderer.diff(view())).toContain('"1":{"0":"t2","r":1,"s":["<b>","</b>"]}');
  });

  test("sends statics again when its items become of another template", () => {
    const either = (domId: string, { id, text }: Message) =>
      id > 1 ? html`<p id=${domId}>${text}</p>` : item(domId, { id, text });
    const messages = stream("m", [message(1)]);
    const renderer = new ViewRenderer();
    const client = new WireClient();
    const view = () => html`<ul id="list" phx-update="stream">${each(messages, either)}</ul>`;
    client.receive(renderer.full(view())).html();
    messages.insert(message(2));
    expect(client.receive(renderer.diff(view())).html()).toContain('<p id="m-2">t2</p>');
    messages.insert(message(1)).insert(message(3));
    expect(client.receive(renderer.diff(view())).html()).toContain('<li id="m-1">t1</li><p id="m-3">t3</p>');
  });

  test("numbers streams in the order in which a view shows them", () => {
    const [a, b] = [stream("a", [message(1)]), stream("b", [message(1)])];
    const text = new ViewRenderer().full(html`${each(b, item)}${each(a, item)}`);
    expect(text).toContain('"stream":["0",[["b-1"');
    expect(text).toContain('"stream":["1",[["a-1"');
  });

  test("keeps what is pending while it is not shown", () => {
    const messages = stream("m", [message(1)]);
    const renderer = new ViewRenderer();
    const view = (open: boolean) => html`<ul id="list" phx-update="stream">${open && each(messages, item)}</ul>`;
    renderer.full(view(false));
    expect(messages.hasPending).toBe(true);
    expect(renderer.diff(view(true))).toContain('"m-1"');
    expect(messages.hasPending).toBe(false);
  });

  test("is not consumed by a dead render, but can be flushed", () => {
    const messages = stream("m", [message(1)]);
    expect(renderToString(view(messages))).toBe('<ul id="list" phx-update="stream"><li id="m-1">t1</li></ul>');
    expect(messages.hasPending).toBe(true);
    messages.flush();
    expect(messages.hasPending).toBe(false);
  });

  test("takes a function for DOM ids", () => {
    const messages = stream<{ key: string }>("m", [{ key: "a" }], { domId: ({ key }) => `x-${key}` });
    expect(messages.domId({ key: "b" })).toBe("x-b");
    // @ts-expect-error: items without an id need a domId function
    expect(() => stream("m", [{ key: "a" }])).toThrow("Give it a domId function.");
    expect(() => stream("m", [{ key: "a" }], { domId: () => "" })).toThrow(
      'Stream "m": expected domId to return a string, got an empty string.',
    );
  });

  test("refuses impossible options", () => {
    expect(() => stream("")).toThrow("stream(): expected a name, got an empty string.");
    expect(() => stream("m", [], { limit: 1.5 })).toThrow(
      'Stream "m": expected limit to be an integer or null, got 1.5.',
    );
    expect(() => stream<Message>("m").insert(message(1), { at: -2 })).toThrow(
      'Stream "m": expected at to be -1 or an index, got -2.',
    );
  });

  test("holds a bounded number of operations between two renders", () => {
    const messages = stream<Message>("m", [], { maxPending: 2 });
    messages.insert(message(1)).delete(message(2)).insert(message(1, "again")).delete(message(2));
    expect(() => messages.insert(message(3))).toThrow('Stream "m": 2 operations wait for a render (maxPending).');
    messages.flush();
    messages.insert(message(3));
  });

  test("may stand in an entry of a list that is sent anew", () => {
    const messages = stream("m", [message(1)]);
    const entry = (name: string) => (name === "m" ? html`<div>${view(messages)}</div>` : html`<p>${name}</p>`);
    const page = (names: string[]) => html`<main>${each(names, String, entry)}</main>`;
    const renderer = new ViewRenderer();
    const client = new WireClient();
    client.receive(renderer.full(page(["m"]))).html();
    messages.insert(message(2));
    // Made anew, so that the entry is rendered again before the other template is met.
    const again = (names: string[]) => html`<main>${each(names, String, (name) => entry(name))}</main>`;
    client.receive(renderer.diff(again(["m"]))).html();
    messages.insert(message(3));
    expect(client.receive(renderer.diff(again(["m", "x"]))).html()).toContain(
      '<li id="m-3">t3</li></ul></div><p>x</p>',
    );
  });

  test("cannot be shown twice, nor in an ordinary element, nor with items that have no id", () => {
    const messages = stream("m", [message(1)]);
    expect(() => new ViewRenderer().full(html`${view(messages)}${view(messages)}`)).toThrow(
      'Stream "m": a view can show a stream, or streams of one name, only once.',
    );
    expect(() => new ViewRenderer().full(html`<ul>${each(messages, item)}</ul>`)).toThrow(
      'stream "m" must stand directly in an element with phx-update="stream" and an id.',
    );
    const noId = each(messages, (_domId, { text }) => html`<li>${text}</li>`);
    expect(() => new ViewRenderer().full(html`<ul id="l" phx-update=${"stream"}>${noId}</ul>`)).toThrow(
      'an item of stream "m" must be one element, with its DOM id as id',
    );
  });
});

describe("a browser that follows a stream", () => {
  /** What the client does to a container: deletions, then inserts, then the limit. */
  function apply(list: string[], [, inserts, deletes, reset]: StreamOps): string[] {
    let ids = list.filter((id) => !deletes.includes(id));
    if (reset) ids = [];
    for (const [domId, at, limit, updateOnly] of inserts as [string, number, number | null, boolean][]) {
      if (!ids.includes(domId) && !updateOnly) ids.splice(at === -1 ? ids.length : at, 0, domId);
      if (limit !== null) ids = limit < 0 ? ids.slice(limit) : ids.slice(0, limit);
    }
    return ids;
  }

  test("shows what a list with the same operations holds", () => {
    const operation = fc.oneof(
      fc.record({ insert: fc.nat(6), at: fc.integer({ min: -1, max: 3 }), limit: fc.constantFrom(null, -3, 3) }),
      fc.record({ delete: fc.nat(6) }),
      fc.record({ reset: fc.uniqueArray(fc.nat(6)) }),
    );
    fc.assert(
      fc.property(fc.array(operation), (operations) => {
        const messages = stream<Message>("m");
        const renderer = new ViewRenderer();
        const client = new WireClient();
        client.receive(renderer.full(view(messages))).html();
        let model: number[] = [];
        let shown: string[] = [];
        for (const operation of operations) {
          if ("insert" in operation) {
            const { insert: id, at, limit } = operation;
            messages.insert(message(id), { at, limit });
            if (!model.includes(id)) model.splice(at === -1 ? model.length : at, 0, id);
            if (limit !== null) model = limit < 0 ? model.slice(limit) : model.slice(0, limit);
          } else if ("delete" in operation) {
            messages.delete(message(operation.delete));
            model = model.filter((id) => id !== operation.delete);
          } else {
            messages.reset(operation.reset.map((id) => message(id)));
            model = operation.reset;
          }
          const rendered = client.receive(renderer.diff(view(messages))).html();
          expect(client.streams).toHaveLength(1);
          for (const [domId] of client.streams[0]![1] as [string][]) expect(rendered).toContain(`<li id="${domId}">`);
          shown = apply(shown, client.streams[0]!);
          expect(shown).toEqual(model.map((id) => `m-${id}`));
        }
      }),
      { numRuns: 100 },
    );
  });
});
