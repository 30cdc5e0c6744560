/** /system: this machine and this runtime, once a second. Its numbers come from the sampler, by PubSub. */
import { each, html, liveView } from "lintel/liveview";
import { bars, chart } from "./chart.ts";
import { lastMinute, withSample } from "./last-minute.ts";
import { machine } from "./reading.ts";
import { newest, type Ring } from "./ring.ts";
import { type Sample, sum, type ThreadSample } from "./sample.ts";
import { recentSamples, Samples, sampler } from "./sampler.ts";
import { count, duration, gibibytes, mebibytes, percent } from "./units.ts";

export const SystemLive = liveView({
  mount: async ({ connected, self }) => {
    // Subscribed first, so that no sample is missed between the history and the next one.
    if (connected) self.subscribe(Samples);
    return {
      pageTitle: "System · Lintel",
      pid: self.pid.toString(),
      ...lastMinute(await recentSamples(self)),
    };
  },
  events: {
    kill: ({ self }) => {
      const pid = self.kernel.names.whereis(sampler);
      if (pid !== undefined) self.exit(pid, "kill");
    },
  },
  info: (socket, sample: Sample) => socket.assign(withSample(socket.assigns, sample)),
  render: ({ samples, cores, threads, pid }, { events }) => {
    const now = newest(samples);
    return html`
      <main class="system">
        <h1>System</h1>
        <p class="lead">This machine and this runtime, sampled once a second by a process and published to every open page.</p>
        <dl class="totals">
          ${total("Views open", now && count(sum(now, "views")))}
          ${total("Processes", now && count(sum(now, "processes")))}
          ${total("Crashes contained", now && count(sum(now, "crashes")))}
          ${total("CPU of this program", now && percent(now.programCpu))}
          ${total("Memory of this program", now && mebibytes(now.programBytes))}
          ${total("Uptime", now && duration(now.uptimeSeconds))}
        </dl>
        <section class="charts" aria-label="The last minute">
          ${cpu(samples)}
          ${memory(samples)}
          ${load(samples)}
          ${traffic(samples)}
        </section>
        <section>
          <h2>Cores</h2>
          <ol class="cores">${each(cores.map(indexed), index, coreView)}
          </ol>
        </section>
        <section>
          <h2>Threads of the runtime</h2>
          <div class="scroll" role="region" aria-label="Threads of the runtime" tabindex="0">
            <table id="threads">
              <thead>
                <tr><th>Thread</th><th>Busy</th><th>Late at worst</th><th>Heap</th><th>Processes</th><th>Views</th><th>Messages/s</th><th>Turns/s</th></tr>
              </thead>
              <tbody>${each(threads.map(indexed), index, threadView)}
              </tbody>
            </table>
          </div>
        </section>
        <section class="aside">
          <h2>Try it</h2>
          <p>
            You look at process <code>${pid}</code>. Its numbers come from <code>sampler</code>, now process
            <code id="sampler">${now?.takenBy ?? "…"}</code>. Kill that: its supervisor starts another at once, and the
            charts go on.
          </p>
          <button id="kill" phx-click=${events.kill}>Kill the sampler</button>
        </section>
        <footer><p>${machine}</p></footer>
      </main>
    `;
  },
});

const cpu = chart<Sample>({ title: "CPU", value: ({ cpu }) => cpu, top: () => 100, label: percent });
const memory = chart<Sample>({
  title: "Memory in use",
  value: ({ usedBytes }) => gib(usedBytes),
  top: ({ totalBytes }) => gib(totalBytes),
  label: gibibytes,
});
const load = chart<Sample>({ title: "Load average", value: ({ load }) => load, label: (load) => load.toFixed(2) });
const traffic = chart<Sample>({ title: "Messages a second", value: messages, label: count });
const coreBars = bars((busy: number) => busy);
const busyBars = bars(({ busy }: ThreadSample) => busy);

function total(name: string, value: string | undefined) {
  return html`<div><dt>${name}</dt><dd>${value ?? "…"}</dd></div>`;
}

interface Indexed<T> {
  readonly index: number;
  readonly ring: Ring<T>;
}

function indexed<T>(ring: Ring<T>, index: number): Indexed<T> {
  return { index, ring };
}

function index({ index }: Indexed<unknown>): number {
  return index;
}

function coreView({ index, ring }: Indexed<number>) {
  return html`
            <li class="core"><span>${index}</span> ${coreBars(ring, 100)} <b>${percent(newest(ring) ?? 0)}</b></li>`;
}

function threadView({ index, ring }: Indexed<ThreadSample>) {
  const { thread, busy, delayMs, heapBytes, processes, views, messages, turns } = newest(ring)!;
  // With `schedulers: 0` the processes share the main thread, whose row has these figures.
  const own = (figure: string): string => (heapBytes > 0 ? figure : "–");
  return html`
                <tr>
                  <th scope="row">${thread} <small>${index === 0 ? "sockets" : "processes"}</small></th>
                  <td class="busy">${busyBars(ring, 100)} <b>${own(percent(busy))}</b></td>
                  <td>${own(`${delayMs.toFixed(1)} ms`)}</td>
                  <td>${own(mebibytes(heapBytes))}</td>
                  <td>${count(processes)}</td>
                  <td>${count(views)}</td>
                  <td>${count(messages)}</td>
                  <td>${count(turns)}</td>
                </tr>`;
}

function messages(sample: Sample): number {
  return sum(sample, "messages");
}

function gib(bytes: number): number {
  return Math.round((bytes / 2 ** 30) * 1000) / 1000;
}
