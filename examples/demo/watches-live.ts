/** /watches: components, each with a state of its own and a boundary around it. */
import { boundary, each, html, liveView } from "lintel/liveview";
import { brokenWatch, Watch } from "./watch.ts";

const names = ["Ada", "Blaise", "Charles", "Dorothy", "Edsger", "Frances", "Grace", "Hedy"];

export const WatchesLive = liveView({
  mount: () => ({ pageTitle: "Watches · Lintel", shown: names.slice(0, 3) }),
  events: {
    more: (socket) =>
      socket.update("shown", (shown) => [...shown, ...names.filter((name) => !shown.includes(name)).slice(0, 1)]),
    fewer: (socket) => socket.update("shown", (shown) => shown.slice(0, -1)),
    turn: (socket) => socket.update("shown", (shown) => shown.toReversed()),
  },
  render: ({ shown }, { events }) => html`
    <main class="page watches">
      <h1>Watches</h1>
      <p>Each watch is a component: it has a state, and a process whose messages are its seconds. Turn the row around, and each takes its time along. Write a note, then break another one: yours stays.</p>
      <p>Around each is a boundary. It mends what breaks, a little later each time; a fourth time within five seconds it gives up, and the page begins anew.</p>
      <div class="actions">
        <button id="more" phx-click=${events.more} disabled=${shown.length === names.length}>One more</button>
        <button id="fewer" phx-click=${events.fewer} disabled=${shown.length === 0}>One fewer</button>
        <button id="turn" phx-click=${events.turn}>Turn around</button>
        <button id="all" phx-click="toggle" phx-target=".watch:not(.broken)">Stop or go on, all</button>
      </div>
      <ul id="watches">${each(shown, String, watchOf)}</ul>
    </main>
  `,
});

const watchOf = (name: string) =>
  boundary({ fallback: (failure) => brokenWatch(name, failure) }, Watch({ id: name, name }));
