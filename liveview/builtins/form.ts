/**
 * Forms: from a form's params to what its inputs show, and back.
 *
 *   params { user: { name: "Ann" } }  ──toForm(params.user, { as: "user", errors })──▷  Form
 *   form.field("name")   { id: "user_name", name: "user[name]", value: "Ann", errors: [...] }
 *
 *   form({ for: userForm, "phx-change": events.validate, inner: (f) => html`${input({ field: f.field("name") })}` })
 *   inputsFor({ field: f.field("addresses"), inner: (address) => ... })     user[addresses][0][city]
 *
 * Errors of an input that the visitor has not used yet are kept back: the client marks those (`_unused_name`).
 * Source: Phoenix.HTML.Form, Phoenix.Component "form", "inputs_for", "used_input?"; the wire protocol, section 11.
 */
import { attrs, type GlobalAttributes } from "../template/attributes.ts";
import { type ComponentCall, component } from "../template/function-component.ts";
import type { AttributeInput, TextValue } from "../template/rendered.ts";
import { renderSlot, type Slot } from "../template/slots.ts";
import { html } from "../template/template.ts";
import { kindOf, TemplateError } from "../template/template-errors.ts";

type Values = Readonly<Record<string, unknown>>;

/** Messages by field; a path of nested names is joined by dots: `addresses.0.city`. */
export type FormErrors = Readonly<Record<string, readonly string[]>>;

export interface FormOptions {
  /** Begins the inputs' names: "user" gives `user[name]`. Default: names stand alone. */
  readonly as?: string;
  /** Begins the inputs' ids. Default: made from `as`. */
  readonly id?: string;
  readonly errors?: FormErrors;
  /** Show errors of all inputs, used or not: after a submit. Default false. */
  readonly showAll?: boolean;
}

/** One input: what its element needs. */
export interface FormField {
  readonly id: string;
  readonly name: string;
  readonly value: unknown;
  /** To show: none while the input was not used. */
  readonly errors: readonly string[];
  readonly form: Form;
  /** Its own name, within its form. */
  readonly key: string;
}

export class Form {
  readonly id: string | undefined;
  /** Begins names; "" for none. */
  readonly name: string;
  readonly values: Values;
  readonly #errors: FormErrors;
  readonly #path: string;
  readonly #showAll: boolean;

  /** @internal */
  constructor(
    values: Values,
    name: string,
    id: string | undefined,
    errors: FormErrors,
    path: string,
    showAll: boolean,
  ) {
    this.values = values;
    this.name = name;
    this.id = id;
    this.#errors = errors;
    this.#path = path;
    this.#showAll = showAll;
  }

  field(key: string): FormField {
    const path = this.#path + key;
    const isShown = this.#showAll || usedInput(this.values, key);
    return {
      id: this.id === undefined ? key : `${this.id}_${key}`,
      name: this.name === "" ? key : `${this.name}[${key}]`,
      value: Object.hasOwn(this.values, key) ? this.values[key] : undefined,
      errors: isShown && Object.hasOwn(this.#errors, path) ? this.#errors[path]! : [],
      form: this,
      key,
    };
  }

  /** The form of a nested value. @param index of an entry of a list */
  nested(key: string, values: Values, index?: number): Form {
    const { id, name } = this.field(key);
    const at = index === undefined ? "" : `[${index}]`;
    const idAt = index === undefined ? "" : `_${index}`;
    const path = `${this.#path}${key}.${index === undefined ? "" : `${index}.`}`;
    return new Form(values, name + at, id + idAt, this.#errors, path, this.#showAll);
  }
}

/**
 * A form from values: those of a record, or the params of a form event.
 *
 * @throws {TemplateError} when the values are no object
 */
export function toForm(values: Values, { as = "", id, errors = {}, showAll = false }: FormOptions = {}): Form {
  // Fields of a Map or of FormData are no properties.
  if (typeof values !== "object" || values === null || Symbol.iterator in values) {
    throw new TemplateError(`toForm(): expected an object of values by field, got ${kindOf(values)}.`);
  }
  const ownId = id ?? (as === "" ? undefined : as.replace(/\W+/g, "_").replace(/_$/, ""));
  return new Form(values, as, ownId, errors, "", showAll);
}

/** Has the visitor used the input? Not if the client sent its marker; of nested values, if any of them was used. */
export function usedInput(values: Values, key: string): boolean {
  if (!Object.hasOwn(values, key)) return false;
  if (Object.hasOwn(values, `_unused_${key}`)) return false;
  const value = values[key];
  return !isValues(value) || Object.keys(value).some((inner) => !inner.startsWith("_") && usedInput(value, inner));
}

export type FormInputs = GlobalAttributes & {
  readonly for: Form;
  readonly inner: Slot<[form: Form]>;
  /** Where it is sent over HTTP, when there is no JavaScript, or by `phx-trigger-action`. */
  readonly action?: string;
  /** Default "post" with an action. Others than "get" and "post" travel in `_method`. */
  readonly method?: "get" | "post" | "put" | "patch" | "delete";
  /** For an action that changes something. */
  readonly csrfToken?: string;
  /** With files over HTTP. Default false. */
  readonly multipart?: boolean;
  readonly autocomplete?: AttributeInput;
  readonly name?: AttributeInput;
  readonly novalidate?: AttributeInput;
  readonly target?: AttributeInput;
};

export const form: (inputs: FormInputs) => ComponentCall = component(
  ({ for: of, inner, action, method, csrfToken, multipart = false, ...rest }: FormInputs) => {
    if (!(of instanceof Form)) throw new TemplateError(`form(): expected for to be made by toForm, got ${kindOf(of)}.`);
    const sends = method ?? (action === undefined ? undefined : "post");
    const hidden = sends !== undefined && sends !== "get" && sends !== "post";
    return html`<form ${attrs({
      id: of.id,
      action,
      method: hidden ? "post" : sends,
      enctype: multipart && "multipart/form-data",
      ...rest,
    })}>${hidden && html`<input type="hidden" name="_method" value=${sends} hidden>`}${
      sends !== undefined &&
      sends !== "get" &&
      csrfToken !== undefined &&
      html`<input type="hidden" name="_csrf_token" value=${csrfToken} hidden>`
    }${renderSlot(inner, of)}</form>`;
  },
);

export interface InputsForInputs {
  /** Its value: an object; or a list of them, or an object by index, as params of a form event are. */
  readonly field: FormField;
  readonly inner: Slot<[form: Form, index: number]>;
  /** No hidden input that tells an entry apart from its neighbours (`_persistent_id`). Default false. */
  readonly skipHidden?: boolean;
  /** Entries to show where there are none yet. */
  readonly default?: Values | readonly Values[];
}

/** The inputs of nested values: of one, or of each of a list. */
export const inputsFor: (inputs: InputsForInputs) => ComponentCall = component(
  ({ field, inner, skipHidden = false, default: fallback }: InputsForInputs): TextValue => {
    const entries = entriesOf(field.value ?? fallback);
    if (entries === undefined) {
      throw new TemplateError(
        `inputsFor(): expected the value of ${field.name} to be an object or a list of objects, got ${kindOf(field.value)}.`,
      );
    }
    if (!Array.isArray(entries)) return renderSlot(inner, field.form.nested(field.key, entries as Values), 0);
    return (entries as readonly Values[]).map((values, index) => {
      const nested = field.form.nested(field.key, values, index);
      const persistent = values["_persistent_id"] ?? index;
      return html`${
        !skipHidden &&
        html`<input type="hidden" name="${nested.name}[_persistent_id]" value="${String(persistent)}" hidden>`
      }${renderSlot(inner, nested, index)}`;
    });
  },
);

/** An object with indices for names is a list: so a form's params say it. */
function entriesOf(value: unknown): Values | readonly Values[] | undefined {
  if (value === undefined || value === null || value === "") return [];
  if (Array.isArray(value)) return value.every(isValues) ? (value as Values[]) : undefined;
  if (!isValues(value)) return undefined;
  const names = Object.keys(value).filter((name) => !name.startsWith("_"));
  if (names.length === 0 || !names.every((name) => /^\d+$/.test(name))) return value;
  const sorted = names.sort((a, b) => Number(a) - Number(b)).map((name) => value[name]);
  return sorted.every(isValues) ? (sorted as Values[]) : undefined;
}

function isValues(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
