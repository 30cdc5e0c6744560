/**
 * boundary: keeps a crash from its view. What is inside is restarted by a supervisor's law, and the page shows a fallback
 * meanwhile; the parent, and everything beside it, keep their state.
 *
 *   boundary({ fallback }, Chart({ id: "cpu" }))                    around a component: no element of its own
 *   boundary({ id: "side", fallback }, () => html`<aside>…</aside>`)  around content: one element
 *
 *   running ──crash──▷ fallback ──backoff──▷ mount ─▷ update ─▷ render: running again, state new
 *                └── more than maxRestarts within maxSeconds: crashes whatever is around it: a boundary, else the view
 *
 * A crash is anything that a component inside throws: in mount, update, render, an event, a message. It is reported like
 * any other crash. A component belongs to the innermost boundary around it.
 * Under another id it is another boundary: it begins at once, and counts anew.
 * C16 of the feature map. Source of the law: Erlang/OTP, supervisor, "Restart intensity and period".
 */
import { OptionError, shown } from "../../kernel/errors.ts";
import { Backoff, type BackoffOptions, backoffMistake } from "../../supervisor/backoff.ts";
import { RestartWindow } from "../../supervisor/restart-window.ts";
import { Rendered } from "../template/rendered.ts";
import { kindOf } from "../template/template-errors.ts";
import { type ComponentId, ComponentUse } from "./component-use.ts";
import { ComponentError } from "./errors.ts";
import { liveComponent } from "./live-component.ts";

/** What a fallback may tell. */
export interface Failure {
  /** What was thrown; only in development (LINTEL_ENV, else NODE_ENV, is "development"), for it may tell secrets. */
  readonly error: unknown;
  /** Crashes in a row, this one among them: a run of `backoff.resetAfterMs` begins a new row. */
  readonly crashes: number;
  /** Milliseconds from the crash to the restart. In a page that is not connected: it is tried again on joining. */
  readonly retryMs: number;
}

export interface BoundaryOptions {
  /** Shown from the crash to the restart: one element. */
  readonly fallback: (failure: Failure) => Rendered;
  /** Restarts that are allowed within `maxSeconds`; one more is too many. Default 3. `Infinity`: any number. */
  readonly maxRestarts?: number;
  /** Default 5. */
  readonly maxSeconds?: number;
  /** How long a restart waits. Default: 250 ms, twice as long for each crash in a row, up to 10 s. */
  readonly backoff?: BackoffOptions;
}

/** @internal Options that were checked. */
export interface BoundaryPolicy {
  readonly fallback: (failure: Failure) => Rendered;
  readonly maxRestarts: number;
  readonly maxSeconds: number;
  readonly backoff: BackoffOptions;
}

const defaultBackoff: BackoffOptions = { minMs: 250, maxMs: 10_000 };

/** A boundary around a component: in its place, the fallback. */
export function boundary(options: BoundaryOptions, content: ComponentUse): ComponentUse;
/**
 * A boundary around content, which is one element. It is a component with that id: what `content` throws is caught, too.
 *
 * @param options.id unique among the boundaries of the page
 * @throws {OptionError} for an impossible option
 */
export function boundary(
  options: BoundaryOptions & { readonly id: ComponentId },
  content: () => Rendered,
): ComponentUse;
export function boundary(
  options: BoundaryOptions & { readonly id?: ComponentId },
  content: ComponentUse | (() => Rendered),
): ComponentUse {
  const policy = checked(options);
  if (content instanceof ComponentUse) {
    if (content.boundary !== null) throw new OptionError(`boundary: ${content} has one already.`);
    return new ComponentUse(content.definition, content.id, content.props, policy);
  }
  if (typeof content !== "function") {
    throw new OptionError(
      `boundary: expected a component, or a function that returns html\`...\`, got ${kindOf(content)}.`,
    );
  }
  const use = Content({ id: options.id as ComponentId, content });
  return new ComponentUse(use.definition, use.id, use.props, policy);
}

const Content = liveComponent({
  name: "boundary",
  update: ({ content }: { content: () => Rendered }) => ({ content }),
  render: ({ content }) => content(),
});

function checked(options: BoundaryOptions): BoundaryPolicy {
  const { fallback, maxRestarts = 3, maxSeconds = 5, backoff = defaultBackoff } = options ?? {};
  const wrong = (option: string, what: string, got: unknown): OptionError =>
    new OptionError(`boundary: expected ${option} to be ${what}, got ${shown(got)}.`);
  if (typeof fallback !== "function") throw wrong("fallback", "a function that returns html`...`", fallback);
  const isCount = Number.isSafeInteger(maxRestarts) || maxRestarts === Number.POSITIVE_INFINITY;
  if (!isCount || maxRestarts < 0) throw wrong("maxRestarts", "a number of restarts, or Infinity", maxRestarts);
  if (!(maxSeconds > 0)) throw wrong("maxSeconds", "seconds above 0", maxSeconds);
  const mistake = backoffMistake(backoff);
  if (mistake !== undefined) throw wrong(mistake.option, mistake.what, mistake.got);
  return { fallback, maxRestarts, maxSeconds, backoff };
}

/** @internal What a boundary remembers of the crashes inside it. */
export class Guard {
  #policy: BoundaryPolicy;
  #window: RestartWindow;
  #backoff: Backoff;
  #crashes = 0;
  #runsSinceMs: number;

  constructor(policy: BoundaryPolicy, nowMs: number) {
    this.#policy = policy;
    this.#window = new RestartWindow(policy.maxRestarts, policy.maxSeconds);
    this.#backoff = new Backoff(policy.backoff);
    this.#runsSinceMs = nowMs;
  }

  get policy(): BoundaryPolicy {
    return this.#policy;
  }

  /** That of the last render counts: its fallback may close over what was new then. Other limits begin a new count. */
  set policy(policy: BoundaryPolicy) {
    const { maxRestarts, maxSeconds, backoff } = this.#policy;
    this.#policy = policy;
    if (policy.maxRestarts !== maxRestarts || policy.maxSeconds !== maxSeconds) {
      this.#window = new RestartWindow(policy.maxRestarts, policy.maxSeconds);
    }
    if (!sameBackoff(policy.backoff, backoff)) this.#backoff = new Backoff(policy.backoff);
  }

  /** What is inside has been started again. */
  restarted(nowMs: number): void {
    this.#runsSinceMs = nowMs;
  }

  /**
   * What is inside has crashed.
   *
   * @param random a number in [0, 1)
   * @returns what to tell; undefined: once too often
   */
  crashed(error: unknown, nowMs: number, random: number): Failure | undefined {
    if (!this.#window.record(nowMs)) return undefined;
    const ranMs = nowMs - this.#runsSinceMs;
    const { resetAfterMs, maxMs = 30_000 } = this.#policy.backoff;
    this.#crashes = ranMs >= (resetAfterMs ?? maxMs) ? 1 : this.#crashes + 1;
    const retryMs = Math.ceil(this.#backoff.failed(ranMs, random));
    return { error: isDevelopment() ? error : undefined, crashes: this.#crashes, retryMs };
  }
}

/** Options are usually written where they are given, and so made anew by each render. */
function sameBackoff(one: BackoffOptions, other: BackoffOptions): boolean {
  return (
    one.minMs === other.minMs &&
    one.maxMs === other.maxMs &&
    one.jitter === other.jitter &&
    one.resetAfterMs === other.resetAfterMs
  );
}

/** Only where that was said: an error's text may hold what a visitor must not see. */
function isDevelopment(): boolean {
  const { LINTEL_ENV, NODE_ENV } = process.env;
  return (LINTEL_ENV || NODE_ENV) === "development";
}

/** @throws {ComponentError} unless it is a template of exactly one element */
export function oneElement(what: string, rendered: unknown): Rendered {
  if (rendered instanceof Rendered && rendered.template.root) return rendered;
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a hole as errors show it
  const shape = rendered instanceof Rendered ? rendered.template.statics.join("${…}").trim().slice(0, 80) : undefined;
  throw new ComponentError(
    `${what}: expected render to return html\`...\` of exactly one element, got ${shape === undefined ? kindOf(rendered) : JSON.stringify(shape)}. Put an element around it.`,
  );
}
