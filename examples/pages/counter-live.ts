/** /counter: one number that lives on the server. */
import { html, liveView } from "lintel/liveview";

export const CounterLive = liveView({
  mount: () => ({ count: 0 }),
  events: {
    inc: (socket) => socket.update("count", (count) => count + 1),
  },
  render: ({ count }) => html`
    <main class="page">
      <header>
        <h1>Counter</h1>
        <nav>
          <a href="/counter">Counter</a>
          <a href="/dashboard">Dashboard</a>
          <a href="/room">Room</a>
        </nav>
      </header>
      <section class="intro">
        <h2>About this page</h2>
        <p>This page shows one number that lives on the server.</p>
        <p>Pressing the button sends an event and the number goes up by one.</p>
        <ul>
          <li>The state is kept in memory</li>
          <li>Only the change is sent</li>
          <li>The rest of the page is static</li>
        </ul>
      </section>
      <section class="counter">
        <p>Count: <span id="count">${count}</span></p>
        <button id="inc" phx-click="inc">Increment</button>
      </section>
      <footer>
        <p>Benchmark page</p>
      </footer>
    </main>
  `,
});
