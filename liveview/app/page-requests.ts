/**
 * PageRequests: pages that schedulers render, until they are answered.
 *
 *   ask ─▷ the thread with the least to do ─▷ response
 *            ├─ the thread ends: once more on another one, then 503
 *            └─ 30 s later: 504, and what renders it ends
 *
 * Bound: `maxPages`, with those that wait for a thread.
 */
import type { Kernel } from "../../kernel/kernel.ts";
import type { HttpResponse } from "../transport/transport.ts";
import { type ResponseHead, record, splitLine } from "../wire/records.ts";
import { noThread, type ThreadLoad } from "./thread-load.ts";

/** A page that a scheduler renders. */
interface Page {
  readonly number: number;
  readonly head: string;
  readonly resolve: (response: HttpResponse) => void;
  thread: number;
  /** Times it was handed to a thread. */
  tries: number;
  readonly sinceMs: number;
}

export class PageRequests {
  readonly #kernel: Kernel;
  readonly #load: ThreadLoad;
  readonly #pages = new Map<number, Page>();
  /** What came while there was no thread. */
  #waiting: Page[] = [];
  #lastPage = 0;

  constructor(kernel: Kernel, load: ThreadLoad) {
    this.#kernel = kernel;
    this.#load = load;
    kernel.peers.onRecord(record.response, (_thread, request, body) => this.#respond(request, body));
  }

  /** One more would be too many. */
  get isFull(): boolean {
    return this.#pages.size + this.#waiting.length >= maxPages;
  }

  /**
   * @param head JSON of a `RequestHead`
   * @param resolve called once, with the page, or with what is said in its place
   */
  ask(head: string, resolve: (response: HttpResponse) => void): void {
    this.#lastPage = (this.#lastPage + 1) >>> 0;
    const sinceMs = this.#kernel.world.monotonicMs();
    this.#place({ number: this.#lastPage, head, resolve, thread: noThread, tries: 0, sinceMs });
  }

  #place(page: Page): void {
    const thread = this.#load.least();
    if (thread === undefined) {
      this.#waiting.push(page);
      return;
    }
    page.thread = thread;
    page.tries += 1;
    this.#pages.set(page.number, page);
    this.#load.add(thread);
    this.#kernel.peers.write(thread, record.request, page.number, page.head);
  }

  #respond(request: number, body: Buffer): void {
    const page = this.#pages.get(request);
    if (page === undefined) return;
    this.#pages.delete(page.number);
    this.#load.remove(page.thread);
    const [json, content] = splitLine(body);
    const { status, headers } = JSON.parse(json) as ResponseHead;
    page.resolve({ status, headers: { ...secureHeaders, ...headers }, body: content });
  }

  /** A thread has booted: what waited for one goes there. */
  threadUp(): void {
    const pages = this.#waiting;
    this.#waiting = [];
    for (const page of pages) this.#place(page);
  }

  /** A thread has ended, and its load is forgotten: its pages are asked for again. */
  threadDown(thread: number): void {
    for (const page of [...this.#pages.values()]) {
      if (page.thread !== thread) continue;
      this.#pages.delete(page.number);
      if (page.tries < maxTries) this.#place(page);
      else page.resolve(busy);
    }
  }

  /** A page that takes too long is answered for, and ends. */
  sweep(): void {
    const oldestMs = this.#kernel.world.monotonicMs() - pageTimeoutMs;
    const late = (page: Page): boolean => page.sinceMs < oldestMs;
    for (const page of [...this.#pages.values(), ...this.#waiting].filter(late)) {
      if (this.#pages.delete(page.number)) {
        this.#load.remove(page.thread);
        this.#kernel.peers.write(page.thread, record.late, page.number, "");
      }
      page.resolve({ status: 504, headers: secureHeaders, body: "Gateway timeout\n" });
    }
    this.#waiting = this.#waiting.filter((page) => !late(page));
  }
}

const maxPages = 10_000;
const maxTries = 2;
const pageTimeoutMs = 30_000;

/** Of all that is answered but files. */
export const secureHeaders = {
  "cache-control": "max-age=0, private, must-revalidate",
  "content-security-policy": "base-uri 'self'; frame-ancestors 'self';",
  "referrer-policy": "strict-origin-when-cross-origin",
  "x-content-type-options": "nosniff",
  "x-permitted-cross-domain-policies": "none",
} as const;

export const busy: HttpResponse = {
  status: 503,
  headers: { ...secureHeaders, "retry-after": "1" },
  body: "Service unavailable\n",
};
