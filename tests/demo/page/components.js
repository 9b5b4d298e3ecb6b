// Buttons, selects and Discord's newer layouts. What a visitor does with them goes to the bot as an interaction.
import { Choices, h, link, uniqueId } from "./dom.js";
import { fileComponent, gallery } from "./files.js";
import { markdown } from "./markdown.js";

const BUTTON_STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger" };
const LINK = 5;

const BUILDERS = {
  1: (row, message, context) => h("div", { class: "row" }, ...built(row.components, message, context)),
  2: button,
  3: select,
  9: section,
  10: (text, message, context) => h("div", { class: "text-display" }, ...markdown(text.content, context.names)),
  12: gallery,
  13: fileComponent,
  14: (rule) => h("hr", { class: `spacing-${rule.spacing ?? 1}${rule.divider === false ? " bare" : ""}` }),
  17: container,
};

export function components(message, context) {
  return built(message.components ?? [], message, context);
}

function built(parts, message, context) {
  return parts.map((part) => BUILDERS[part.type]?.(part, message, context)
    ?? h("p", { class: "subtext" }, `(a component of type ${part.type}, which this demo does not draw)`));
}

function container(part, message, context) {
  const box = h("div", { class: part.spoiler ? "container spoiler" : "container" }, ...built(part.components, message, context));
  if (typeof part.accent_color === "number") {
    box.style.borderInlineStartColor = `#${part.accent_color.toString(16).padStart(6, "0")}`;
    box.classList.add("accented");
  }
  return box;
}

function section(part, message, context) {
  return h("div", { class: "section" },
    h("div", { class: "section-text" }, ...built(part.components, message, context)),
    h("div", { class: "accessory" }, ...built([part.accessory], message, context)));
}

function caption(part) {
  return [part.emoji?.id ? null : part.emoji?.name, part.label].filter(Boolean).join(" ");
}

function button(part, message, context) {
  if (part.style === LINK) return linkButton(part);
  const element = h("button", {
    type: "button", class: `button ${BUTTON_STYLES[part.style] ?? "secondary"}`, disabled: Boolean(part.disabled), "data-custom-id": part.custom_id,
  }, caption(part));
  element.addEventListener("click", () => send(element, context, "click", { message: message.id, custom_id: part.custom_id }));
  return element;
}

function linkButton(part) {
  const element = link(part.url, caption(part));
  element.className = "button secondary outward";
  return element;
}

// One interaction at a time per control; its failure is written under the control, as Discord does.
async function send(element, context, action, body) {
  if (element.getAttribute("aria-busy") === "true") return;
  element.setAttribute("aria-busy", "true");
  element.closest(".body")?.querySelector(".failed")?.remove();
  const answer = await context.interact(action, body);
  element.removeAttribute("aria-busy");
  if (answer.outcome !== "failed") return;
  const row = element.closest(".row, .section") ?? element;
  row.after(h("p", { class: "failed", role: "alert" }, "This interaction failed"));
}

function select(part, message, context) {
  const chosen = part.options.filter((option) => option.default);
  const element = h("button", {
    type: "button", class: "select", role: "combobox", disabled: Boolean(part.disabled), "data-custom-id": part.custom_id,
    "aria-label": part.placeholder ?? "Make a selection",
  }, chosen.map((option) => option.label).join(", ") || (part.placeholder ?? "Make a selection"));
  const choose = (values) => send(element, context, "select", { message: message.id, custom_id: part.custom_id, values });
  return (part.max_values ?? 1) > 1 ? several(part, element, choose) : one(part, element, choose);
}

function one(part, element, choose) {
  const choices = new Choices(element, part.placeholder ?? "Selection", (option) => choose([option.value]));
  const options = part.options.map((option) => ({ ...option, name: caption(option) }));
  const toggle = () => (choices.open ? choices.close() : choices.show(options));
  element.addEventListener("click", toggle);
  element.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" || choices.open) return;
    event.preventDefault();
    toggle();
  });
  return h("div", { class: "select-box" }, element, choices.list);
}

function several(part, element, choose) {
  const name = uniqueId("several");
  const boxes = part.options.map((option) => h("input", { type: "checkbox", name, value: option.value, checked: option.default }));
  const panel = h("fieldset", { class: "several", hidden: true },
    h("legend", {}, part.placeholder ?? "Make a selection"),
    ...part.options.map((option, index) => h("label", {}, boxes[index], " ", option.label)),
    h("button", { type: "button", class: "button primary", onclick: () => choose(boxes.filter((box) => box.checked).map((box) => box.value)) }, "Done"));
  element.removeAttribute("role");
  element.addEventListener("click", () => { panel.hidden = !panel.hidden; });
  return h("div", { class: "select-box" }, element, panel);
}
