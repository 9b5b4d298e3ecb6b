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

export function relative(seconds, now = Date.now()) {
  const away = seconds - Math.round(now / 1000);
  // 59 min 50 s are an hour: a unit begins where the one below would round up to it.
  const begins = ([, size], index) => size - (UNITS[index + 1]?.[1] ?? 0) / 2;
  const [unit, length] = UNITS.find((each, index) => Math.abs(away) >= begins(each, index)) ?? UNITS.at(-1);
  const numeric = away === 0 ? "auto" : "always"; // "now", but "1 day ago" and not "yesterday", as in Discord
  return new Intl.RelativeTimeFormat(undefined, { numeric }).format(Math.round(away / length), unit);
}

export function stamp(seconds, style) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return "Invalid Date";
  return style === "R" ? relative(seconds) : new Intl.DateTimeFormat(undefined, STYLES[style]).format(date);
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

export function keepTimesFresh() {
  setInterval(() => {
    for (const element of document.querySelectorAll("time[data-relative]")) {
      const text = relative(Number(element.dataset.relative));
      if (element.textContent !== text) element.textContent = text;
    }
  }, 1000);
}
