/**
 * Control: how `lintel tree` reaches an app that runs under `lintel start`.
 *
 *   lintel tree ──"tree\n"──▷ socket of the parent process ──IPC──▷ its runtime processes
 *               ◁─"ok\n..."──
 *
 * A Unix socket that its owner alone may open (0600), in a directory that its owner alone may enter: that of the session
 * (XDG_RUNTIME_DIR), or one made for it in the temporary directory. It is named after the port of the app. Nothing can be
 * changed through it. There is none on Windows, whose pipes are open to others.
 */
import { once } from "node:events";
import { chmodSync, lstatSync, mkdirSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The socket cannot be opened, or nobody answers there. The message has no full stop. */
export class ControlError extends Error {
  override readonly name = "ControlError";
}

export const commands = ["tree"] as const;
export type Command = (typeof commands)[number];

/** Where the socket of the app on a port is. @throws {ControlError} when its directory is open to others */
export function controlPath(port: number, env: NodeJS.ProcessEnv): string {
  if (process.getuid === undefined) throw new ControlError("expected a system with Unix sockets");
  const session = env["XDG_RUNTIME_DIR"];
  const directory = session ? session : join(tmpdir(), `lintel-${process.getuid()}`);
  if (!session) mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(directory);
  if (uid !== process.getuid() || (mode & 0o077) !== 0) {
    throw new ControlError(`expected ${directory} to be a directory that we own and nobody else may enter`);
  }
  return join(directory, `lintel-${port}.sock`);
}

/**
 * Opens the socket.
 *
 * @param answer what is asked; a rejection is told to who asked
 * @returns closes it
 * @throws {ControlError} when another program answers there, or it cannot be opened
 */
export async function openControl(path: string, answer: (command: Command) => Promise<string>): Promise<() => void> {
  if (Buffer.byteLength(path) > maxPathBytes) {
    throw new ControlError(`expected a path of at most ${maxPathBytes} bytes, got ${path}`);
  }
  if (await isAnswered(path)) throw new ControlError(`another program answers at ${path}`);
  rmSync(path, { force: true }); // of one that was killed
  const server = createServer((socket) => void serve(socket, answer));
  server.maxConnections = maxConnections;
  const umask = process.umask(0o177); // from its first moment on
  try {
    server.listen(path);
  } finally {
    process.umask(umask);
  }
  try {
    await once(server, "listening");
    chmodSync(path, 0o600);
  } catch (error) {
    throw new ControlError((error as Error).message);
  }
  server.on("error", () => undefined); // of a connection that it could not accept
  server.unref();
  return () => server.close(); // removes the socket, too
}

/** @throws {ControlError} when nobody answers, or what was asked failed */
export async function askControl(path: string, command: Command): Promise<string> {
  const socket = connect(path);
  socket.setEncoding("utf8");
  let text = "";
  try {
    await once(socket, "connect");
    socket.setTimeout(answerMs, () => socket.destroy(new Error(`no answer within ${answerMs} ms`)));
    socket.write(`${command}\n`);
    for await (const chunk of socket) text += String(chunk);
  } catch (error) {
    throw new ControlError(`nothing answers at ${path} (${(error as Error).message})`);
  }
  if (text.startsWith("ok\n")) return text.slice("ok\n".length);
  throw new ControlError(text === "" ? `${path} gave no answer` : text.trimEnd());
}

async function serve(socket: Socket, answer: (command: Command) => Promise<string>): Promise<void> {
  socket.on("error", () => undefined); // it has gone
  socket.setTimeout(requestMs, () => socket.destroy());
  socket.setEncoding("utf8");
  let request = "";
  socket.on("data", (chunk: string) => {
    request += chunk;
    if (!request.includes("\n")) {
      if (request.length > maxRequest) socket.destroy();
      return;
    }
    socket.removeAllListeners("data").resume();
    socket.setTimeout(answerMs);
    const command = commands.find((known) => `${known}\n` === request);
    if (command === undefined) socket.end(`expected ${commands.join(" or ")}, got ${JSON.stringify(request)}\n`);
    else {
      answer(command).then(
        (text) => socket.end(`ok\n${text}`),
        (error: unknown) => socket.end(`${String(error)}\n`),
      );
    }
  });
}

async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** What the shortest `sun_path` there is holds, but for its end. */
const maxPathBytes = 103;
const maxConnections = 8;
const maxRequest = 100;
const requestMs = 2000;
const answerMs = 20_000;
