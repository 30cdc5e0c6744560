/**
 * liveRender: a live view in a template of another one. It has a process, a state and a channel of its own: what crashes in
 * it costs nothing around it, and what changes around it leaves it alone.
 *
 *   html`<main>${liveRender(Clock, { id: "clock", session: { zone: "CET" } })}</main>`
 *
 *   page        the child, mounted and rendered in its place         <div id="clock" data-phx-session="" ...>12:00</div>
 *   connected   an empty container with a token: the browser joins   <div id="clock" data-phx-session="TOKEN" ...></div>
 *
 * Source: Phoenix.Component.live_render; wire protocol 2.4, 2.5, 16.1; V25 and F21 of the feature map.
 */
import { shown } from "../../kernel/errors.ts";
import type { JsonValue } from "../session/token.ts";
import { attributesHtml, type GlobalAttributes } from "../template/attributes.ts";
import { isOrdinaryTag } from "../template/tag-name.ts";
import { kindOf, TemplateError } from "../template/template-errors.ts";
import type { LiveView, ViewDefinition } from "../view/live-view.ts";
import { NestedViewError } from "./errors.ts";
import { viewsNamed } from "./view-names.ts";

export interface LiveRenderOptions {
  /** Of its container element: letters, digits, `_`, `-`, `.` and `:`, at most 128. Unique in the page. */
  readonly id: string;
  /**
   * What its `mount` gets as `session`. It travels through the browser: signed, but readable there. At most 8 KB of JSON.
   * As it was when the child came into the page: it is not told of a change. Default: nothing.
   */
  readonly session?: Readonly<Record<string, JsonValue>>;
  /** Its container: the tag (default "div"), and attributes; these may change. */
  readonly container?: { readonly tag?: string } & Omit<GlobalAttributes, "id">;
}

/** A nested view as a template shows it. Made by `liveRender`; a value, like any other in a hole. */
export class NestedUse {
  readonly view: ViewDefinition;
  readonly name: string;
  readonly id: string;
  /** JSON of an object. */
  readonly session: string;
  readonly #tag: string;
  /** As HTML, each with a space before it. */
  readonly #attributes: string;

  /** @internal */
  constructor(view: ViewDefinition, name: string, id: string, session: string, tag: string, attributes: string) {
    this.view = view;
    this.name = name;
    this.id = id;
    this.session = session;
    this.#tag = tag;
    this.#attributes = attributes;
  }

  /** The child's container. @param inner what is inside, as HTML */
  html(parentId: string, tokens: { readonly session: string; readonly static: string }, inner: string): string {
    const own = `id="${this.id}" data-phx-session="${tokens.session}" data-phx-static="${tokens.static}" data-phx-parent-id="${parentId}"`;
    return `<${this.#tag} ${own}${this.#attributes}>${inner}</${this.#tag}>`;
  }

  hasContainerOf(other: NestedUse): boolean {
    return this.#tag === other.#tag && this.#attributes === other.#attributes;
  }

  /** `Clock "clock"`, for sentences. */
  toString(): string {
    return `${this.name} ${JSON.stringify(this.id)}`;
  }
}

/**
 * Shows a live view inside another one: in a text hole of a template.
 *
 * @param view one with a name: `liveView({ name: "Clock", ... })`, defined where its module is loaded
 * @throws {NestedViewError} for a view without a name, or with that of another; for an id, a session or a container that
 *   cannot be one
 * @throws {TemplateError} for an attribute of the container that no template could have
 */
export function liveRender<Assigns extends object, Events extends string, Info>(
  view: LiveView<Assigns, Events, Info>,
  options: LiveRenderOptions,
): NestedUse {
  const definition = view?.definition;
  if (definition === undefined) {
    throw new NestedViewError(`liveRender: expected a view made by liveView(), got ${shown(view)}.`);
  }
  const { name } = definition;
  if (name === undefined) {
    throw new NestedViewError(
      'liveRender: expected a view with a name, for its join may come to another thread. Give it one: liveView({ name: "...", ... }).',
    );
  }
  if (definition.params !== undefined) {
    throw new NestedViewError(
      `liveRender: expected ${shown(name)} to have no params callback, for a nested view has no URL. Give it what it needs as session.`,
    );
  }
  const { id, session = {}, container = {} } = options ?? {};
  const fail = (sentence: string): NestedViewError => new NestedViewError(`liveRender ${shown(name)}: ${sentence}.`);
  if (viewsNamed(name).length > 1) throw fail("expected a name of its own, got that of another view. Choose another");
  if (typeof id !== "string" || !containerId.test(id)) {
    throw fail(`expected id to be 1 to 128 letters, digits, "_", "-", "." or ":", got ${shown(id)}`);
  }
  if (typeof container !== "object" || container === null) {
    throw fail(`expected container to be an object, got ${kindOf(container)}`);
  }
  const { tag = "div", ...attributes } = container;
  if (!isOrdinaryTag(tag))
    throw fail(`expected the name of an element with ordinary content as tag, got ${shown(tag)}`);
  for (const attribute of Object.keys(attributes)) {
    if (/^data-phx-/i.test(attribute)) throw fail(`the attribute ${attribute} of its container is not for you to set`);
  }
  const html = attributesHtml(tag.toLowerCase(), taken, attributes, (sentence) => {
    return new TemplateError(`liveRender ${shown(name)}: ${sentence}.`);
  });
  return new NestedUse(definition, name, id, sessionJson(session, fail), tag, html);
}

function sessionJson(session: unknown, fail: (sentence: string) => NestedViewError): string {
  if (typeof session !== "object" || session === null || Array.isArray(session)) {
    throw fail(`expected session to be an object, got ${kindOf(session)}`);
  }
  let json: string | undefined;
  try {
    json = JSON.stringify(session);
  } catch (cause) {
    const error = fail("expected a session that JSON can carry");
    error.cause = cause;
    throw error;
  }
  if (json?.startsWith("{") !== true) throw fail("expected a session that JSON can carry");
  const bytes = Buffer.byteLength(json);
  if (bytes > maxSessionBytes) {
    throw fail(
      `expected a session of at most ${maxSessionBytes} bytes of JSON, got ${bytes}. Give it an id, and let it look up the rest`,
    );
  }
  return json;
}

const maxSessionBytes = 8192;
const containerId = /^[\w:.-]{1,128}$/;
/** What a container has already, or cannot have: its content is the child's. */
const taken: ReadonlySet<string> = new Set(["id", "phx-update"]);
