/** A server on a port of its own, whose handlers write down what they see; and clients for it. Closed after each test. */
import { request as httpRequest } from "node:http";
import { afterEach } from "vitest";
import { WebSocket } from "ws";
import { realWorld } from "../../kernel/real-world.ts";
import type { World } from "../../kernel/world.ts";
import { chooseTransport } from "../../liveview/transport/choose.ts";
import type {
  HandlerName,
  HttpRequest,
  HttpResponse,
  Listener,
  ListenOptions,
  TransportHandlers,
  TransportSocket,
} from "../../liveview/transport/transport.ts";

export type Name = "uws" | "ws";
export type Socket = TransportSocket<string>;
export type Handlers = TransportHandlers<string>;

export interface Server {
  readonly port: number;
  readonly listener: Listener;
  readonly requests: HttpRequest[];
  readonly sockets: Socket[];
  readonly messages: (string | Uint8Array)[];
  /** In order: "open", "message", "drain", "close 1000". */
  readonly events: string[];
  readonly errors: { readonly error: unknown; readonly where: HandlerName }[];
  /** Resolves once `events` holds so many that begin with the text. */
  seen(text: string, count?: number): Promise<void>;
}

/** Its alarms ring ten times as early: graces and idle timeouts of ours are waited for, but not for long. */
export const hastyWorld: World = {
  ...realWorld,
  alarm: (delayMs, run, keepAlive) => realWorld.alarm(delayMs / 10, run, keepAlive),
};

const listeners: Listener[] = [];
const clients: WebSocket[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  await Promise.all(listeners.splice(0).map((listener) => listener.close()));
});

/** By default requests are answered 200 with their path, upgrades accepted with their query as data, messages noted. */
export async function serve(
  name: Name,
  handlers: Partial<Handlers> = {},
  options: Partial<ListenOptions> = {},
  world: World = hastyWorld,
): Promise<Server> {
  const requests: HttpRequest[] = [];
  const sockets: Socket[] = [];
  const messages: (string | Uint8Array)[] = [];
  const events: string[] = [];
  const errors: Server["errors"] = [];
  let waiting: (() => boolean)[] = [];
  const note = (event: string): void => {
    events.push(event);
    waiting = waiting.filter((isOver) => !isOver());
  };
  const transport = await chooseTransport(name, world);
  const listener = await transport.listen<string>(
    { port: 0, ...options },
    {
      request: (request) => {
        requests.push(request);
        note("request");
        return handlers.request ? handlers.request(request) : { status: 200, headers: {}, body: request.path };
      },
      upgrade: (request) => {
        requests.push(request);
        note("upgrade");
        return handlers.upgrade ? handlers.upgrade(request) : { accept: true, data: request.query };
      },
      open: (socket) => {
        sockets.push(socket);
        note("open");
        return handlers.open?.(socket);
      },
      message: (socket, data, isBinary) => {
        messages.push(isBinary ? Uint8Array.from(data) : Buffer.from(data).toString());
        note("message");
        return handlers.message?.(socket, data, isBinary);
      },
      drain: (socket) => {
        note("drain");
        return handlers.drain?.(socket);
      },
      close: (socket, code) => {
        note(`close ${code}`);
        return handlers.close?.(socket, code);
      },
      onError: (error, where) => {
        errors.push({ error, where });
        return handlers.onError?.(error, where);
      },
    },
  );
  listeners.push(listener);
  const seen = (text: string, count = 1): Promise<void> =>
    new Promise((resolve) => {
      const isOver = (): boolean => {
        if (events.filter((event) => event.startsWith(text)).length < count) return false;
        resolve();
        return true;
      };
      if (!isOver()) waiting.push(isOver);
    });
  return { port: listener.port, listener, requests, sockets, messages, events, errors, seen };
}

export interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly rawHeaders: string[];
  readonly body: Buffer;
}

/** One request on a connection of its own, by Node's client. */
export function ask(
  port: number,
  path: string,
  {
    method = "GET",
    headers = {},
    body,
  }: { method?: string; headers?: Record<string, string>; body?: string | Uint8Array | Uint8Array[] } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: "127.0.0.1", port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        request.destroy();
        const { statusCode = 0, headers, rawHeaders } = response;
        resolve({ status: statusCode, headers, rawHeaders, body: Buffer.concat(chunks) });
      });
    });
    request.on("error", reject);
    // Several pieces go chunked, without content-length.
    if (Array.isArray(body)) for (const piece of body) request.write(piece);
    request.end(Array.isArray(body) ? undefined : body);
  });
}

/** A websocket that has opened. */
export async function open(port: number, path = "/live/websocket", protocols: string[] = []): Promise<Client> {
  const client = new Client(port, path, protocols);
  await client.opened;
  return client;
}

/** A client by ws: what it received, what became of it. */
export class Client {
  readonly ws: WebSocket;
  readonly opened: Promise<void>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #received: (string | Buffer)[] = [];
  #onReceived: (() => void) | undefined;

  constructor(port: number, path = "/live/websocket", protocols: string[] = []) {
    this.ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { perMessageDeflate: true });
    clients.push(this.ws);
    this.opened = new Promise((resolve, reject) => {
      this.ws.once("open", resolve);
      this.ws.on("error", reject);
    });
    this.opened.catch(() => {});
    this.closed = new Promise((resolve) => {
      this.ws.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    this.ws.on("message", (data, isBinary) => {
      this.#received.push(isBinary ? (data as Buffer) : String(data));
      this.#onReceived?.();
    });
  }

  /** The first so many messages. */
  async received(count: number): Promise<(string | Buffer)[]> {
    while (this.#received.length < count) {
      await new Promise<void>((resolve) => {
        this.#onReceived = resolve;
      });
    }
    return this.#received.slice(0, count);
  }
}

/** Tries to open, and gives the status of the refusal. */
export function refusal(port: number, path = "/live/websocket", protocols: string[] = []): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols);
    ws.on("error", () => {});
    ws.on("open", () => reject(new Error("It was accepted.")));
    ws.on("unexpected-response", (request, response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        request.destroy();
        const { statusCode = 0, headers, rawHeaders } = response;
        resolve({ status: statusCode, headers, rawHeaders, body: Buffer.concat(chunks) });
      });
    });
  });
}

/** For answers that never come. */
export const NEVER = new Promise<never>(() => {});

/** What no handler may return. */
export const UNUSABLE = {} as unknown as HttpResponse;
