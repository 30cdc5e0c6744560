import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { boundary } from "../../liveview/component/boundary.ts";
import { liveComponent } from "../../liveview/component/live-component.ts";
import { ViewRenderer } from "../../liveview/diff/diff.ts";
import { type InsertOptions, type Stream, stream } from "../../liveview/diff/stream.ts";
import { attrs } from "../../liveview/template/attributes.ts";
import { each } from "../../liveview/template/each.ts";
import { component } from "../../liveview/template/function-component.ts";
import { renderToString } from "../../liveview/template/render-to-string.ts";
import { html } from "../../liveview/template/template.ts";
import { StreamError } from "../../liveview/template/template-errors.ts";
import { liveView } from "../../liveview/view/live-view.ts";
import { joinView } from "../support/live-views.ts";
import { loadOfficial, OfficialClient } from "../support/official-rendered.ts";
import { runCycle, StreamModel, streamCycle } from "../support/stream-model.ts";
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
  test("ST1, ST7: sends its first items, and forgets them", () => {
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

  test("ST7, F23: sends an insert without the list's statics", () => {
    expect(sent((messages) => messages.insert(message(3)))).toBe(
      '{"0":{"k":{"0":{"0":"m-3","1":"t3"},"kc":1},"stream":["0",[["m-3",-1,null,false]],[]]}}',
    );
  });

  test("ST2, ST7: sends at, limit and updateOnly as they were given", () => {
    const options: InsertOptions = { at: 0, limit: -5, updateOnly: true };
    expect(sent((messages) => messages.insert(message(3), options))).toContain('["m-3",0,-5,true]');
  });

  test("ST2: gives inserts the stream's limit, unless they have their own", () => {
    const messages = stream("m", [message(1)], { limit: -50, at: 0 });
    messages.insert(message(2)).insert(message(3), { limit: 10 }).insert(message(4), { limit: null });
    expect(full(messages)).toContain(
      '[["m-1",0,-50,false],["m-2",-1,-50,false],["m-3",-1,10,false],["m-4",-1,null,false]]',
    );
  });

  test("ST3, ST7: sends deletions, by item and by DOM id", () => {
    expect(sent((messages) => messages.delete(message(1)).deleteByDomId("m-2"))).toBe(
      '{"0":{"k":{"kc":0},"stream":["0",[],["m-1","m-2"]]}}',
    );
  });

  test("ST3, ST7: sends deletion and insertion of one item, which moves it", () => {
    expect(sent((messages) => messages.delete(message(1)).insert(message(1)))).toBe(
      '{"0":{"k":{"0":{"0":"m-1","1":"t1"},"kc":1},"stream":["0",[["m-1",-1,null,false]],["m-1"]]}}',
    );
  });

  test("ST2: sends an item that was inserted twice once, with the last values", () => {
    expect(
      sent((messages) => messages.insert(message(3)).insert(message(4)).insert(message(3, "new"), { at: 0 })),
    ).toBe(
      '{"0":{"k":{"0":{"0":"m-4","1":"t4"},"1":{"0":"m-3","1":"new"},"kc":2},' +
        '"stream":["0",[["m-4",-1,null,false],["m-3",0,null,false]],[]]}}',
    );
  });

  test("ST3: does not send an item that was inserted and deleted again", () => {
    expect(sent((messages) => messages.insert(message(3)).delete(message(3)))).toBe(
      '{"0":{"k":{"kc":0},"stream":["0",[],["m-3"]]}}',
    );
  });

  test("ST4, ST7: resets, with and without items", () => {
    expect(sent((messages) => messages.insert(message(8)).reset())).toBe(
      '{"0":{"k":{"kc":0},"stream":["0",[],[],true]}}',
    );
    expect(sent((messages) => messages.reset([message(2)]))).toBe(
      '{"0":{"k":{"0":{"0":"m-2","1":"t2"},"kc":1},"stream":["0",[["m-2",-1,null,false]],[],true]}}',
    );
  });

  test("ST7: writes nested statics of its items every time, since the client forgets them", () => {
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

  test("ST6, ST7: numbers streams in the order in which a view shows them", () => {
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

  test("ST2: a dead render shows all, whatever at and limit say, and consumes nothing", () => {
    const messages = stream("m", [message(1), message(2)], { at: 0, limit: 1 });
    expect(renderToString(view(messages))).toBe(
      '<ul id="list" phx-update="stream"><li id="m-1">t1</li><li id="m-2">t2</li></ul>',
    );
    expect(messages.hasPending).toBe(true);
    messages.flush();
    expect(messages.hasPending).toBe(false);
  });

  test("ST1: a DOM id is the name and the item's id, or what a function makes of the item", () => {
    const messages = stream<{ key: string }>("m", [{ key: "a" }], { domId: ({ key }) => `x-${key}` });
    expect(messages.domId({ key: "b" })).toBe("x-b");
    expect(stream<Message>("m").domId(message(7))).toBe("m-7");
    // @ts-expect-error: items without an id need a domId function
    expect(() => stream("m", [{ key: "a" }])).toThrow("Give it a domId function.");
    expect(() => stream("m", [{ key: "a" }], { domId: () => "" })).toThrow(
      'Stream "m": expected domId to return a string, got an empty string.',
    );
  });

  test("T6: takes no key, for its items have their DOM ids", () => {
    const item = (id: string) => html`<li id=${id}></li>`;
    // @ts-expect-error: a stream with keys
    expect(() => each(stream("m", [{ id: 1 }]), ({ id }: { id: number }) => id, item)).toThrow(
      'each(): stream "m" takes no key, its items are known by their DOM ids',
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

  test("after a reset what comes and goes leaves nothing to do, however often (ST4)", () => {
    const messages = stream<Message>("m", [], { maxPending: 2 }).reset([message(0)]);
    for (let id = 1; id < 100; id++) messages.insert(message(id)).delete(message(id));
    const sent = JSON.parse(new ViewRenderer().full(view(messages))) as { 0: { stream: StreamOps } };
    expect(sent[0].stream).toEqual(["0", [["m-0", -1, null, false]], [], true]);
  });

  test("what a limit takes away takes no room either: a log or a feed may stay hidden (ST2)", () => {
    const log = stream<Message>("log", [], { limit: -2, maxPending: 6 });
    const feed = stream<Message>("feed", [], { limit: 2, maxPending: 6 });
    const mixed = stream<Message>("mixed", [], { limit: -2, maxPending: 6 });
    for (let id = 1; id <= 100; id++) {
      log.insert(message(id));
      feed.insert(message(id), { at: 0 });
    }
    expect([...log.inserts].map(({ item }) => item.id).slice(-2)).toEqual([99, 100]);
    expect([...feed.inserts].map(({ item }) => item.id).slice(-2)).toEqual([99, 100]);
    // Which of these remain depends on what the browser has.
    const insertMixed = () => {
      for (let id = 1; id <= 100; id++) mixed.insert(message(id), { at: id % 2 });
    };
    expect(insertMixed).toThrow(
      "Show the stream, give it a limit of at most a third of that, or reset it while it is hidden.",
    );
  });

  test("a limit of 0 does not take away what was inserted without one", () => {
    const messages = stream<Message>("m", [message(1)], { maxPending: 2 });
    messages.insert(message(2), { at: 0, limit: 0 });
    expect(() => messages.insert(message(3))).toThrow("(maxPending)");
    expect([...messages.inserts].map(({ domId }) => domId)).toEqual(["m-1", "m-2"]);
    expect(messages.isReset).toBe(false);
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

  test("ST1: how DOM ids are made is settled when the stream is made; another one of its name must do it likewise", () => {
    const byKey = ({ id }: Message) => `k-${id}`;
    const renderer = new ViewRenderer();
    renderer.full(view(stream("m", [message(1)], { domId: byKey })));
    expect(renderer.diff(view(stream("m", [message(2)], { domId: byKey })))).toContain(
      '"stream":["0",[["k-2",-1,null,false]],[]]',
    );
    const sentence = 'Stream "m": expected the domId that a stream of this name was first shown with, got another one';
    expect(() => renderer.diff(view(stream("m", [message(3)])))).toThrow(sentence);
    expect(() => renderer.diff(view(stream("m", [message(3)], { domId: ({ id }) => `k-${id}` })))).toThrow(sentence);
  });

  test("ST2: updateOnly after an insert changes it, and does not make it one of its kind", () => {
    expect(
      sent((messages) =>
        messages
          .insert(message(3), { at: 0, limit: 9 })
          .insert(message(4))
          .insert(message(3, "new"), { updateOnly: true }),
      ),
    ).toBe(
      '{"0":{"k":{"0":{"0":"m-3","1":"new"},"1":{"0":"m-4","1":"t4"},"kc":2},' +
        '"stream":["0",[["m-3",0,9,false],["m-4",-1,null,false]],[]]}}',
    );
    expect(sent((messages) => messages.insert(message(3), { updateOnly: true }).insert(message(3, "new")))).toContain(
      '[["m-3",-1,null,false]]',
    );
  });

  test("ST2: updateOnly of what was just deleted, or fell to a reset, is nothing", () => {
    const updateOnly = { updateOnly: true };
    expect(sent((messages) => messages.delete(message(1)).insert(message(1), updateOnly))).toBe(
      '{"0":{"k":{"kc":0},"stream":["0",[],["m-1"]]}}',
    );
    expect(sent((messages) => messages.reset([message(2)]).insert(message(1), updateOnly))).toBe(
      '{"0":{"k":{"0":{"0":"m-2","1":"t2"},"kc":1},"stream":["0",[["m-2",-1,null,false]],[],true]}}',
    );
  });

  test("ST4: a reset takes options for its items", () => {
    expect(sent((messages) => messages.reset([message(1), message(2)], { at: 0, limit: 5 }))).toContain(
      '[["m-1",0,5,false],["m-2",0,5,false]],[],true]',
    );
  });

  test("ST5: a dead render refuses what the connected one would", () => {
    const messages = stream("m", [message(1)]);
    expect(() => renderToString(html`<ul>${each(messages, item)}</ul>`)).toThrow(
      'stream "m" must stand directly in an element with phx-update="stream" and an id.',
    );
    const noId = each(messages, (_domId, { text }) => html`<li>${text}</li>`);
    expect(() => renderToString(html`<ul id="l" phx-update="stream">${noId}</ul>`)).toThrow(
      'an item of stream "m" must be one element, with its DOM id as id',
    );
  });

  test("ST5: an item's element must have the item's DOM id", () => {
    const messages = stream("m", [message(1)]);
    const sentence = `stream "m": expected the item's DOM id "m-1" as id of its element, got "1"`;
    for (const wrong of [
      each(messages, (_domId, { id }) => html`<li id=${String(id)}></li>`),
      each(messages, (_domId, { id }) => html`<li class="x" id="${String(id)}"></li>`),
      each(messages, (_domId, { id }) => html`<li id=${id}></li>`),
      each(messages, () => html`<li title="> id='m-1'" id="1"><b id="m-1"></b></li>`),
      each(messages, (_domId, { id }) => html`<li class=${"a>"} id="${id}${""}">${"m-1"}</li>`),
      each(messages, (_domId, { id }) => html`<li ${attrs({ title: " id=", id })}></li>`),
    ]) {
      const page = html`<ul id="l" phx-update="stream">${wrong}</ul>`;
      expect(() => new ViewRenderer().full(page)).toThrow(sentence);
      expect(() => renderToString(page)).toThrow(sentence);
    }
    for (const none of [
      each(messages, () => html`<li ${attrs({ class: "a" })}></li>`),
      each(messages, () => html`<li id=${null}></li>`),
    ]) {
      expect(() => renderToString(html`<ul id="l" phx-update="stream">${none}</ul>`)).toThrow(
        "of its element, got none",
      );
    }
    for (const right of [
      each(messages, (_domId, { id }) => html`<li class="x>" id="m-${id}" title='"'></li>`),
      each(messages, () => html`<li id="m-1">${"a"}</li>`),
      each(messages, (domId) => html`<li class=${["a"]} ${attrs({ id: domId, hidden: true })}></li>`),
      each(messages, () => html`<li ${attrs({ class: "a" })} id='m-1'></li>`),
      each(messages, () => html`<li id=${() => "m-1"}></li>`),
    ]) {
      expect(renderToString(html`<ul id="l" phx-update="stream">${right}</ul>`)).toMatch(/ id=["']m-1["']/);
    }
    const nested = each(messages, (domId) => html`<li id=${domId}><b id=${"b"}></b></li>`);
    expect(renderToString(html`<ul id="l" phx-update="stream">${nested}</ul>`)).toContain('<b id="b">');
  });

  test("ST5: an item may be shown by a function component", () => {
    const row = component(({ domId, text }: { domId: string; text: string }) => html`<li id=${domId}>${text}</li>`);
    const messages = stream("m", [message(1)]);
    const view = () =>
      html`<ul id="l" phx-update="stream">${each(messages, (domId, { text }) => row({ domId, text }))}</ul>`;
    expect(renderToString(view())).toBe('<ul id="l" phx-update="stream"><li id="m-1">t1</li></ul>');
    expect(JSON.parse(new ViewRenderer().full(view()))).toMatchObject({
      0: { k: { 0: { 0: ' id="m-1"', 1: "t1" }, kc: 1 }, s: ["<li", ">", "</li>"] },
    });
  });

  test("ST5: other children of the container are ordinary HTML", () => {
    const messages = stream("m", [message(1)]);
    const page = (note: string) =>
      html`<ul id="l" phx-update="stream"><li id="note">${note}</li>${each(messages, item)}</ul>`;
    const renderer = new ViewRenderer();
    const client = new WireClient();
    expect(client.receive(renderer.full(page("none"))).html()).toContain('<li id="note">none</li><li id="m-1">t1</li>');
    expect(renderer.diff(page("some"))).toBe('{"0":"some"}');
  });

  test("ST5: other children must have an id, or the browser could not keep them", () => {
    const list = () => each(stream("m", [message(1)]), item);
    expect(() => html`<ul id="l" phx-update="stream">${list()}<li>none</li></ul>`).toThrow(
      '<li> stands directly in an element with phx-update="stream", so it needs an id that is its own',
    );
    const others = html`<ul id="l" phx-update="stream">${list()}<li ${attrs({ id: "a" })}><b></b></li></ul>`;
    expect(renderToString(others)).toContain('<li id="a"><b></b></li>');
    expect(() => renderToString(html`<ul id="l" phx-update="stream"><li ${attrs({ lang: "en" })}></li></ul>`)).toThrow(
      '<li> stands directly in an element with phx-update="stream", so it needs an id that is its own',
    );
    expect(renderToString(html`<ul id="l" phx-update="replace"><li ${attrs({})}></li></ul>`)).toContain("<li></li>");
  });

  test("ST6: is shown by each alone", () => {
    const shown = () => renderToString(html`<p>${stream("m", [message(1)]) as never}</p>`);
    expect(shown).toThrow("got an object (Stream). Show it by each(stream, render)");
  });

  test("ST6: is no list: to iterate, map or filter it raises", () => {
    const messages = stream("m", [message(1)]);
    const sentence = 'Stream "m" cannot be iterated, mapped or filtered: its items are in the browser alone.';
    // @ts-expect-error: the compiler knows, too
    expect(() => [...messages]).toThrow(sentence);
    expect(() => Array.from(messages as unknown as Iterable<Message>)).toThrow(sentence);
    // @ts-expect-error: as above
    expect(() => messages.map(({ id }) => id)).toThrow(TypeError);
    // @ts-expect-error: as above
    expect(() => each(messages.filter(Boolean), item)).toThrow(TypeError);
    expect(() => new ViewRenderer().full(html`<p>${messages as never}</p>`)).toThrow("got an object (Stream)");
  });

  test("ST6: several streams of a view are told apart, each with its own operations", () => {
    const [a, b] = [stream("a", [message(1)]), stream("b", [message(1)])];
    const page = () => html`<ul id="a" phx-update="stream">${each(a, item)}</ul>
      <ul id="b" phx-update="stream">${each(b, item)}</ul>`;
    const renderer = new ViewRenderer();
    renderer.full(page());
    a.delete(message(1));
    b.insert(message(2));
    expect(renderer.diff(page())).toBe(
      '{"0":{"k":{"kc":0},"stream":["0",[],["a-1"]]},' +
        '"1":{"k":{"0":{"0":"b-2","1":"t2"},"kc":1},"stream":["1",[["b-2",-1,null,false]],[]]}}',
    );
    b.reset();
    expect(renderer.diff(page())).toBe('{"1":{"k":{"kc":0},"stream":["1",[],[],true]}}');
  });

  test("ST6: in an entry of a list it is looked at even if the entry's item is the same", () => {
    const rooms = ["x", "y"].map((id) => ({ id, messages: stream<Message>(id, [message(1)]) }));
    const room = ({ id, messages }: (typeof rooms)[number]) =>
      html`<ol id="${id}" phx-update="stream">${each(messages, item)}</ol>`;
    const roomId = ({ id }: (typeof rooms)[number]) => id;
    const page = () => html`<main>${each([...rooms], roomId, room)}</main>`;
    const renderer = new ViewRenderer();
    expect(new WireClient().receive(renderer.full(page())).html()).toBe(renderToStringOnce(rooms.map(({ id }) => id)));
    rooms[1]!.messages.insert(message(2));
    expect(renderer.diff(page())).toBe(
      '{"0":{"k":{"1":{"1":{"k":{"0":{"0":"y-2","1":"t2"},"kc":1},"stream":["1",[["y-2",-1,null,false]],[]]}},"kc":2}}}',
    );
    expect(renderer.diff(page())).toBe("");
    rooms.reverse();
    rooms[1]!.messages.delete(message(1));
    expect(renderer.diff(page())).toBe(
      '{"0":{"k":{"0":1,"1":[0,{"1":{"k":{"kc":0},"stream":["0",[],["x-1"]]}}],"kc":2,"km":true}}}',
    );
  });

  /** What the page of rooms shows, with one message in each. */
  function renderToStringOnce(ids: readonly string[]): string {
    const shown = ids.map((id) => `<ol id="${id}" phx-update="stream"><li id="${id}-1">t1</li></ol>`);
    return `<main>${shown.join("")}</main>`;
  }

  test("ST6: a function component shows what is pending, however deep in its inputs the stream is", () => {
    const room = { messages: stream<Message>("m", [message(1)]) };
    const shown = component(
      ({ room: { messages } }: { room: { messages: Stream<Message> } }) =>
        html`<ul id="l" phx-update="stream">${each(messages, item)}</ul>`,
    );
    const page = () => html`<main>${shown({ room })}</main>`;
    const renderer = new ViewRenderer();
    renderer.full(page());
    room.messages.insert(message(2));
    expect(renderer.diff(page())).toContain('["m-2",-1,null,false]');
    expect(renderer.diff(page())).toBe("");
  });

  test("ST5, ST6: cannot be shown twice, nor in an ordinary element, nor with items that have no id", () => {
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

describe("a component with a stream", () => {
  const Broken = liveComponent({
    mount: () => ({ fails: false, list: stream("list", [message(1)], { domId: ({ id }) => `x-${id}` }) }),
    events: {
      add: (socket) => socket.streamInsert("list", message(2)),
      fail: (socket) => socket.assign({ fails: true }),
      wrong: (socket) => socket.streamInsert("fails" as never, message(1) as never),
    },
    render: ({ list, fails }) => {
      const view = (domId: string, one: Message) => {
        if (fails) throw new Error("on purpose");
        return item(domId, one);
      };
      if (fails) list.insert(message(3));
      return html`<ul id="l" phx-update="stream">${each(list, view)}</ul>`;
    },
  });
  const Page = liveView({
    mount: () => ({}),
    render: () =>
      html`<main>${boundary({ fallback: () => html`<em>broken</em>`, backoff: { minMs: 100, jitter: 0 } }, Broken({ id: "b" }))}</main>`,
  });

  test("ST1, ST6: begins anew after a crash, with streams made anew, although functions for ids are others", async () => {
    const joined = await joinView(Page);
    await joined.event("add", {}, 1);
    await joined.event("fail", {}, 1);
    await joined.run(10);
    expect(joined.html()).toBe("<main><em>broken</em></main>");
    await joined.run(200);
    expect(joined.diffs().at(-1)).toMatchObject({
      c: { 1: { 0: { stream: ["1-0", [["x-1", -1, null, false]], []] } } },
    });
    await joined.event("add", {}, 1);
    expect(joined.diffs()).toMatchObject([{ c: { 1: { 0: { stream: ["1-0", [["x-2", -1, null, false]], []] } } } }]);
  });

  test("ST1: what is no stream cannot be used as one", async () => {
    const joined = await joinView(Page);
    await joined.event("wrong", {}, 1);
    await joined.run(10);
    const crashes = joined.sim.reports.map((report) => JSON.stringify(report) + String(report));
    expect(crashes.join()).toContain('expected the assign \\"fails\\" to be a stream, got a boolean');
  });
});

describe("a browser that follows a stream", () => {
  let official: Awaited<ReturnType<typeof loadOfficial>>;

  beforeAll(async () => {
    official = await loadOfficial();
  });

  /** What the client does to a container: deletions, then one insert after the other, with its limit. */
  function apply(list: string[], [, inserts, deletes, reset]: StreamOps): string[] {
    let ids = reset === true ? [] : list.filter((id) => !deletes.includes(id));
    for (const [domId, at, limit, updateOnly] of inserts as [string, number, number | null, boolean][]) {
      if (ids.includes(domId) || updateOnly) continue;
      ids.splice(at === -1 ? ids.length : at, 0, domId);
      if (limit !== null) ids = limit < 0 ? ids.slice(limit) : ids.slice(0, limit);
    }
    return ids;
  }

  test("ST2, ST3, ST4, ST7: shows what a list with the same operations holds, whichever client merges", () => {
    fc.assert(
      fc.property(fc.array(streamCycle, { maxLength: 8 }), (cycles) => {
        const messages = stream<Message>("m");
        const renderer = new ViewRenderer();
        const client = new WireClient();
        const theirs = new OfficialClient(official);
        const first = renderer.full(view(messages));
        client.receive(first).html();
        theirs.receive(first);
        const model = new StreamModel();
        let shown: string[] = [];
        for (const cycle of cycles) {
          runCycle(cycle, model);
          runCycle(cycle, {
            reset: (ids) => messages.reset(ids.map((id) => message(id, "reset"))),
            delete: (id) => messages.deleteByDomId(`m-${id}`),
            insert: (id, text, options) => messages.insert(message(id, text), options),
          });
          const wire = renderer.diff(view(messages));
          expect(messages.hasPending).toBe(false);
          if (wire === "") continue;
          theirs.forget("m-");
          const rendered = client.receive(wire).html();
          expect(theirs.receive(wire).html()).toBe(rendered);
          expect(theirs.streams).toEqual(client.streams);
          const [operations] = client.streams as [StreamOps];
          const inserted = [...rendered.matchAll(/<li id="([^"]*)">/g)].map(([, id]) => id);
          expect(inserted).toEqual(operations[1].map((insert) => (insert as [string])[0]));
          shown = apply(shown, operations);
          expect(shown).toEqual(model.items.map(({ id }) => `m-${id}`));
        }
      }),
      { numRuns: 500 },
    );
  });

  const limit = 3;
  const otherwise = fc.constantFrom({ updateOnly: true }, { at: 0 }, { at: -1 }, { at: 1 }, { limit: null });
  const hiddenOp = fc.oneof(
    { weight: 40, arbitrary: fc.record({ insert: fc.nat(40), options: fc.constant({}) }) },
    { weight: 2, arbitrary: fc.record({ insert: fc.nat(40), options: otherwise }) },
    { weight: 1, arbitrary: fc.record({ remove: fc.nat(40) }) },
  );

  test.each([
    ["at the end", -1, -limit],
    ["at the start", 0, limit],
  ])(
    "ST2: shows of a stream that was hidden for long, inserting %s, what it would had all been held",
    (_, at, limit) => {
      const [items, ops] = [
        fc.uniqueArray(fc.nat(40), { maxLength: 3 }),
        fc.array(hiddenOp, { minLength: 15, maxLength: 40 }),
      ];
      let cuts = 0;
      fc.assert(
        fc.property(items, ops, fc.integer({ min: 4, max: 14 }), (shown, ops, maxPending) => {
          const shownAfter = (maxPending: number): string[] => {
            const messages = stream<Message>("m", [], { limit, maxPending });
            for (const op of ops) {
              if ("remove" in op) messages.deleteByDomId(`m-${op.remove}`);
              else messages.insert(message(op.insert), { at, ...op.options });
            }
            if (messages.isReset) cuts++;
            const inserts = [...messages.inserts].map(({ domId, at, limit, updateOnly }) => [
              domId,
              at,
              limit,
              updateOnly,
            ]);
            const before = shown.map((id) => `m-${id}`);
            return apply(before, ["0", inserts, [...messages.deletes], messages.isReset]);
          };
          try {
            expect(shownAfter(maxPending)).toEqual(shownAfter(1000));
          } catch (error) {
            if (!(error instanceof StreamError)) throw error; // no room, and nothing that could be dropped
          }
        }),
        { numRuns: 500 },
      );
      expect(cuts).toBeGreaterThan(50);
    },
  );
});

describe("what the server keeps of a stream", () => {
  let collect: () => void;

  beforeAll(() => {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  });

  const collected = async (items: readonly WeakRef<Message>[]): Promise<number> => {
    const alive = () => items.filter((item) => item.deref() !== undefined).length;
    for (let i = 0; i < 10 && alive() > 1; i++) {
      await new Promise(setImmediate); // a WeakRef holds on until the end of the turn
      collect();
    }
    return items.length - alive();
  };

  /** Shows a stream in every place where something might be kept of it. */
  function page() {
    const items: WeakRef<Message>[] = [];
    const made = (id: number): Message => {
      const fresh = message(id, `a text of its own: ${id}`);
      items.push(new WeakRef(fresh));
      return fresh;
    };
    const hundred = (from: number) => Array.from({ length: 100 }, (_, i) => made(from + i));
    const shown = component(
      ({ messages }: { messages: Stream<Message> }) =>
        html`<ul id="f" phx-update="stream">${each(messages, (domId, { text }) => html`<li id=${domId}>${() => text}</li>`)}</ul>`,
    );
    const Panel = liveComponent({
      mount: () => ({ own: stream("own", hundred(0)) }),
      events: {
        more: (socket) => {
          for (const one of hundred(200)) socket.streamInsert("own", one);
        },
      },
      render: ({ own }) => html`<ul id="c" phx-update="stream">${each(own, item)}</ul>`,
    });
    const Page = liveView({
      mount: () => ({ list: stream("list", hundred(0)), called: stream("called", hundred(0)), rooms: rooms() }),
      events: {
        more: (socket) => {
          for (const one of hundred(100)) socket.streamInsert("list", one);
          for (const one of hundred(100)) socket.streamInsert("called", one);
          socket.streamReset("list", hundred(300));
        },
      },
      render: ({ list, called, rooms }) => html`<main>
        <ul id="l" phx-update="stream">${each(list, item)}</ul>
        ${shown({ messages: called })}
        ${each(
          rooms,
          ({ id }) => id,
          ({ id, messages }) => html`<ul id=${id} phx-update="stream">${each(messages, item)}</ul>`,
        )}
        ${Panel({ id: "p" })}
      </main>`,
    });
    const rooms = () => [{ id: "r", messages: stream("r", hundred(0)) }];
    return { Page, items };
  }

  test("ST1: no item, neither in the view, nor in a component, a list or a cell: all can be collected after the render", async () => {
    const { Page, items } = page();
    const joined = await joinView(Page);
    expect(items.length).toBe(400);
    // The last one may still be in a register.
    expect(await collected(items)).toBeGreaterThanOrEqual(399);
    await joined.event("more");
    await joined.event("more", {}, 1);
    expect(items.length).toBe(800);
    expect(await collected(items)).toBeGreaterThanOrEqual(799);
    expect(joined.self.state).toBeDefined();
  });

  test("ST1: what is pending is kept, and let go with a reset", async () => {
    const items: WeakRef<Message>[] = [];
    const messages = stream<Message>("m");
    const insert = (id: number) => {
      const fresh = message(id);
      items.push(new WeakRef(fresh));
      messages.insert(fresh);
    };
    for (let id = 0; id < 100; id++) insert(id);
    expect(await collected(items)).toBe(0);
    messages.reset();
    expect(await collected(items)).toBeGreaterThanOrEqual(99);
  });
});
