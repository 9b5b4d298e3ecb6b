// A modal of the bot, as a dialog: text inputs, selects and text, bare in rows or under labels.
import { h, uniqueId } from "./dom.js";
import { markdown } from "./markdown.js";

const ROW = 1;
const SELECT = 3;
const TEXT_INPUT = 4;
const TEXT = 10;
const LABEL = 18;

export function openModal(modal, context, submit) {
  const fields = [];
  const failure = h("p", { class: "failed", role: "alert" });
  const title = h("h2", { id: uniqueId("modal") }, modal.title);
  const form = h("form", { method: "dialog" }, title, ...modal.components.map((part) => drawn(part, fields, context)), failure,
    h("div", { class: "modal-buttons" },
      h("button", { type: "button", class: "button plain", onclick: () => dialog.close() }, "Cancel"),
      h("button", { type: "submit", class: "button primary" }, "Submit")));
  const dialog = h("dialog", { class: "modal", "aria-labelledby": title.id }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    failure.textContent = "";
    form.inert = true;
    const answer = await submit(Object.fromEntries(fields.map(({ id, value }) => [id, value()])));
    form.inert = false;
    if (answer.outcome === "failed") failure.textContent = "Something went wrong. Try again.";
    else dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  form.querySelector("input, textarea, select")?.focus();
}

function drawn(part, fields, context) {
  switch (part.type) {
    case ROW:
      return part.components.map((inner) => field(inner, { label: inner.label }, fields));
    case LABEL:
      return [field(part.component, part, fields)];
    case TEXT:
      return [h("div", { class: "text-display" }, ...markdown(part.content, context.names))];
    default:
      return [];
  }
}

function field(part, { label, description }, fields) {
  const id = uniqueId("field");
  const about = description ? h("p", { id: `${id}-about`, class: "about-field" }, description) : null;
  const control = part.type === SELECT ? selectControl(part, id) : part.type === TEXT_INPUT ? textControl(part, id) : null;
  if (!control) return h("p", { class: "subtext" }, `(a field of type ${part.type}, which this demo does not draw)`);
  if (about) control.setAttribute("aria-describedby", about.id);
  fields.push({ id: part.custom_id, value: () => (part.type === SELECT ? [...control.selectedOptions].map((option) => option.value) : control.value) });
  return h("div", { class: "modal-field" },
    h("label", { for: id }, label ?? "", part.required === false ? null : h("span", { class: "required", "aria-hidden": "true" }, " *")), about, control);
}

function textControl(part, id) {
  const attributes = {
    id, required: part.required !== false, minlength: part.min_length, maxlength: part.max_length ?? 4000,
    placeholder: part.placeholder, autocomplete: "off",
  };
  if (part.style === 2) return h("textarea", { ...attributes, rows: "4" }, part.value ?? "");
  return h("input", { ...attributes, type: "text", value: part.value });
}

function selectControl(part, id) {
  return h("select", { id, required: part.required !== false, multiple: (part.max_values ?? 1) > 1 },
    ...part.options.map((option) => h("option", { value: option.value, selected: option.default }, option.label)));
}
