// The page: takes the state as it is pushed, draws what changed, and sends what the visitor does.
import { Channels } from "./channels.js";
import { Composer } from "./composer.js";
import { h, uniqueId } from "./dom.js";
import { answers, isSilent, messageItem, notifies, noticeItem } from "./message.js";
import { openModal } from "./modal.js";
import { News } from "./news.js";
import { Phone } from "./phone.js";
import { Strip } from "./strip.js";
import { keepTimesFresh, leap, wordIn } from "./time.js";

const KEPT = location.pathname; // differs with each run of the demo
const BOT_STATES = { online: "is online", starting: "is starting …", stopped: "has stopped" };

const context = {
  names: {}, viewer: { id: "", key: "owner" }, dismissed: new Set(kept().dismissed), notices: [],

  async post(action, body) {
    const answer = await fetch(action, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ as: this.viewer.key, ...body }),
    }).catch(() => null);
    return answer?.ok ? answer.json() : { outcome: "failed" };
  },

  async interact(action, body) {
    const answer = await this.post(action, body);
    if (answer.outcome === "modal") {
      openModal(answer.modal, this, (values) => this.interact("submit", { interaction: answer.interaction, values }));
    }
    return answer;
  },

  dismiss(id) {
    const notices = this.notices.filter((notice) => notice.id !== id);
    if (notices.length === this.notices.length) keep({ dismissed: [...this.dismissed.add(id)] });
    this.notices = notices;
    draw(latest);
  },

  notice(place, command, text) {
    this.notices.push({ id: uniqueId("notice"), place, command, text, after: latest.places[place].messages.at(-1)?.id });
    draw(latest);
  },
};

class Pane {
  constructor(root, place) {
    Object.assign(this, { root, place });
    this.title = root.querySelector("h2");
    this.list = root.querySelector(".messages");
    this.composer = new Composer(root.querySelector(".composer"), place, context);
    this.reset();
    this.list.addEventListener("scroll", () => { this.atEnd = this.#distance() < 60; });
    // A taller composer leaves less room; who was reading the end still is.
    new ResizeObserver(() => this.#follow()).observe(this.list);
  }

  // The viewer changed: nothing that is drawn for another person is news.
  reset() {
    this.drawn = new Map();
    this.fresh = true;
    this.atEnd = true;
    this.composer.reset();
  }

  #distance() {
    return this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight;
  }

  #follow() {
    if (this.atEnd) this.list.scrollTop = this.list.scrollHeight;
  }

  update(state) {
    const { title, about, messages, commands } = state.places[this.place];
    this.name = title;
    if (this.title.textContent !== title + about) this.title.replaceChildren(title, h("small", {}, about));
    this.composer.update(commands);
    this.#messages(messages);
  }

  #messages(messages) {
    const focus = this.list.contains(document.activeElement) ? document.activeElement.dataset.customId : null;
    const items = this.#lines(messages).filter((line) => !context.dismissed.has(line.id)).map((line) => this.#item(line));
    const changed = this.fresh ? null : items.findLast((entry) => this.drawn.get(entry.id) !== entry);
    const added = Boolean(changed) && !this.drawn.has(changed.id);
    const answer = added && changed.own;
    const pushed = this.fresh ? [] : items.filter(({ id, line }) => !this.drawn.has(id) && !("command" in line) && notifies(line, this.place, context));
    this.drawn = new Map(items.map((entry) => [entry.id, entry]));
    this.fresh = false;
    if (answer) this.atEnd = true;
    arrange(this.list, items.map((entry) => entry.element));
    if (focus && document.activeElement === document.body) this.list.querySelector(`[data-custom-id="${CSS.escape(focus)}"]`)?.focus();
    this.#follow();
    if (answer) this.root.scrollIntoView({ block: "nearest" });
    else if (pushed.length) news.forget(); // the phone tells of what is newest
    else if (changed && this.place !== "status") news.tell(`${happened(changed, added)} message in ${this.name}`, changed.element);
    for (const { line } of pushed) phone.notify(line, this.place === "dm" ? null : this.name);
  }

  #lines(messages) {
    const notices = context.notices.filter((notice) => notice.place === this.place);
    const from = (id) => notices.filter((notice) => notice.after === id);
    return [...from(undefined), ...messages.flatMap((message) => [message, ...from(message.id)])];
  }

  // An unchanged message keeps its elements, so that focus and open lists stay as they are.
  #item(line) {
    const text = JSON.stringify([line, context.viewer]);
    const before = this.drawn.get(line.id);
    if (before?.text === text) return before;
    const notice = "command" in line;
    return { id: line.id, line, text, own: notice || answers(line, context), element: notice ? noticeItem(line, context) : messageItem(line, context) };
  }
}

function happened(changed, added) {
  if (!added) return "Changed";
  return isSilent(changed.line) ? "Silent" : "New";
}

// What a reload must not undo. A browser may forbid to keep anything; the page works all the same.
function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}

function keep(changed) {
  const text = JSON.stringify({ ...kept(), ...changed });
  try {
    sessionStorage.setItem(KEPT, text);
  } catch {
    // Then the next reload begins anew.
  }
}

function arrange(parent, elements) {
  const wanted = new Set(elements);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  elements.forEach((element, index) => {
    if (parent.children[index] !== element) parent.insertBefore(element, parent.children[index] ?? null);
  });
}

const news = new News(document.getElementById("news"));
const phone = new Phone(document.getElementById("phone"), context);
const panes = ["server", "status", "dm"].map((name) => new Pane(document.getElementById(name), name));
const channels = new Channels(document.getElementById("channels"), panes.slice(0, 2).map((pane) => pane.root));
const strip = new Strip(document.getElementById("strip"), context);
const bot = document.getElementById("bot");
let latest = null;
let stream = null;

function draw(state) {
  latest = state;
  context.names = state.names;
  context.viewer = state.viewer;
  const text = `${state.bot.name} ${BOT_STATES[state.bot.state]}${state.bot.detail ? ` · ${state.bot.detail}` : ""}`;
  if (bot.textContent !== text) bot.textContent = text;
  bot.dataset.state = state.bot.state;
  channels.update(state.places);
  wordIn(state.viewer.locale);
  leap(state.ahead);
  viewers(state);
  languages(state);
  for (const pane of panes) pane.update(state);
  news.update();
  phone.update();
  strip.update(state);
}

function viewers(state) {
  const box = document.getElementById("viewer");
  if (box.querySelector("label")) return;
  for (const person of state.people) {
    const radio = h("input", {
      type: "radio", name: "viewer", value: person.key, checked: person.key === state.viewer.key, onchange: () => watch(person.key),
    });
    box.append(h("label", {}, radio, " ", person.name, h("small", {}, ` - ${person.about}`)));
  }
}

// The languages of the person's client and of the channels. Who has a list open keeps it.
function languages(state) {
  choice("locale", "Your Discord is in", state.locales, state.viewer.locale);
  choice("language", "Channels read", state.locales, state.language);
}

function choice(action, label, names, value) {
  const box = document.getElementById("languages");
  let select = box.querySelector(`[name=${action}]`);
  if (!select) {
    const options = Object.entries(names).map(([code, name]) => h("option", { value: code, lang: code }, name));
    select = h("select", { name: action, onchange: () => context.post(action, { [action]: select.value }) }, ...options);
    box.append(h("label", {}, `${label} `, select));
  }
  if (select.value !== value) select.value = value;
}

function watch(viewer) {
  keep({ viewer });
  stream?.close();
  stream = new EventSource(`events?as=${encodeURIComponent(viewer)}`);
  stream.onmessage = (event) => draw(JSON.parse(event.data));
  stream.onopen = () => { document.getElementById("lost").hidden = true; };
  stream.onerror = () => { document.getElementById("lost").hidden = false; };
  context.notices.length = 0;
  for (const pane of panes) pane.reset();
  phone.clear();
}

watch(kept().viewer ?? "owner");
keepTimesFresh();
