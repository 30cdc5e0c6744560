/** /dashboard: a hundred rows, of which a few change at a time. */
import { each, html, liveView } from "lintel/liveview";

interface Row {
  readonly id: number;
  readonly name: string;
  readonly price: number;
  readonly volume: number;
  readonly status: string;
}

const rowIds = Array.from({ length: 100 }, (_, index) => index + 1);
const rowId = (row: Row): number => row.id;
/** All rows are made here, and so have one shape: the engine is several times slower with those that are spread. */
const rowOf = (id: number, name: string, price: number, volume: number, status: string): Row => ({
  id,
  name,
  price,
  volume,
  status,
});
const upTo = (max: number): number => 1 + Math.floor(Math.random() * max);

// One function for all renders: a row that is the same object as last time is not even looked at.
const rowView = (row: Row) => html`
        <tr id="row-${row.id}">
          <td class="id">${row.id}</td>
          <td class="name">${row.name}</td>
          <td class="price">${row.price}</td>
          <td class="volume">${row.volume}</td>
          <td class="status">${row.status}</td>
        </tr>`;

export const DashboardLive = liveView({
  mount: () => ({
    rows: rowIds.map((id) => rowOf(id, `Item ${id}`, id * 10, id * 100, "open")),
  }),
  events: {
    tick: (socket) => {
      const picked = pick(10);
      return socket.update("rows", (rows) =>
        rows.map((row) => (picked.has(row.id) ? rowOf(row.id, row.name, upTo(9999), upTo(99_999), row.status) : row)),
      );
    },
    one: (socket) => {
      const picked = upTo(100);
      return socket.update("rows", (rows) =>
        rows.map((row) => (row.id === picked ? rowOf(row.id, row.name, upTo(9999), row.volume, row.status) : row)),
      );
    },
    shuffle: (socket) => socket.update("rows", (rows) => [...rows].reverse()),
  },
  render: ({ rows }) => html`
    <main class="page">
      <h1>Dashboard</h1>
      <div class="actions">
        <button id="tick" phx-click="tick">Tick</button>
        <button id="one" phx-click="one">One</button>
        <button id="shuffle" phx-click="shuffle">Shuffle</button>
      </div>
      <table id="items">
        <thead>
          <tr><th>Id</th><th>Name</th><th>Price</th><th>Volume</th><th>Status</th></tr>
        </thead>
        <tbody>${each(rows, rowId, rowView)}
        </tbody>
      </table>
    </main>
  `,
});

/** So many different ids. */
function pick(count: number): Set<number> {
  const picked = new Set<number>();
  while (picked.size < count) picked.add(upTo(100));
  return picked;
}
