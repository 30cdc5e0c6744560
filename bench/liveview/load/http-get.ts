/** One GET on a connection of its own, as a browser's first request is. */
import { type RawSocketListener, rawSocket, type Target } from "./raw-socket.ts";

export interface HttpAnswer {
  /** Status line and headers. */
  readonly head: string;
  readonly body: string;
}

/**
 * Fetches a page.
 *
 * @throws {Error} when the status is not 200, the connection fails, or no answer came within 30 s
 */
export function httpGet(target: Target, path: string): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const done = (answer: HttpAnswer | undefined, problem: string) => {
      clearTimeout(timeout);
      if (answer === undefined) reject(new Error(`GET ${path}: ${problem}`));
      else if (!/^HTTP\/1\.1 200 /.test(answer.head)) reject(new Error(`GET ${path}: ${answer.head.split("\r\n")[0]}`));
      else resolve(answer);
      socket.destroy();
    };
    const timeout = setTimeout(() => done(undefined, "no answer within 30 s"), 30_000);
    const listener: RawSocketListener = {
      connected: () =>
        socket.write(`GET ${path} HTTP/1.1\r\nhost: ${target.host}:${target.port}\r\nconnection: close\r\n\r\n`),
      bytes: (bytes, length) => {
        received = Buffer.concat([received, bytes.subarray(0, length)]);
        const answer = wholeAnswer(received, false);
        if (answer !== undefined) done(answer, "");
      },
      closed: (error) => done(wholeAnswer(received, true), error?.message ?? "closed before the answer was whole"),
    };
    const socket = rawSocket(target, listener);
  });
}

/** The answer when it is all there: by content-length, by the last chunk, or by the end of the connection. */
function wholeAnswer(received: Buffer, ended: boolean): HttpAnswer | undefined {
  const headEnd = received.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  const head = received.toString("latin1", 0, headEnd);
  const body = received.subarray(headEnd + 4);
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  if (length !== undefined) {
    return body.length >= Number(length) ? { head, body: body.toString("utf8", 0, Number(length)) } : undefined;
  }
  if (/^transfer-encoding: *chunked/im.test(head)) {
    const text = unchunk(body);
    return text === undefined ? undefined : { head, body: text };
  }
  return ended ? { head, body: body.toString() } : undefined;
}

function unchunk(body: Buffer): string | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = body.indexOf("\r\n", at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(body.toString("latin1", at, lineEnd), 16);
    if (size === 0) return Buffer.concat(chunks).toString();
    if (body.length < lineEnd + 2 + size + 2) return undefined;
    chunks.push(body.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}
