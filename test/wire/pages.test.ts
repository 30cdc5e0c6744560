/** Exchanges of the six pages, as they travel: the text of every frame, with nothing but ids put in. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunningServer } from "../support/server.ts";
import { pagesApp, setups, startSetup } from "../support/setups.ts";
import { connect, getPage, joinFrame, renderedOf, responseOf, visit } from "../support/wire-client.ts";
import { WireClient } from "../support/wire-merge.ts";

describe.each(setups)("pages over the wire ($name)", (setup) => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startSetup(setup, pagesApp);
  });
  afterAll(async () => {
    expect(await server.stop()).toBe(0);
  });

  test("/counter: join and inc", async () => {
    const page = await getPage(server, "/counter");
    await using wire = await connect(server, page);
    wire.send(
      `["4","4","lv:${page.id}","phx_join",{"url":"http://127.0.0.1:${server.port}/counter","params":{"_csrf_token":"${page.csrf}","_mounts":0,"_mount_attempts":0},"session":"${page.session}","static":"${page.static}","sticky":false}]`,
    );
    expect(await wire.reply("4")).toBe(
      `["4","4","lv:${page.id}","phx_reply",{"status":"ok","response":{"rendered":{"0":"0","s":["<main class=\\"page\\">\\n  <header>\\n    <h1>Counter</h1>\\n    <nav>\\n      <a href=\\"/counter\\">Counter</a>\\n      <a href=\\"/dashboard\\">Dashboard</a>\\n      <a href=\\"/room\\">Room</a>\\n    </nav>\\n  </header>\\n  <section class=\\"intro\\">\\n    <h2>About this page</h2>\\n    <p>This page shows one number that lives on the server.</p>\\n    <p>Pressing the button sends an event and the number goes up by one.</p>\\n    <ul>\\n      <li>The state is kept in memory</li>\\n      <li>Only the change is sent</li>\\n      <li>The rest of the page is static</li>\\n    </ul>\\n  </section>\\n  <section class=\\"counter\\">\\n    <p>Count: <span id=\\"count\\">","</span></p>\\n    <button id=\\"inc\\" phx-click=\\"inc\\">Increment</button>\\n  </section>\\n  <footer>\\n    <p>Benchmark page</p>\\n  </footer>\\n</main>"]},"liveview_version":"1.2.12"}}]`,
    );
    wire.send(`["4","6","lv:${page.id}","event",{"type":"click","event":"inc","value":{"value":""}}]`);
    expect(await wire.reply("6")).toBe(
      `["4","6","lv:${page.id}","phx_reply",{"status":"ok","response":{"diff":{"0":"1"}}}]`,
    );
  });

  test("F7, F24: /dashboard: tick changes twenty cells, one a price, shuffle moves every row and says no cell", async () => {
    const { page, wire } = await visit(server, "/dashboard");
    const rows = (text: string): Record<string, unknown> =>
      (responseOf(text)["diff"] as { 0: { k: Record<string, unknown> } })[0].k;

    const { kc, ...ticked } = rows(await wire.click(page, "5", "tick"));
    expect(kc).toBe(100);
    expect(Object.keys(ticked)).toHaveLength(10);
    for (const cells of Object.values(ticked)) {
      expect(cells).toEqual({ 3: expect.stringMatching(/^\d{1,4}$/), 4: expect.stringMatching(/^\d{1,5}$/) });
    }
    expect(await wire.click(page, "6", "one")).toMatch(
      /^\["4","6","lv:[\w-]+","phx_reply",\{"status":"ok","response":\{"diff":\{"0":\{"k":\{"\d{1,2}":\{"3":"\d{1,4}"\},"kc":100\}\}\}\}\}\]$/,
    );
    const moves = Array.from({ length: 100 }, (_, i) => `"${i}":${99 - i}`).join();
    expect(await wire.click(page, "7", "shuffle")).toBe(
      `["4","7","${page.topic}","phx_reply",{"status":"ok","response":{"diff":{"0":{"k":{${moves},"kc":100,"km":true}}}}}]`,
    );
    await wire[Symbol.asyncDispose]();
  });

  test("/room: what one says is pushed to all", async () => {
    const ann = await visit(server, "/room");
    const bob = await visit(server, "/room");
    expect(await ann.wire.click(ann.page, "5", "say", { text: "hello <b>" })).toBe(
      `["4","5","${ann.page.topic}","phx_reply",{"status":"ok","response":{}}]`,
    );
    for (const { page, wire } of [ann, bob]) {
      expect(await wire.push("diff")).toBe(`["4",null,"${page.topic}","diff",{"0":"1","1":"hello &lt;b&gt;"}]`);
    }
    await bob.wire.click(bob.page, "5", "say", { text: "again" });
    for (const { page, wire } of [ann, bob]) {
      expect(await wire.push("diff")).toBe(`["4",null,"${page.topic}","diff",{"0":"2","1":"again"}]`);
      await wire[Symbol.asyncDispose]();
    }
  });

  test("/form: validate, and all is well", async () => {
    const { page, wire } = await visit(server, "/form");
    wire.send(
      `["4","5","${page.topic}","event",{"type":"form","event":"validate","value":"user%5Bname%5D=a&_unused_user%5Bemail%5D=&user%5Bemail%5D=&_unused_user%5Busername%5D=&user%5Busername%5D=&_unused_user%5Bcity%5D=&user%5Bcity%5D=&_unused_user%5Bphone%5D=&user%5Bphone%5D=","meta":{"_target":["user","name"]}}]`,
    );
    const error = (message: string) => `"5":{"k":{"0":{"0":"${message}"},"kc":1},"s":0}`;
    const blank = error("can't be blank");
    expect(await wire.reply("5")).toBe(
      `["4","5","${page.topic}","phx_reply",{"status":"ok","response":{"diff":{"p":{"0":["<p class=\\"error\\">","</p>"]},"0":{"4":"a",${error("is too short")}},"1":{${blank}},"2":{${blank}},"3":{${blank}},"4":{${blank}}}}}]`,
    );
    wire.send(
      `["4","6","${page.topic}","event",{"type":"form","event":"validate","value":"user[name]=alice&user[email]=alice%40example.com&user[username]=alice_1&user[city]=Rome&user[phone]=555+0100","meta":{"_target":"user[phone]"}}]`,
    );
    const fine = `"5":{"k":{"kc":0}}`;
    expect(await wire.reply("6")).toBe(
      `["4","6","${page.topic}","phx_reply",{"status":"ok","response":{"diff":{"0":{"4":"alice",${fine}},"1":{"4":"alice@example.com",${fine}},"2":{"4":"alice_1",${fine}},"3":{"4":"Rome",${fine}},"4":{"4":"555 0100",${fine}}}}}]`,
    );
    await wire[Symbol.asyncDispose]();
  });

  test("/stream: an item is added, the others are not said again", async () => {
    const { page, wire } = await visit(server, "/stream");
    expect(await wire.click(page, "5", "add")).toBe(
      `["4","5","${page.topic}","phx_reply",{"status":"ok","response":{"diff":{"0":{"k":{"0":{"0":" id=\\"messages-11\\"","1":"user4","2":"Message number 11"},"kc":1},"stream":["0",[["messages-11",-1,-50,false]],[]]}}}}]`,
    );
    await wire[Symbol.asyncDispose]();
  });

  test("/crash: boom ends that view alone; a join on the same socket brings it back", async () => {
    const { page, wire } = await visit(server, "/crash");
    const neighbour = await getPage(server, "/crash", page.cookie);
    await wire.join(neighbour, { ref: "5" });
    await wire.click(page, "6", "inc");
    await wire.click(neighbour, "7", "inc", { value: "" }, "5");

    wire.send(`["4","8","${page.topic}","event",{"type":"click","event":"boom","value":{"value":""}}]`);
    expect(await wire.push("phx_error")).toBe(`["4","4","${page.topic}","phx_error",{}]`);

    wire.send(joinFrame(page, { ref: "9", payload: { params: { _csrf_token: page.csrf, _mounts: 1 } } }));
    const again = await wire.reply("9");
    expect(again).toContain(`["9","9","${page.topic}","phx_reply",{"status":"ok","response":{"rendered":{"0":"0",`);
    expect(responseOf(await wire.click(page, "10", "inc", { value: "" }, "9"))).toEqual({ diff: { 0: "1" } });
    expect(responseOf(await wire.click(neighbour, "11", "inc", { value: "" }, "5"))).toEqual({ diff: { 0: "2" } });
    expect(wire.rest).toEqual([]); // no reply to what crashed
    await wire[Symbol.asyncDispose]();
  });

  test.each(["/counter", "/dashboard", "/room", "/form", "/stream", "/crash"])(
    "%s: the page shows what the socket renders",
    async (path) => {
      const { page, wire, joined } = await visit(server, path);
      expect(new WireClient().receive(renderedOf(joined)).html()).toBe(page.inner);
      await wire[Symbol.asyncDispose]();
    },
  );
});
