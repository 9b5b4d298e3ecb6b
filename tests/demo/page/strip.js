// The control strip: what happens to the accounts and the API while the bot looks on.
import { h, uniqueId } from "./dom.js";

// What an API does wrong most often, one press each; the menu below them holds everything else.
const TROUBLE = [["slow", "Slow"], ["unauthorized", "Refuse the token"], ["challenge", "Challenge page"], ["server_error", "Error 500"], ["vanished", "Unreachable"]];
const FLAGS = [["moderation", "Moderation"], ["captcha", "CAPTCHA"], ["block", "Timed block"]];

export class Strip {
  constructor(root, context) {
    this.context = context;
    this.accounts = h("ul", { class: "accounts" });
    this.newcomers = h("ul", { class: "accounts" });
    this.refusal = h("select", { id: uniqueId("refusal"), onchange: () => this.context.post("refuse", { refusal: this.refusal.value || null }) });
    this.faultNow = h("p", { class: "fault-now", role: "status" });
    this.seldom = h("p", { class: "subtext", hidden: true }, "The bot now checks only every 15 minutes, or when Ada uses /mjaccounts. Fix it does that for her.");
    this.buttons = h("div", { class: "row" });
    this.menu = h("select", { id: uniqueId("fault"), onchange: () => this.#fault(this.menu.value) });
    this.counts = h("dl", { class: "counts" });
    this.discord = h("div", { class: "row" });
    this.bot = h("div", { class: "row" });
    root.append(
      h("h3", {}, "What the bot sent so far"), this.counts,
      h("p", { class: "subtext" }, "Each check is one request; only /mjinfo sends Midjourney a command."),
      h("h3", {}, "Midjourney accounts"), h("p", { class: "subtext" }, "Make useapi.net report an account as flagged (error 596). While an alert is open, more flags within 5 minutes join it, so that nobody is woken twice. The menu below such a message opens one of its accounts. Clear: Midjourney takes the flag back by itself. The bot calls fjord by the end of its channel id until you ask for its name with /mjinfo."), this.accounts,
      h("p", { class: "subtext" }, "Made-up Discord tokens to try /mjadd with:"), this.newcomers,
      h("p", {}, h("label", { for: this.refusal.id }, "When I add an account, useapi.net answers: "), this.refusal),
      h("h3", {}, "The API"), this.faultNow, this.seldom, this.buttons,
      h("p", {}, h("label", { for: this.menu.id }, "Other faults "), this.menu),
      h("h3", {}, "Discord"), h("p", { class: "subtext" }, "What Discord does not take is kept, also over a restart, and sent once it does."), this.discord,
      h("h3", {}, "The bot's process"), this.bot);
  }

  update(state) {
    replace(this.accounts, state.accounts.map((account) => this.#account(account)));
    this.#newcomers(state.newcomers);
    this.#api(state);
    this.counts.replaceChildren(...pair("requests to useapi.net", state.counts.requests), ...pair("commands to Midjourney", state.counts.commands));
    replace(this.discord, [
      this.#press(state.dms_closed ? "DMs are blocked" : "Block the bot's DMs", "dms", { closed: !state.dms_closed }, state.dms_closed),
      this.#press("Fail to send (503)", "sending", { fails: !state.sending_fails }, state.sending_fails),
    ]);
    replace(this.bot, [this.#press("Restart the bot", "restart", {})]);
  }

  #account(account) {
    const flag = account.flag;
    return h("li", { class: flag ? "account flagged" : "account" },
      h("p", {}, h("strong", {}, account.label), h("span", { class: "plan" }, `…${account.channel.slice(-4)} · ${account.plan}`),
        h("span", { class: flag ? "state bad" : "state good" }, flag ? flag.name : "fine")),
      h("div", { class: "row", role: "group", "aria-label": `Flag ${account.label}` },
        ...FLAGS.map(([kind, name]) => this.#press(name, "flag", { channel: account.channel, kind }, flag?.kind === kind)),
        this.#press("Clear", "clear", { channel: account.channel }, null, !flag),
        flag ? this.#press("A reset does not help", "stubborn", { channel: account.channel, stubborn: !account.stubborn }, account.stubborn) : null));
  }

  #newcomers(newcomers) {
    const tokens = newcomers.map(({ token }) => token).join();
    if (tokens === this.tokens) return; // or a selection would be lost with each change elsewhere
    this.tokens = tokens;
    this.newcomers.replaceChildren(...newcomers.map(({ label, plan, token }) => h("li", { class: "option-field" },
      h("label", {}, `${label} · ${plan} `, h("input", { readonly: true, value: token, onfocus: (event) => event.target.select() })))));
  }

  #api(state) {
    const known = new Map(state.faults.map((fault) => [fault.key, fault.text]));
    const offered = TROUBLE.filter(([key]) => known.has(key));
    this.faultNow.textContent = state.fault ? `Now: ${known.get(state.fault)}.` : "Now: works normally.";
    this.faultNow.className = state.fault ? "fault-now bad" : "fault-now good";
    this.seldom.hidden = !state.seldom;
    replace(this.buttons, [
      ...offered.map(([key, name]) => this.#press(name, "fault", { fault: key }, state.fault === key)),
      this.#press("Fix it", "fault", { fault: null }, null, !state.fault),
    ]);
    offer(this.menu, "none", state.faults, state.fault);
    offer(this.refusal, "normally", state.refusals, state.refusal);
  }

  #fault(key) {
    this.context.post("fault", { fault: key || null });
  }

  #press(name, action, body, pressed = null, disabled = false) {
    return h("button", {
      type: "button", class: "button secondary small", "aria-pressed": pressed === null ? null : String(pressed), disabled,
      "data-key": [action, body.channel, body.kind ?? body.fault].join(" "), onclick: () => this.context.post(action, body),
    }, name);
  }
}

function pair(name, number) {
  return [h("dt", {}, name), h("dd", {}, String(number))];
}

// The choices of a menu never change, and drawing them anew would close it.
function offer(menu, usual, choices, chosen) {
  if (menu.options.length !== choices.length + 1) {
    menu.replaceChildren(h("option", { value: "" }, usual), ...choices.map(({ key, text }) => h("option", { value: key }, text)));
  }
  menu.value = chosen ?? "";
}

// A pressed button is drawn anew with the state it caused; the keyboard's place must survive that.
function replace(parent, children) {
  const key = parent.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  parent.replaceChildren(...children);
  if (key) [...parent.querySelectorAll("[data-key]")].find((element) => element.dataset.key === key)?.focus();
}
