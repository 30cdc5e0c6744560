/** /: what Lintel is, and what to try. */
import { html, liveView, type Rendered } from "lintel/liveview";
import { bars } from "./chart.ts";
import { lastMinute, withSample } from "./last-minute.ts";
import { newest } from "./ring.ts";
import { type Sample, sum } from "./sample.ts";
import { recentSamples, Samples } from "./sampler.ts";
import { counted, duration } from "./units.ts";

export const IndexLive = liveView({
  mount: async ({ connected, self }) => {
    if (connected) self.subscribe(Samples);
    return lastMinute(await recentSamples(self));
  },
  info: (socket, sample: Sample) => socket.assign(withSample(socket.assigns, sample)),
  render: ({ samples }) => html`
    <main class="index">
      <header>
        <h1>Lintel</h1>
        <p class="lead">Live pages in TypeScript, each held by a process of its own on the server. When one crashes, no other notices.</p>
        <p class="pulse">${pulse(newest(samples))}</p>
      </header>
      <nav aria-label="Pages">
        ${card("/counter", "Counter", "One number on the server. Press Increment with the network tab open: each click is answered by a few dozen bytes.")}
        ${card("/room", "Room", "Open it in two tabs, side by side. What you say in one, both show, whichever threads they live on.")}
        ${card("/crash", "Crash", "Count up, then press Boom. The process behind the page dies, nobody else's does, and the page is live again before you look up.")}
        ${card("/form", "Form", "Type something. Every field is checked on the server while you write, and your cursor stays where it is.")}
        ${card("/dashboard", "Dashboard", "A hundred rows. Tick changes twenty cells, Shuffle moves every row: only what changed travels.")}
        ${card("/stream", "Stream", "A list of which the server keeps nothing. Add as many as you like: the page holds the last fifty.")}
        ${card("/watches", "Watches", "Parts of a page with a state of their own, each inside a boundary. Break one: it alone is mended, and what you write beside it stays.")}
        ${card("/system", "System", "This machine and this runtime, once a second: cores, memory, threads. Kill the process that measures, and watch its supervisor bring it back.", cpuBars(samples, 100))}
      </nav>
      <footer>
        <p>One more thing to try: stop the server with <kbd>Ctrl+C</kbd> and start it again. Every open page comes back by itself.</p>
      </footer>
    </main>
  `,
});

const cpuBars = bars(({ cpu }: Sample) => cpu);

/** How the server is, in a line. */
function pulse(now: Sample | undefined): string {
  if (now === undefined) return "just started";
  const pages = counted(sum(now, "views"), "live page");
  const messages = counted(sum(now, "messages"), "message");
  return `${pages}, ${messages} a second, up for ${duration(now.uptimeSeconds)}`;
}

function card(path: string, title: string, invitation: string, picture?: Rendered) {
  return html`<a href=${path}><b>${title}</b> <span>${invitation}</span>${picture}</a>`;
}
