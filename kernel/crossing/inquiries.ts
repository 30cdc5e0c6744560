/**
 * Inquiries: what kernels ask each other about themselves, apart from what their processes say.
 *
 *   ask(thread, question, about) ─▷ the other kernel's `onQuestion` ─▷ answered, at once or later
 *                                   its thread ends                 ─▷ answered with undefined
 *
 * Question and answer travel in the same streams as everything else: an answer comes after all that was sent before it,
 * which is what most questions are asked for.
 */
import type { Kernel } from "../kernel.ts";
import type { Pid } from "../pid.ts";

/** What can be asked. */
export const question = {
  /** Do you know all names that I have announced? Answered when no older claim is in their way. */
  names: 0,
  /** Is whoever has this name about to end, for its parent has, or is? Answered with whether it has ended. */
  released: 1,
  /** Is this process there, and not being stopped? All signals that it sent, its last ones too, come before the answer. */
  alive: 2,
  /** What is this process called? Answered with its label; undefined when it is not there. */
  label: 3,
} as const;

type Question = (typeof question)[keyof typeof question];

/** @param answer to be called once */
export type Answerer = (about: unknown, thread: number, answer: (value: unknown) => void) => void;

type Inquiry = [asks: true, id: number, question: Question, about: unknown] | [asks: false, id: number, value: unknown];

/** Kind of its records. */
export const inquiryKind = 3;

export class Inquiries {
  readonly #kernel: Kernel;
  readonly #answerers = new Map<Question, Answerer>();
  readonly #open = new Map<number, { readonly thread: number; readonly done: (value: unknown) => void }>();
  #asked = 0;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    kernel.peers.onValue(inquiryKind, (thread, value) => this.#told(thread, value as Inquiry));
    this.onQuestion(question.label, (about, _thread, answer) => answer(kernel.processInfo(about as Pid)?.label));
  }

  onQuestion(which: Question, answerer: Answerer): void {
    this.#answerers.set(which, answerer);
  }

  /** @param done gets the answer; undefined when the thread is not there, or ends before it has answered */
  ask(thread: number, which: Question, about: unknown, done: (value: unknown) => void): void {
    this.#asked += 1;
    const id = this.#asked;
    if (this.#post(thread, [true, id, which, about])) this.#open.set(id, { thread, done });
    else done(undefined);
  }

  /** A thread has ended: it will not answer. */
  threadDown(thread: number): void {
    for (const [id, { thread: asked }] of this.#open) if (asked === thread) this.#settle(id, undefined);
  }

  /** Nobody will answer any more. */
  close(): void {
    for (const id of [...this.#open.keys()]) this.#settle(id, undefined);
  }

  #told(thread: number, inquiry: Inquiry): void {
    if (inquiry[0]) {
      const [, id, which, about] = inquiry;
      this.#answerers.get(which)?.(about, thread, (value) => void this.#post(thread, [false, id, value]));
    } else this.#settle(inquiry[1], inquiry[2]);
  }

  #settle(id: number, value: unknown): void {
    const open = this.#open.get(id);
    this.#open.delete(id);
    open?.done(value);
  }

  #post(thread: number, inquiry: Inquiry): boolean {
    return this.#kernel.peers.writeValue(thread, inquiryKind, inquiry);
  }
}
