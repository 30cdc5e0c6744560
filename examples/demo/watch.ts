/**
 * A stopwatch: a component with a state, events and messages of its own. Its seconds come to its own process, so it runs
 * whatever the page around it does, and stops with it.
 */
import { type Failure, html, liveComponent } from "lintel/liveview";

export const Watch = liveComponent({
  name: "Watch",
  mount: ({ self, connected }) => {
    if (connected) self.sendInterval(1000, "second");
    return { seconds: 0, running: true };
  },
  update: ({ name }: { name: string }) => ({ name }),
  events: {
    toggle: (socket) => socket.update("running", (running) => !running),
    break: (socket) => {
      throw new Error(`the spring of ${socket.assigns.name} broke`);
    },
  },
  info: (socket, _second: "second") => {
    if (socket.assigns.running) socket.update("seconds", (seconds) => seconds + 1);
  },
  render: ({ name, seconds, running }, { events, myself }) => html`
    <li class="watch" id=${`watch-${name}`}>
      <h2>${name}</h2>
      <p class="time">${time(seconds)}</p>
      <input aria-label="Note about ${name}" placeholder="A note" autocomplete="off">
      <button class="toggle" phx-click=${events.toggle} phx-target=${myself}>${running ? "Stop" : "Go on"}</button>
      <button class="break" phx-click=${events.break} phx-target=${myself}>Break</button>
    </li>
  `,
});

/** What stands in a watch's place while it is being mended. */
export function brokenWatch(name: string, { crashes, retryMs, error }: Failure) {
  return html`
    <li class="watch broken" id=${`watch-${name}`} role="status">
      <h2>${name}</h2>
      <p class="time">Broken</p>
      <p>A new one in ${(retryMs / 1000).toFixed(1)} s.${crashes > 1 && ` It broke ${crashes} times in a row.`}</p>
      ${error instanceof Error && html`<p><code>${error.message}</code></p>`}
    </li>
  `;
}

function time(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
