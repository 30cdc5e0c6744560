/**
 * Slots: content that a caller gives to a function component, as inputs.
 *
 *   const table = component(<Row>({ rows, key, columns, inner }: {
 *     rows: readonly Row[]; key: (row: Row) => Key;
 *     columns: SlotEntries<{ label: string }, [row: Row]>;     named, any number of entries, each with an argument
 *     inner?: Slot;                                            default, at most one
 *   }) => ...);
 *
 *   table({ rows, key: byId, columns: [{ label: "Name", content: (row) => row.name }], inner: html`<caption>…</caption>` })
 *
 * A required slot is an input that is not optional. An absent one shows nothing; `slot ? ... : ...` asks whether it is there.
 */
import type { TextValue } from "./rendered.ts";
import { kindOf, TemplateError } from "./template-errors.ts";

/** Content, or a function of what the component gives it. */
export type Slot<Arguments extends readonly unknown[] = []> = TextValue | ((...values: Arguments) => TextValue);

/** An entry of a slot that may have several: attributes of its own, and content. */
export type SlotEntry<Attributes extends object = object, Arguments extends readonly unknown[] = []> = Attributes & {
  readonly content?: Slot<Arguments>;
};

export type SlotEntries<
  Attributes extends object = object,
  Arguments extends readonly unknown[] = [],
> = readonly SlotEntry<Attributes, Arguments>[];

/**
 * Shows a slot: content as it is, a function's result for the given values, all of a list's entries one after another.
 *
 * @throws {TemplateError} for an entry that has no content, though it is to be shown
 */
export function renderSlot<Arguments extends readonly unknown[]>(
  slot: Slot<Arguments> | SlotEntry<object, Arguments> | SlotEntries<object, Arguments> | undefined,
  ...values: Arguments
): TextValue {
  if (typeof slot === "function") return (slot as (...values: Arguments) => TextValue)(...values);
  if (Array.isArray(slot)) return (slot as SlotEntries<object, Arguments>).map((entry) => renderSlot(entry, ...values));
  if (!isEntry(slot)) return slot as TextValue;
  if (slot.content === undefined) {
    throw new TemplateError(
      `renderSlot(): expected the entry to have content, got ${kindOf(slot)} with ${Object.keys(slot).join(", ") || "nothing"}.`,
    );
  }
  return renderSlot(slot.content as Slot<Arguments>, ...values);
}

/** Entries are plain objects; what can be shown never is. */
function isEntry(slot: unknown): slot is { readonly content?: unknown } {
  if (typeof slot !== "object" || slot === null) return false;
  const prototype: unknown = Object.getPrototypeOf(slot);
  return prototype === Object.prototype || prototype === null;
}
