/** /crash: a view that can be made to crash; nobody else notices. */
import { html, liveView } from "lintel/liveview";

export const CrashLive = liveView({
  mount: () => ({ count: 0 }),
  events: {
    inc: (socket) => socket.update("count", (count) => count + 1),
    boom: () => {
      throw new Error("boom");
    },
  },
  render: ({ count }) => html`
    <main class="page">
      <h1>Crash</h1>
      <p>Count: <span id="count">${count}</span></p>
      <button id="inc" phx-click="inc">Increment</button>
      <button id="boom" phx-click="boom">Boom</button>
    </main>
  `,
});
