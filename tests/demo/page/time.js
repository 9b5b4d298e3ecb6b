// Discord timestamps: shown in the reader's zone, relative ones kept up to date.
import { h } from "./dom.js";

const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};
const UNITS = [["year", 31_536_000], ["month", 2_592_000], ["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];

const DAY = 86_400_000;
let ahead = 0;
let locale; // that of the person's Discord

function present() {
  return Date.now() + ahead;
}

// The clock of the demo is so many seconds ahead of this browser's.
export function leap(seconds) {
  if (ahead === seconds * 1000) return;
  ahead = seconds * 1000;
  freshen();
}

export function wordIn(code) {
  locale = code;
}

export function relative(seconds, now = present()) {
  const away = seconds - Math.round(now / 1000);
  // 59 min 50 s are an hour: a unit begins where the one below would round up to it.
  const begins = ([, size], index) => size - (UNITS[index + 1]?.[1] ?? 0) / 2;
  const [unit, length] = UNITS.find((each, index) => Math.abs(away) >= begins(each, index)) ?? UNITS.at(-1);
  const numeric = away === 0 ? "auto" : "always"; // "now", but "1 day ago" and not "yesterday", as in Discord
  return new Intl.RelativeTimeFormat(locale, { numeric }).format(Math.round(away / length), unit);
}

export function stamp(seconds, style) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return "Invalid Date";
  return style === "R" ? relative(seconds) : new Intl.DateTimeFormat(locale, STYLES[style]).format(date);
}

export function time(seconds, style) {
  const date = new Date(seconds * 1000);
  const valid = !Number.isNaN(date.getTime());
  return h("time", {
    datetime: valid ? date.toISOString() : null,
    title: valid ? stamp(seconds, "F") : null,
    "data-relative": style === "R" ? String(seconds) : null,
  }, stamp(seconds, style));
}

// When a message was sent, as Discord says it beside the author's name.
export function sent(seconds) {
  const date = new Date(seconds * 1000);
  const isOf = (day) => date.toDateString() === new Date(day).toDateString();
  if (isOf(present())) return stamp(seconds, "t");
  return isOf(present() - DAY) ? `Yesterday at ${stamp(seconds, "t")}` : `${stamp(seconds, "d")} ${stamp(seconds, "t")}`;
}

export function now() {
  const seconds = present() / 1000;
  return h("time", { "data-present": "" }, stamp(seconds, "F"));
}

const FRESH = { relative: (seconds) => relative(seconds), sent, present: () => stamp(present() / 1000, "F") };

function freshen() {
  for (const [name, words] of Object.entries(FRESH)) {
    for (const element of document.querySelectorAll(`time[data-${name}]`)) {
      const text = words(Number(element.dataset[name]));
      if (element.textContent !== text) element.textContent = text;
    }
  }
}

export function keepTimesFresh() {
  setInterval(freshen, 1000);
}
