// The control strip: what happens to the accounts and the services while the bot looks on.
import { h, uniqueId } from "./dom.js";
import { now } from "./time.js";

// What a service does wrong most often, one press each; the menu below them holds everything else.
const TROUBLE = [["slow", "Slow"], ["unauthorized", "Refuse the token"], ["challenge", "Challenge page"], ["server_error", "Error 500"], ["vanished", "Unreachable"]];

export class Strip {
  constructor(root, context) {
    this.context = context;
    this.counts = h("dl", { class: "counts" });
    this.services = new Map();
    this.place = h("div", {});
    this.discord = h("div", { class: "row" });
    this.bot = h("div", { class: "row" });
    this.time = h("div", { class: "row" });
    root.append(
      h("h3", {}, "What the bot sent so far"), this.counts,
      h("p", { class: "subtext" }, "A check is one request, or a few; only /mjinfo, or an account that is enabled, has Midjourney sent a command."),
      h("h3", {}, "Time"), h("p", { class: "subtext" }, "Here it is ", now(), ". Let a month pass, and all clocks leap by 30 days in which the bot has watched: see /mjhistory and /mjusage."), this.time,
      this.place,
      h("h3", {}, "Discord"), h("p", { class: "subtext" }, "What Discord does not take is kept, also over a restart, and sent once it does."), this.discord,
      h("h3", {}, "The bot's process"), this.bot);
  }

  update(state) {
    for (const service of state.services) this.#service(service.key).update(service);
    this.counts.replaceChildren(...state.services.flatMap(({ name, requests }) => pair(`requests to ${name}`, requests)),
      ...pair("commands to Midjourney", state.services.reduce((sum, { commands }) => sum + commands, 0)));
    replace(this.discord, [
      press(this.context, state.dms_closed ? "DMs are blocked" : "Block the bot's DMs", "dms", { closed: !state.dms_closed }, state.dms_closed),
      press(this.context, "Fail to send (503)", "sending", { fails: !state.sending_fails }, state.sending_fails),
    ]);
    replace(this.bot, [press(this.context, "Restart the bot", "restart", {})]);
    replace(this.time, [press(this.context, "Let a month pass", "month", {})]);
  }

  #service(key) {
    if (!this.services.has(key)) {
      this.services.set(key, new Service(this.context, key));
      this.place.append(this.services.get(key).root);
    }
    return this.services.get(key);
  }
}

class Service {
  constructor(context, key) {
    Object.assign(this, { context, key });
    this.title = h("h3", {});
    this.about = h("p", { class: "subtext" });
    this.accounts = h("ul", { class: "accounts" });
    this.newcomers = h("ul", { class: "accounts" });
    this.refusal = h("select", { id: uniqueId("refusal"), onchange: () => this.context.post("refuse", { refusal: this.refusal.value || null }) });
    this.joining = h("div", {}, h("p", { class: "subtext" }, "Made-up Discord tokens to try /mjadd with:"), this.newcomers,
      h("p", {}, h("label", { for: this.refusal.id }, "When I add an account, useapi.net answers: "), this.refusal));
    this.switches = h("div", { class: "row" });
    this.faultNow = h("p", { class: "fault-now", role: "status" });
    this.seldom = h("p", { class: "subtext", hidden: true }, "The bot now checks only every 15 minutes, or when Ada uses /mjaccounts. Fix it does that for her.");
    this.buttons = h("div", { class: "row" });
    this.menu = h("select", { id: uniqueId("fault"), onchange: () => this.context.post("fault", { service: key, fault: this.menu.value || null }) });
    this.root = h("section", { id: key }, this.title, this.about, this.accounts, this.joining,
      this.switches, this.faultNow, this.seldom, this.buttons, h("p", {}, h("label", { for: this.menu.id }, "Other faults "), this.menu));
  }

  update(state) {
    if (this.title.textContent !== state.name) this.title.textContent = state.name;
    if (this.about.textContent !== state.about) this.about.textContent = state.about;
    replace(this.accounts, state.accounts.map((account) => this.#account(account, state)));
    this.joining.hidden = !state.refusals.length;
    this.#newcomers(state.newcomers);
    offer(this.refusal, "normally", state.refusals, state.refusal);
    replace(this.switches, state.switches.map(({ key, name, on }) =>
      this.#press(name, "switch", { service: this.key, switch: key, on: !on }, on)));
    this.#faults(state);
  }

  #account(account, { kinds, futile }) {
    const flag = account.flag;
    return h("li", { class: flag ? "account flagged" : "account" },
      h("p", {}, h("strong", {}, account.label), h("span", { class: "plan" }, account.about),
        h("span", { class: flag ? "state bad" : "state good" }, flag ? flag.name : "fine")),
      h("div", { class: "row", role: "group", "aria-label": `Flag ${account.label}` },
        ...kinds.map(({ key, name }) => this.#press(name, "flag", { channel: account.channel, kind: key }, flag?.kind === key)),
        this.#press("Clear", "clear", { channel: account.channel }, null, !flag),
        flag && account.stubborn !== null ? this.#press(futile, "stubborn", { channel: account.channel, stubborn: !account.stubborn }, account.stubborn) : null));
  }

  #newcomers(newcomers) {
    const tokens = newcomers.map(({ token }) => token).join();
    if (tokens === this.tokens) return; // or a selection would be lost with each change elsewhere
    this.tokens = tokens;
    this.newcomers.replaceChildren(...newcomers.map(({ label, plan, token }) => h("li", { class: "option-field" },
      h("label", {}, `${label} · ${plan} `, h("input", { readonly: true, value: token, onfocus: (event) => event.target.select() })))));
  }

  #faults(state) {
    const known = new Map(state.faults.map((fault) => [fault.key, fault.text]));
    this.faultNow.textContent = state.fault ? `Now: ${known.get(state.fault)}.` : "Now: works normally.";
    this.faultNow.hidden = !state.fault && state.switches.some((each) => each.on);
    this.faultNow.className = state.fault ? "fault-now bad" : "fault-now good";
    this.seldom.hidden = !state.seldom;
    const fault = (name, key, ...more) => this.#press(name, "fault", { service: this.key, fault: key }, ...more);
    replace(this.buttons, [
      ...TROUBLE.filter(([key]) => known.has(key)).map(([key, name]) => fault(name, key, state.fault === key)),
      fault("Fix it", null, null, !state.fault),
    ]);
    offer(this.menu, "none", state.faults, state.fault);
  }

  #press(...what) {
    return press(this.context, ...what);
  }
}

function press(context, name, action, body, pressed = null, disabled = false) {
  return h("button", {
    type: "button", class: "button secondary small", "aria-pressed": pressed === null ? null : String(pressed), disabled,
    "data-key": [action, body.channel, body.kind ?? body.fault ?? body.switch].join(" "), onclick: () => context.post(action, body),
  }, name);
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
