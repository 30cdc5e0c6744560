/**
 * What must compile, and what must not, in live components. Checked by `tsc` as part of `npm test`; nothing here runs.
 * A line under `@ts-expect-error` that does compile is an error.
 */
import { z } from "zod";
import {
  boundary,
  each,
  html,
  liveComponent,
  liveView,
  type PropsOf,
  type Rendered,
  sendUpdate,
} from "../../liveview/index.ts";

interface User {
  readonly id: number;
  readonly name: string;
}

const Card = liveComponent({
  name: "Card",
  mount: ({ id, myself, connected, self }) => {
    if (connected) self.sendAfter(1000, id + myself);
    return { open: false };
  },
  update: ({ user, level = 1 }: { user: User; level?: number }, socket) => {
    const open: boolean = socket.assigns.open;
    return { user, label: `${user.name} ${level} ${open}` };
  },
  schemas: { grade: z.object({ points: z.number() }) },
  events: {
    toggle: (socket) => socket.update("open", (open) => !open),
    grade: (socket, { points }) => socket.assign({ label: points.toFixed(1) }),
    wrong: (socket) => {
      // @ts-expect-error there is no assign "opne"
      socket.update("opne", (open: boolean) => !open);
      // @ts-expect-error label is a text
      socket.assign({ label: 1 });
      const cid: number = socket.myself;
      return { cid };
    },
  },
  info: (socket, message: { readonly label: string }) => socket.assign(message),
  render: ({ open, user, label }, { events, myself, html }) => {
    const name: string = user.name;
    // @ts-expect-error there is no event "togle"
    events.togle;
    return html`<b phx-click=${events.toggle} phx-target=${myself} hidden=${open}>${name} ${label}${({ label }) => label.trim()}</b>`;
  },
});

const user: User = { id: 1, name: "Ann" };
export const shown = [
  Card({ id: "a", user }),
  Card({ id: 1, user, level: 2 }),
  // @ts-expect-error an id is missing
  Card({ user }),
  // @ts-expect-error the user is missing
  Card({ id: "a" }),
  // @ts-expect-error level is a number
  Card({ id: "a", user, level: "2" }),
  // @ts-expect-error there is no prop "colour"
  Card({ id: "a", user, colour: "red" }),
];

export const props: PropsOf<typeof Card> = { user, level: 1 };

/** Without `update` there are no props but the id, and no assigns but the component's own. */
const Plain = liveComponent({
  mount: () => ({ n: 1 }),
  render: ({ n }) => html`<b>${n + 1}</b>`,
});
Plain({ id: 1 });
// @ts-expect-error it has no props
Plain({ id: 1, n: 2 });

/** The props of `updateMany` are those of one. */
const Many = liveComponent({
  updateMany: async (all: readonly { user: number }[], sockets) =>
    all.map(({ user }, i) => ({ name: `${user}${sockets[i]!.componentId}` })),
  render: ({ name }) => html`<b>${name.length}</b>`,
});
Many({ id: 1, user: 2 });
// @ts-expect-error user is a number
Many({ id: 1, user: "2" });

/** Props are assigns with one word. */
const Box = liveComponent({
  update: (props: { title: string; content: Rendered }) => props,
  render: ({ title, content }) => html`<p>${title.length}${content}</p>`,
});

export const View = liveView({
  mount: () => ({ users: [user] }),
  info: ({ self }) => {
    sendUpdate(self, self.pid, Card, "a", { level: 2 });
    // @ts-expect-error level is a number
    sendUpdate(self, self.pid, Card, "a", { level: "2" });
    // @ts-expect-error there is no prop "colour"
    sendUpdate(self, self.pid, Card, "a", { colour: "red" });
  },
  render: ({ users }) => html`
    <main>
      ${each(
        users,
        ({ id }) => id,
        (user) => Card({ id: user.id, user }),
      )}
      ${Box({ id: 1, title: "", content: html`<i></i>` })}
      ${boundary({ fallback: ({ crashes, retryMs }) => html`<p>${crashes + retryMs}</p>` }, Plain({ id: 2 }))}
      ${boundary({ id: "x", fallback: () => html`<p></p>`, maxRestarts: Number.POSITIVE_INFINITY }, () => html`<p>${Plain({ id: 3 })}</p>`)}
    </main>`,
});

// @ts-expect-error render is missing
liveComponent({ mount: () => ({ n: 1 }) });
