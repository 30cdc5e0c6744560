/**
 * What must compile, and what must not, in live views. Checked by `tsc` as part of `npm test`; nothing here runs.
 * A line under `@ts-expect-error` that does compile is an error.
 */
import { z } from "zod";
import { topic } from "../../kernel/index.ts";
import { type EventName, each, eventReply, html, type LiveView, live, liveView, stream } from "../../liveview/index.ts";

interface Message {
  readonly id: number;
  readonly text: string;
}

const Room = topic<{ readonly text: string }>("room");

export const View = liveView({
  mount: ({ params, session, connected, self }) => {
    if (connected) self.subscribe(Room);
    return {
      count: 0,
      name: String(params["name"] ?? session["name"] ?? ""),
      messages: stream<Message>("messages", []),
    };
  },
  schemas: {
    rename: z.object({ name: z.string() }),
    grow: z.object({ by: z.number() }),
  },
  events: {
    inc: (socket) => socket.update("count", (n) => n + 1),
    rename: (socket, { name }) => socket.assign({ name: name.toUpperCase() }),
    // @ts-expect-error the schema says that by is a number
    grow: (socket, { by }) => socket.assign({ name: by }),
    add: (socket) => socket.streamInsert("messages", { id: 1, text: "x" }, { at: 0 }),
    ask: () => eventReply({ answer: 42 }),
    later: async (socket) => {
      socket.assign({ count: 2 });
    },

    // The assigns are those of mount.
    wrongKey: (socket) => {
      // @ts-expect-error there is no assign "cuont"
      socket.update("cuont", (n: number) => n + 1);
      // @ts-expect-error count is a number
      socket.assign({ count: "1" });
      // @ts-expect-error name is no stream
      socket.streamInsert("name", { id: 1, text: "x" });
      // @ts-expect-error a message has a text
      socket.streamInsert("messages", { id: 1 });
      // @ts-expect-error a message goes into the room as { text }
      socket.self.broadcast(Room, "hello");
    },
    raw: (socket, { value }) => {
      // @ts-expect-error without a schema what came from the browser is unknown
      socket.assign({ name: value });
    },
  },
  info: (socket, message: { readonly text: string }) => socket.assign({ name: message.text }),
  render: ({ count, name, messages }, { events }) => {
    const sum: number = count + 1;
    const upper: string = name.toUpperCase();
    // @ts-expect-error there is no event "dec"
    events.dec;
    // @ts-expect-error mount returns no "total"
    const f = (assigns: Parameters<NonNullable<typeof rendered>>[0]) => assigns.total;
    return html`<p id=${f.length}>${sum} ${upper}
      <button phx-click=${events.inc}>+</button>
      <ul id="messages" phx-update="stream">${each(messages, (domId, message) => html`<li id=${domId}>${message.text}</li>`)}</ul>
    </p>`;
  },
});
declare const rendered: ((assigns: { count: number }) => void) | undefined;

// The declared events are the events that exist.
const name: EventName<typeof View> = "inc";
// @ts-expect-error not declared
const wrong: EventName<typeof View> = "boom";

// A view goes into a route; anything else does not.
live("/view", View);
// @ts-expect-error not a view
live("/view", { mount: () => ({}) });

// An async mount gives the same assigns.
liveView({
  mount: async () => ({ total: 1n }),
  events: { add: (socket) => socket.update("total", (total) => total + 1n) },
  render: ({ total }) => html`<p>${total}</p>`,
});

liveView({
  mount: () => ({ total: 1 }),
  // @ts-expect-error total is a number
  render: ({ total }) => html`<p>${total.toUpperCase()}</p>`,
});

liveView({
  mount: () => ({ total: 1 }),
  // @ts-expect-error render returns html
  render: ({ total }) => `<p>${total}</p>`,
});

// A template shows text, templates and lists, not objects by mistake.
// @ts-expect-error a Date has to be made a string first
html`<p>${new Date()}</p>`;

// A stream's items have an id, or a domId says what it is.
stream("messages", [{ id: 1 }]);
stream("messages", [{ key: "a" }], { domId: (item) => item.key });
// @ts-expect-error no id, no domId
stream("messages", [{ key: "a" }]);

export type Views = LiveView;
export const used: unknown[] = [name, wrong];

/** Flash and navigation: what mount returns keeps its type when it may also leave. */
export const Gate = liveView({
  mount: ({ session, redirect, pushNavigate, putFlash, flash }) => {
    const before: string | undefined = flash["info"];
    if (session["a"] === before) return redirect("/login");
    if (session["b"] === 1) return pushNavigate("/elsewhere", { replace: true });
    putFlash("info", "welcome");
    // @ts-expect-error a status of another kind
    if (session["c"] === 1) redirect("/x", { status: 200 });
    return { n: 1 };
  },
  params: (socket, params, uri) => {
    const at: string = uri;
    socket.assign({ n: Number(params["n"] ?? at.length) });
    // @ts-expect-error a param may be a list, or nested
    const text: string = params["n"];
    socket.pushPatch(text).putFlash("info", text);
  },
  events: {
    go: (socket) => {
      const info: string | undefined = socket.assigns.flash["info"];
      socket.redirect({ external: info ?? "" });
      // @ts-expect-error what is external has a URL
      socket.redirect({});
      // @ts-expect-error flash is put, not assigned
      socket.assign({ flash: {} });
    },
  },
  render: ({ n, flash }, { html }) => {
    const sum: number = n + 1;
    const message: string | undefined = flash["info"];
    return html`<p>${sum}${message}${({ flash: { error } }) => error}</p>`;
  },
});
