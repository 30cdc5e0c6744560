/** What a user sees of the six pages right after mount, to the letter of their specification. */

const nav = `<nav><a href="/counter">Counter</a><a href="/dashboard">Dashboard</a><a href="/room">Room</a></nav>`;

const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);

const row = (id: number): string => `<tr id="row-${id}">
  <td class="id">${id}</td>
  <td class="name">Item ${id}</td>
  <td class="price">${id * 10}</td>
  <td class="volume">${id * 100}</td>
  <td class="status">open</td>
</tr>`;

const field = (name: string, label: string): string => `<div class="field">
  <label for="user_${name}">${label}</label>
  <input type="text" id="user_${name}" name="user[${name}]" value="">
</div>`;

const message = (id: number): string => `<li id="messages-${id}">
  <b class="author">user${id % 7}</b>
  <span class="body">Message number ${id}</span>
</li>`;

/** Path to markup. White space counts for nothing. */
export const expectedPages: Readonly<Record<string, string>> = {
  "/counter": `<main class="page">
    <header><h1>Counter</h1>${nav}</header>
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
      <p>Count: <span id="count">0</span></p>
      <button id="inc" phx-click="inc">Increment</button>
    </section>
    <footer><p>Benchmark page</p></footer>
  </main>`,

  "/dashboard": `<main class="page">
    <h1>Dashboard</h1>
    <div class="actions">
      <button id="tick" phx-click="tick">Tick</button>
      <button id="one" phx-click="one">One</button>
      <button id="shuffle" phx-click="shuffle">Shuffle</button>
    </div>
    <table id="items">
      <thead><tr><th>Id</th><th>Name</th><th>Price</th><th>Volume</th><th>Status</th></tr></thead>
      <tbody>${upTo(100).map(row).join("")}</tbody>
    </table>
  </main>`,

  "/room": `<main class="page">
    <h1>Room</h1>
    <p>Messages: <span id="count">0</span></p>
    <p>Last: <span id="last"></span></p>
    <form id="say" phx-submit="say">
      <input type="text" name="text" autocomplete="off">
      <button type="submit">Say</button>
    </form>
  </main>`,

  "/form": `<main class="page">
    <h1>Form</h1>
    <form id="user-form" phx-change="validate" phx-submit="save">
      ${field("name", "Name")}
      ${field("email", "Email")}
      ${field("username", "Username")}
      ${field("city", "City")}
      ${field("phone", "Phone")}
      <button type="submit">Save</button>
    </form>
  </main>`,

  "/crash": `<main class="page">
    <h1>Crash</h1>
    <p>Count: <span id="count">0</span></p>
    <button id="inc" phx-click="inc">Increment</button>
    <button id="boom" phx-click="boom">Boom</button>
  </main>`,

  "/stream": `<main class="page">
    <h1>Stream</h1>
    <button id="add" phx-click="add">Add</button>
    <ul id="messages" phx-update="stream">${upTo(10).map(message).join("")}</ul>
  </main>`,
};
