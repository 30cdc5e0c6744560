/** A component to be shown, and a view that shows it in one way or another. */
import { eventReply, html, liveComponent, liveView, type Rendered } from "../../liveview/index.ts";

/** A view that shows what an event gives it: `show` takes the name of one of these. */
export function showing(pages: Record<string, () => Rendered>) {
  return liveView({
    mount: () => ({ page: Object.keys(pages)[0]!, other: 0 }),
    events: {
      show: (socket, { name }) => socket.assign({ page: String(name) }),
      other: (socket) => socket.update("other", (n) => n + 1),
    },
    render: ({ page }) => pages[page]!(),
  });
}

export const Counter = liveComponent({
  name: "Counter",
  mount: () => ({ count: 0 }),
  update: ({ step = 1 }: { step?: number }) => ({ step }),
  events: {
    more: (socket) => socket.update("count", (n) => n + socket.assigns.step),
    ask: () => eventReply({ answer: 42 }),
    tell: (socket) => socket.pushEvent("told", { by: socket.componentId }),
    nothing: () => {},
  },
  render: ({ count, step }) => html`<b>${count}+${step}</b>`,
});
