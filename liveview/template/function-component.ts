/**
 * Function components: parts of a page with inputs of their own, called only when one of these has changed.
 *
 *   const badge = component(({ count }: { count: number }) => html`<b>${count}</b>`);
 *
 *   html`<p>${badge({ count })}</p>`     ->   ComponentCall { render, inputs }     nothing is called yet
 *                                             same inputs as last time at this place: nothing is called at all
 *
 * Inputs are compared one by one, by identity; templates given as inputs (slots) by what they are made of. So inputs must
 * be replaced when they change, not written to, as usual for assigns. A function made anew is another input: keep those
 * of slots with arguments in constants where it matters.
 * A component is pure: it shows its inputs and nothing else, and keeps no state (for that see live components).
 */
import type { TextValue } from "./rendered.ts";
import { sameInputs } from "./same-inputs.ts";
import { kindOf, TemplateError } from "./template-errors.ts";

/** A component with the inputs that it is to show. Made by calling what `component` gave. */
export class ComponentCall {
  readonly render: (inputs: never) => TextValue;
  readonly inputs: Readonly<Record<string, unknown>>;

  constructor(render: ComponentCall["render"], inputs: Readonly<Record<string, unknown>>) {
    this.render = render;
    this.inputs = inputs;
  }

  /** Calls the component. */
  show(): TextValue {
    return this.render(this.inputs as never);
  }
}

/**
 * Makes a function component. The type of its inputs is the one that `render` declares: a caller that leaves a required
 * one out, adds one, or gives another kind does not compile.
 *
 * @example
 * const card = component(({ title, inner, footer }: { title: string; inner: Slot; footer?: Slot }) => html`
 *   <section><h2>${title}</h2>${renderSlot(inner)}${footer && html`<footer>${renderSlot(footer)}</footer>`}</section>`);
 *
 * html`${card({ title: "Hello", inner: html`<p>world</p>` })}`;
 */
export function component<Arguments extends readonly [inputs?: object]>(
  render: (...inputs: Arguments) => TextValue,
): (...inputs: Arguments) => ComponentCall {
  if (typeof render !== "function") throw new TemplateError(`component(): expected a function, got ${kindOf(render)}.`);
  return ((inputs?: object) => {
    if (inputs !== undefined && (typeof inputs !== "object" || inputs === null)) {
      throw new TemplateError(`A component takes its inputs in an object, got ${kindOf(inputs)}.`);
    }
    // A copy: what the caller does to its object later is not the component's.
    return new ComponentCall(render as unknown as ComponentCall["render"], { ...inputs });
  }) as unknown as (...inputs: Arguments) => ComponentCall;
}

/** What something shows once it is called, if it is a component; one that shows another one is called through. */
export function shownBy(value: unknown): unknown {
  let shown = value;
  while (shown instanceof ComponentCall) shown = shown.show();
  return shown;
}

/** Would the component show the same? */
export function sameCall(before: ComponentCall, now: ComponentCall): boolean {
  return before.render === now.render && sameInputs(before.inputs, now.inputs);
}
