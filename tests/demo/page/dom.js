// Elements are made of text nodes and attributes only: nothing the bot or the API says is ever parsed as HTML.

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

let numbers = 0;

export function uniqueId(stem) {
  numbers += 1;
  return `${stem}-${numbers}`;
}

// Links come from messages, so only web addresses become one, and the page opened learns nothing of this one.
export function link(address, ...children) {
  return /^https?:\/\//i.test(address)
    ? h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, ...children)
    : h("span", {}, ...children);
}

// A list of choices under a field: arrow keys move, Enter or Tab takes, Escape closes.
export class Choices {
  constructor(field, label, onPick) {
    this.field = field;
    this.onPick = onPick;
    this.list = h("ul", { role: "listbox", class: "choices", id: uniqueId("choices"), "aria-label": label, hidden: true });
    field.setAttribute("aria-controls", this.list.id);
    field.setAttribute("aria-expanded", "false");
    field.setAttribute("aria-haspopup", "listbox");
    field.addEventListener("keydown", (event) => this.#key(event));
    field.addEventListener("blur", () => this.close());
  }

  get open() {
    return !this.list.hidden;
  }

  show(choices, empty = "Nothing fits") {
    this.choices = choices;
    this.list.replaceChildren(...choices.map((choice, index) => this.#item(choice, index)));
    if (!choices.length) this.list.append(h("li", { class: "nothing" }, empty));
    this.list.hidden = false;
    this.field.setAttribute("aria-expanded", "true");
    this.#mark(0);
    this.list.scrollIntoView({ block: "nearest" });
  }

  close() {
    this.list.hidden = true;
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
  }

  #item(choice, index) {
    const item = h("li", { role: "option", id: `${this.list.id}-${index}`, "aria-selected": "false" },
      h("span", { class: "choice-name" }, choice.name),
      choice.description ? h("span", { class: "choice-about" }, choice.description) : null);
    // The pointer must not take the focus, or the list would close before the click arrives.
    item.addEventListener("pointerdown", (event) => event.preventDefault());
    item.addEventListener("pointermove", () => { if (this.at !== index) this.#mark(index); });
    item.addEventListener("click", () => this.#pick(index));
    return item;
  }

  #mark(index) {
    const items = this.list.querySelectorAll("[role=option]");
    items.forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
    this.at = index;
    if (!items[index]) return this.field.removeAttribute("aria-activedescendant");
    this.field.setAttribute("aria-activedescendant", items[index].id);
    return items[index].scrollIntoView({ block: "nearest" });
  }

  #pick(index) {
    const choice = this.choices[index];
    this.close();
    if (choice) this.onPick(choice);
  }

  #key(event) {
    if (!this.open) return;
    const size = this.choices.length;
    if (event.key === "ArrowDown" && size) this.#mark((this.at + 1) % size);
    else if (event.key === "ArrowUp" && size) this.#mark((this.at + size - 1) % size);
    else if ((event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) && size) this.#pick(this.at);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}
