/**
 * The session token of a nested view: made by its parent's process, presented by its join, to whichever thread that comes.
 *
 *   [id, name of the view, runtime, parent's thread and serial, binding, session as JSON]
 *
 * A parent is a process, so such a token is good in the runtime that made it, and in no other one with the same secret.
 * Source: wire protocol 2.3, 5.3.
 */
import type { Pid } from "../../kernel/pid.ts";
import type { TokenSigner } from "../session/token.ts";
import { isSame, isStaticTokenOf, viewTokenMaxAgeMs } from "../session/view-tokens.ts";
import type { ViewDefinition } from "../view/live-view.ts";
import type { NestedUse } from "./nested-use.ts";
import { viewsNamed } from "./view-names.ts";

const purpose = "live view child session";

/** What a child's token says. */
export interface ChildIdentity {
  readonly view: ViewDefinition;
  readonly name: string;
  readonly parent: { readonly thread: number; readonly serial: number };
  readonly session: Readonly<Record<string, unknown>>;
}

export class ChildTokens {
  readonly #signer: TokenSigner;
  readonly #runtime: string;

  /** @param runtime a name that no other runtime has, nor this one after a restart */
  constructor(signer: TokenSigner, runtime: string) {
    this.#signer = signer;
    this.#runtime = runtime;
  }

  /** @param binding to the visitor's session (view-tokens.ts) */
  sign({ id, name, session }: NestedUse, { thread, serial }: Pid, binding: string): string {
    return this.#signer.sign(purpose, [id, name, this.#runtime, thread, serial, binding, session]);
  }

  /** @returns undefined for a token that is no child's, of another id, session or runtime, or of a view that is not here */
  verify(tokens: { session: unknown; static: unknown }, id: string, binding: string): ChildIdentity | undefined {
    const token = this.#signer.verify(purpose, tokens.session, { maxAgeMs: viewTokenMaxAgeMs });
    if (!token.ok) return undefined;
    const [signedId, name, runtime, thread, serial, signedBinding, session] = token.data as SignedChild;
    if (signedId !== id || runtime !== this.#runtime || !isSame(signedBinding, binding)) return undefined;
    if (!isStaticTokenOf(this.#signer, tokens.static, id)) return undefined;
    const [view, other] = viewsNamed(name);
    if (view === undefined || other !== undefined) return undefined;
    return { view, name, parent: { thread, serial }, session: JSON.parse(session) as Record<string, unknown> };
  }
}

type SignedChild = [
  id: string,
  name: string,
  runtime: string,
  thread: number,
  serial: number,
  binding: string,
  session: string,
];
