/** /form: five fields, checked as they are typed. */
import { type EventParams, html, liveView } from "lintel/liveview";

const labels = { name: "Name", email: "Email", username: "Username", city: "City", phone: "Phone" } as const;
type FieldName = keyof typeof labels;
const names = Object.keys(labels) as FieldName[];

interface Field {
  readonly name: FieldName;
  readonly value: string;
  readonly errors: readonly string[];
}

type Form = { readonly [K in FieldName]: Field };

const emptyForm = toForm(
  () => "",
  () => [],
);

export const FormLive = liveView({
  mount: () => ({ form: emptyForm }),
  events: {
    validate: (socket, params) => socket.assign({ form: validated(params) }),
    save: (socket, params) => socket.assign({ form: validated(params) }),
  },
  render: ({ form }) => html`
    <main class="page">
      <h1>Form</h1>
      <form id="user-form" phx-change="validate" phx-submit="save">
        ${field(form.name, labels.name)}
        ${field(form.email, labels.email)}
        ${field(form.username, labels.username)}
        ${field(form.city, labels.city)}
        ${field(form.phone, labels.phone)}
        <button type="submit">Save</button>
      </form>
    </main>
  `,
});

/** A function component: one field with its label and errors. */
function field({ name, value, errors }: Field, label: string) {
  return html`
        <div class="field">
          <label for="user_${name}">${label}</label>
          <input type="text" id="user_${name}" name="user[${name}]" value="${value}">
          ${errors.map((message) => html`<p class="error">${message}</p>`)}
        </div>`;
}

function validated({ user }: EventParams): Form {
  const sent = (typeof user === "object" && user !== null ? user : {}) as Readonly<Record<string, unknown>>;
  return toForm((name) => (typeof sent[name] === "string" ? sent[name] : ""), errorsOf);
}

function toForm(textOf: (name: FieldName) => string, errors: (name: FieldName, value: string) => string[]): Form {
  const fields = names.map((name) => {
    const value = textOf(name);
    return [name, { name, value, errors: errors(name, value) }];
  });
  return Object.fromEntries(fields) as Form;
}

function errorsOf(name: FieldName, value: string): string[] {
  if (value === "") return ["can't be blank"];
  const errors: string[] = [];
  if (name === "name" && value.length < 2) errors.push("is too short");
  if (name === "email" && !/^[^\s@]+@[^\s@]+$/.test(value)) errors.push("must have the @ sign and no spaces");
  if (name === "username" && value.length < 3) errors.push("is too short");
  if (name === "username" && /[^a-z0-9_]/.test(value)) errors.push("has invalid characters");
  if (name === "phone" && !/^[0-9 +-]+$/.test(value)) errors.push("is invalid");
  return errors;
}
