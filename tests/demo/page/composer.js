// The line under a pane: type "/", pick a command, fill in its options, Enter sends it.
import { Choices, h, uniqueId } from "./dom.js";

const STRING = 3;
const INTEGER = 4;
const BOOLEAN = 5;
const USER = 6;
const NUMBER = 10;
const PAUSE_BEFORE_ASKING = 150;

export class Composer {
  constructor(root, place, context) {
    Object.assign(this, { root, place, context, commands: [], offerAgain: () => {} });
    this.#typing();
  }

  // Commands may become known while "/" stands there already.
  update(commands) {
    const news = JSON.stringify(commands) !== JSON.stringify(this.commands);
    this.commands = commands;
    if (news) this.offerAgain();
  }

  // The viewer changed: a half-written command was someone else's.
  reset() {
    this.#typing();
  }

  #typing(text = "") {
    const id = uniqueId("message");
    const input = h("input", {
      id, type: "text", value: text, autocomplete: "off", spellcheck: "false", enterkeyhint: "send",
      role: "combobox", "aria-autocomplete": "list", placeholder: "Type / for commands",
    });
    const choices = new Choices(input, "Commands", (choice) => this.#picked(choice.command));
    const offer = () => (input.value.startsWith("/") ? choices.show(this.#fitting(input.value), this.#nothing()) : choices.close());
    const hint = h("p", { class: "hint", role: "status" });
    input.addEventListener("input", offer);
    input.addEventListener("focus", offer);
    this.offerAgain = () => { if (document.activeElement === input) offer(); };
    const form = h("form", { class: "line" }, h("label", { for: id, class: "unseen" }, "Message"), input, choices.list, hint);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      hint.textContent = input.value ? "Midwatch reads no messages. Type / to pick one of its commands." : "";
    });
    this.root.replaceChildren(form);
    return input;
  }

  #nothing() {
    return this.commands.length ? "No such command here" : "Discord offers you no commands here: by default they need the permission Manage Server";
  }

  #fitting(text) {
    const typed = text.slice(1).trim().split(" ")[0].toLowerCase();
    return this.commands.filter((command) => command.name.includes(typed))
      .sort((one, other) => one.name.indexOf(typed) - other.name.indexOf(typed))
      .map((command) => ({ name: `/${command.name}`, description: command.description, command }));
  }

  #picked(command) {
    this.offerAgain = () => {};
    const fields = (command.options ?? []).map((option) => this.#option(command, option));
    const form = h("form", { class: "command-form", "aria-label": `Options of /${command.name}` },
      h("p", { class: "picked" }, h("span", { class: "command" }, `/${command.name}`), " ", h("span", { class: "choice-about" }, command.description)),
      ...fields.map((field) => field.element),
      h("div", { class: "command-buttons" },
        h("button", { type: "submit", class: "button primary" }, "Send"),
        h("button", { type: "button", class: "button plain", onclick: () => this.#typing().focus() }, "Cancel")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send(command, fields);
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#typing().focus();
    });
    this.root.replaceChildren(form);
    form.querySelector("input, select, button")?.focus();
  }

  async #send(command, fields) {
    const given = fields.map(({ name, value }) => [name, value()]).filter(([, value]) => value !== null);
    this.#typing().focus();
    const answer = await this.context.interact("slash", { place: this.place, name: command.name, options: Object.fromEntries(given) });
    if (answer.outcome === "failed") this.context.notice(this.place, `/${command.name}`, answer.text ?? "The application did not respond");
  }

  #option(command, option) {
    const id = uniqueId("option");
    const { control, extra, value } = this.#control(command, option, id);
    const element = h("div", { class: "option" },
      h("label", { for: id }, option.name, option.required ? null : h("small", {}, " optional")),
      h("div", { class: "option-field" }, control, extra),
      h("p", { class: "choice-about", id: `${id}-about` }, option.description));
    control.setAttribute("aria-describedby", `${id}-about`);
    return { element, name: option.name, value };
  }

  #control(command, option, id) {
    const required = Boolean(option.required);
    if (option.type === BOOLEAN) return menu(id, required, [["True", true], ["False", false]]);
    if (option.type === USER) return menu(id, required, Object.entries(this.context.names).map(([key, name]) => [name, key]));
    if (option.choices?.length) return menu(id, required, option.choices.map((choice) => [choice.name, choice.value]));
    if (option.type === INTEGER || option.type === NUMBER) return number(id, required, option);
    return this.#text(command, option, id);
  }

  // A chosen suggestion shows its name and sends its value; what is typed by hand is sent as it stands.
  #text(command, option, id) {
    const control = h("input", {
      id, type: "text", required: Boolean(option.required), autocomplete: "off", spellcheck: "false",
      minlength: option.min_length, maxlength: option.max_length,
    });
    let chosen = null;
    const value = () => (chosen && chosen.name === control.value ? chosen.value : control.value.trim() || null);
    if (option.type !== STRING || !option.autocomplete) return { control, extra: null, value };
    const choices = new Choices(control, `Suggestions for ${option.name}`, (choice) => {
      chosen = choice;
      control.value = choice.name;
    });
    control.setAttribute("role", "combobox");
    control.setAttribute("aria-autocomplete", "list");
    const ask = this.#asker(command, option, control, choices);
    control.addEventListener("input", ask);
    control.addEventListener("focus", ask);
    return { control, extra: choices.list, value };
  }

  // Answers may overtake each other; only that to the latest question is shown.
  #asker(command, option, control, choices) {
    let timer = 0;
    let latest = 0;
    return () => {
      clearTimeout(timer);
      timer = setTimeout(async () => {
        latest += 1;
        const mine = latest;
        const answer = await this.context.post("autocomplete", {
          place: this.place, name: command.name, option: option.name, typed: control.value,
        });
        if (mine !== latest || document.activeElement !== control) return;
        choices.show(answer.choices ?? [], answer.choices ? "No options match your search" : "Loading options failed");
      }, PAUSE_BEFORE_ASKING);
    };
  }
}

function menu(id, required, pairs) {
  const control = h("select", { id, required }, h("option", { value: "" }, required ? "Choose …" : "—"),
    ...pairs.map(([name], index) => h("option", { value: String(index) }, name)));
  return { control, extra: null, value: () => (control.value === "" ? null : pairs[Number(control.value)][1]) };
}

function number(id, required, option) {
  const control = h("input", {
    id, type: "number", required, min: option.min_value, max: option.max_value, step: option.type === INTEGER ? "1" : "any",
  });
  return { control, extra: null, value: () => (control.value === "" ? null : Number(control.value)) };
}
