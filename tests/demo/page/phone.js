// The lock screen of the viewer's phone: what Discord notifies of stays there until it was read.
import { h } from "./dom.js";
import { firstLine, sender } from "./message.js";
import { leadTo } from "./news.js";

const TITLE = document.title;
const GLANCE = 6000; // how long a notification stays that is about a message in view
const PIXELS = 40; // of a message that make it one in view

export class Phone {
  constructor(root, context) {
    this.screen = root.querySelector(".screen");
    this.context = context;
    this.unread = [];
    setInterval(() => this.#drop((one) => !document.hidden && Date.now() - one.since > GLANCE && inView(one.element())), 1000);
    this.#draw();
  }

  notify(message, place) {
    const element = () => document.querySelector(`.message[data-id="${CSS.escape(message.id)}"]`);
    this.unread.push({ id: message.id, from: sender(message), place, text: firstLine(message, this.context), since: Date.now(), element });
    this.#draw();
  }

  // A message that was deleted takes its notification with it.
  update() {
    this.#drop((one) => !one.element());
  }

  clear() {
    this.#drop(() => true);
  }

  #drop(isRead) {
    const left = this.unread.filter((one) => !isRead(one));
    if (left.length === this.unread.length) return;
    this.unread = left;
    this.#draw();
  }

  #draw() {
    const count = this.unread.length;
    const last = this.unread.at(-1);
    const hadFocus = this.screen.contains(document.activeElement);
    document.title = count ? `(${count}) ${TITLE}` : TITLE;
    this.screen.replaceChildren(last ? this.#banner(last, count) : h("p", { class: "quiet", "aria-hidden": "true" }, "Your phone is quiet."));
    if (hadFocus) (this.screen.querySelector("button") ?? this.screen).focus({ preventScroll: true });
  }

  #banner(one, count) {
    const about = [one.from, one.place, count > 1 && `${count - 1} more`].filter(Boolean).join(" · ");
    return h("div", { class: "banner" },
      h("button", { type: "button", class: "push", onclick: () => this.#open(one) },
        h("span", { class: "app", "aria-hidden": "true" }, "D"),
        h("span", { class: "push-text" },
          h("span", { class: "push-head" }, "Discord ", h("strong", {}, about)),
          h("span", { class: "push-line" }, one.text))),
      h("button", { type: "button", class: "dismiss", "aria-label": "Clear the notifications", onclick: () => this.clear() }, "×"));
  }

  #open(one) {
    const element = one.element();
    this.clear();
    leadTo(element);
  }
}

function inView(element) {
  if (!element) return true;
  const message = element.getBoundingClientRect();
  const list = element.closest(".messages").getBoundingClientRect();
  const bottom = Math.min(message.bottom, list.bottom, innerHeight);
  return bottom - Math.max(message.top, list.top, 0) >= PIXELS;
}
