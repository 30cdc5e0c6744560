/** /room: what one visitor says, all see. */
import { topic } from "lintel/kernel";
import { html, liveView } from "lintel/liveview";

/** What is said in the room. */
const Room = topic<{ readonly text: string }>("room");

export const RoomLive = liveView({
  mount: ({ connected, self }) => {
    if (connected) self.subscribe(Room);
    return { last: "", count: 0 };
  },
  events: {
    say: (socket, { text }) => socket.self.broadcast(Room, { text: String(text ?? "") }),
  },
  info: (socket, { text }: { readonly text: string }) =>
    socket.assign({ last: text }).update("count", (count) => count + 1),
  render: ({ last, count }) => html`
    <main class="page">
      <h1>Room</h1>
      <p>Messages: <span id="count">${count}</span></p>
      <p>Last: <span id="last">${last}</span></p>
      <form id="say" phx-submit="say">
        <input type="text" name="text" autocomplete="off">
        <button type="submit">Say</button>
      </form>
    </main>
  `,
});
