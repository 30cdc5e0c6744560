/** /stream: the last 50 messages; the server keeps none of them, only the next id. */
import { each, html, liveView, stream } from "lintel/liveview";

interface Message {
  readonly id: number;
  readonly author: string;
  readonly body: string;
}

const message = (id: number): Message => ({ id, author: `user${id % 7}`, body: `Message number ${id}` });

const messageView = (domId: string, { author, body }: Message) => html`
        <li id=${domId}>
          <b class="author">${author}</b>
          <span class="body">${body}</span>
        </li>`;

export const StreamLive = liveView({
  mount: () => ({
    nextId: 11,
    messages: stream("messages", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(message), { limit: -50 }),
  }),
  events: {
    add: (socket) => {
      socket.streamInsert("messages", message(socket.assigns.nextId));
      return socket.update("nextId", (id) => id + 1);
    },
  },
  render: ({ messages }) => html`
    <main class="page">
      <h1>Stream</h1>
      <button id="add" phx-click="add">Add</button>
      <ul id="messages" phx-update="stream">${each(messages, messageView)}
      </ul>
    </main>
  `,
});
