/**
 * LookSession: looks into scheduler threads from the main thread, whatever they do, through V8's inspector. It is attached
 * all the time, and costs nothing until it asks: no domain of the inspector is enabled.
 */
import type { Session } from "node:inspector";
import type { Look } from "../guard/runaway.ts";
import { question } from "./watched.ts";

/** As much of the protocol's `NodeWorker` as is used; Node's types have no events of it. */
interface Attached {
  readonly sessionId: string;
  /** `[worker 3] name`; the number is the inspector's own, and not the worker's `threadId`. */
  readonly workerInfo: { readonly title: string };
}
interface Received {
  readonly sessionId: string;
  readonly message: string;
}
interface Answer {
  readonly id?: number;
  readonly result?: { readonly result?: { readonly value?: Look } };
}

export class LookSession {
  readonly #session: Session;
  readonly #url: () => string | undefined;
  /** Session ids by the name of the worker. */
  readonly #attached = new Map<string, string>();
  readonly #waiting = new Map<number, (look: Look | undefined) => void>();
  #lastId = 0;

  private constructor(session: Session, url: () => string | undefined) {
    this.#session = session;
    this.#url = url;
    session.on("NodeWorker.attachedToWorker" as "inspectorNotification", (message) => {
      const { sessionId, workerInfo } = message.params as unknown as Attached;
      this.#attached.set(workerInfo.title.slice(workerInfo.title.indexOf("] ") + 2), sessionId);
    });
    session.on("NodeWorker.detachedFromWorker" as "inspectorNotification", (message) => {
      const { sessionId } = message.params as unknown as Attached;
      for (const [name, id] of this.#attached) if (id === sessionId) this.#attached.delete(name);
    });
    session.on("NodeWorker.receivedMessageFromWorker" as "inspectorNotification", (message) => {
      const { id, result } = JSON.parse((message.params as unknown as Received).message) as Answer;
      if (id === undefined) return;
      const answered = this.#waiting.get(id);
      this.#waiting.delete(id);
      answered?.(result?.result?.value);
    });
    session.post("NodeWorker.enable", { waitForDebuggerOnStart: false });
  }

  /** @returns undefined where Node was built without the inspector */
  static async open(): Promise<LookSession | undefined> {
    try {
      const { Session, url } = await import("node:inspector");
      const session = new Session();
      session.connect();
      return new LookSession(session, url);
    } catch {
      return undefined;
    }
  }

  /** Is the program being debugged? Then a thread that stands still may stand at a breakpoint. */
  get isDebugged(): boolean {
    return this.#url() !== undefined;
  }

  /**
   * Asks a thread's guard (runaway.ts) what runs there, or to cut it off.
   *
   * @param worker its name, unique in the program
   * @param answered undefined: it could not look, there was no room left on its stack. Not called for as long as the thread
   *   is in native code, and never when it ends
   */
  look(
    worker: string,
    turn: number | undefined,
    cutAfterMs: number | undefined,
    answered: (look: Look | undefined) => void,
  ): void {
    const sessionId = this.#attached.get(worker);
    if (sessionId === undefined) return;
    this.#lastId += 1;
    const id = this.#lastId;
    this.#waiting.set(id, answered);
    if (this.#waiting.size > maxWaiting) this.#waiting.delete(this.#waiting.keys().next().value!);
    const expression = question(turn, cutAfterMs);
    const message = { id, method: "Runtime.evaluate", params: { expression, silent: true, returnByValue: true } };
    this.#session.post("NodeWorker.sendMessageToWorker", { sessionId, message: JSON.stringify(message) });
  }

  /** Terminates what a thread executes. It must be what the thread itself asked for: see verdict.ts. */
  terminate(worker: string): void {
    const sessionId = this.#attached.get(worker);
    if (sessionId === undefined) return;
    this.#lastId += 1;
    const message = { id: this.#lastId, method: "Runtime.terminateExecution" };
    this.#session.post("NodeWorker.sendMessageToWorker", { sessionId, message: JSON.stringify(message) });
  }

  close(): void {
    this.#session.disconnect();
    this.#waiting.clear();
  }
}

/** Questions to threads that do not answer. */
const maxWaiting = 1000;
