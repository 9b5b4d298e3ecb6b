// The part of Discord's markdown that Midwatch writes, as elements.
import { h, link } from "./dom.js";
import { time } from "./time.js";

const FENCE = /```(?:([\w+.#-]+)\n)?\n?([^]*?)\n?```/;

// Tried in this order at each place where one of them begins.
const SPANS = [
  [/^\\([^A-Za-z0-9\s])/, (found) => found[1]],
  [/^(`+)([^]*?[^`])\1(?!`)/, (found) => h("code", {}, found[2].replace(/^ (.*) $/s, "$1"))],
  [/^<t:(-?\d{1,13})(?::([tTdDfFR]))?>/, (found) => time(Number(found[1]), found[2] ?? "f")],
  [/^<\/([^:>]{1,120}):\d+>/, (found) => h("span", { class: "mention" }, `/${found[1]}`)],
  [/^<@!?(\d+)>/, (found, names) => h("span", { class: "mention" }, `@${names[found[1]] ?? "unknown-user"}`)],
  [/^<#(\d+)>/, (found, names) => h("span", { class: "mention" }, `#${names[found[1]] ?? "unknown"}`)],
  [/^@(?:everyone|here)\b/, (found) => h("span", { class: "mention" }, found[0])],
  [/^<a?(:\w+:)\d+>/, (found) => found[1]],
  [/^\[((?:\\.|[^\][\\]|\[[^\]]*\])+)\]\(<?(https?:\/\/[^\s)>]+)>?(?: "[^"]*")?\)/,
    (found, names) => link(found[2], ...inline(found[1], names))],
  [/^<(https?:\/\/[^\s>]+)>/, (found) => link(found[1], found[1])],
  [/^https?:\/\/[^\s<]*[^\s<.,:;"'\])*_~|`]/, (found) => link(found[0], found[0])],
  [/^\*\*\*(?=\S)([^]*?\S)\*\*\*(?!\*)/, (found, names) => h("strong", {}, h("em", {}, ...inline(found[1], names)))],
  [/^\*\*(?=\S)((?:\\.|[^\\])*?)\*\*(?!\*)/s, (found, names) => h("strong", {}, ...inline(found[1], names))],
  [/^__(?=\S)((?:\\.|[^\\])*?)__(?!_)/s, (found, names) => h("u", {}, ...inline(found[1], names))],
  [/^~~(?=\S)((?:\\.|[^\\])*?)~~/s, (found, names) => h("s", {}, ...inline(found[1], names))],
  [/^\|\|((?:\\.|[^\\])+?)\|\|/s, (found, names) => h("span", { class: "spoiler" }, ...inline(found[1], names))],
  [/^\*(?=[^\s*])((?:\\.|\*\*|[^\\*])*?[^\s*\\])\*(?!\*)/s, (found, names) => h("em", {}, ...inline(found[1], names))],
  [/^_(?=[^\s_])((?:\\.|__|[^\\_])*?[^\s_\\])_(?![\w_])/s, (found, names) => h("em", {}, ...inline(found[1], names))],
  [/^\n/, () => h("br")],
];
const BEGINS = /[\\`<@[*_~|\n]|https?:/;

export function inline(text, names) {
  const nodes = [];
  let plain = "";
  let rest = text;
  while (rest) {
    const [node, length] = span(rest, names, text.charAt(text.length - rest.length - 1));
    if (node === null) plain += rest.slice(0, length);
    else if (typeof node === "string") plain += node;
    else {
      if (plain) nodes.push(plain);
      plain = "";
      nodes.push(node);
    }
    rest = rest.slice(length);
  }
  return plain ? [...nodes, plain] : nodes;
}

function span(rest, names, before) {
  const start = rest.search(BEGINS);
  if (start !== 0) return [null, start < 0 ? rest.length : start];
  if (rest.startsWith("_") && /\w/.test(before)) return [null, 1];
  for (const [pattern, build] of SPANS) {
    const found = pattern.exec(rest);
    if (found) return [build(found, names), found[0].length];
  }
  return [null, 1];
}

// Lines that mean something by how they begin. The rest of the line is inline text.
const LINES = [
  [/^(#{1,3}) +(.+)$/, (found, names) => h(`h${found[1].length + 3}`, { class: `md-h${found[1].length}` }, ...inline(found[2], names))],
  [/^-# +(.+)$/, (found, names) => h("p", { class: "subtext" }, ...inline(found[1], names))],
  [/^( *)[-*] +(.+)$/, (found, names) => item(found[1], "•", found[2], names)],
  [/^( *)(\d{1,3})\. +(.+)$/, (found, names) => item(found[1], `${found[2]}.`, found[3], names)],
];

// Messages are short, so each list item stands alone; a list role per run of items would cost more than it says.
function item(indent, bullet, text, names) {
  return h("div", { class: indent.length > 1 ? "item deeper" : "item" }, h("span", { "aria-hidden": bullet === "•" ? "true" : null }, bullet),
    h("div", {}, ...inline(text, names)));
}

function lineNode(line, names) {
  for (const [pattern, build] of LINES) {
    const found = pattern.exec(line);
    if (found) return build(found, names);
  }
  return null;
}

// Plain lines are gathered until a line of another kind comes, so that bold text may run over a line's end.
function blocks(text, names) {
  const nodes = [];
  let plain = [];
  let quote = [];
  const flush = () => {
    if (plain.length) nodes.push(h("div", { class: "text" }, ...inline(plain.join("\n"), names)));
    if (quote.length) nodes.push(h("blockquote", {}, ...blocks(quote.join("\n"), names)));
    plain = [];
    quote = [];
  };
  const lines = text.split("\n");
  for (const [index, line] of lines.entries()) {
    if (line.startsWith(">>> ")) {
      flush();
      return [...nodes, h("blockquote", {}, ...blocks([line.slice(4), ...lines.slice(index + 1)].join("\n"), names))];
    }
    const quoted = /^> (.*)$/.exec(line);
    const node = quoted ? null : lineNode(line, names);
    if (node || (quoted && plain.length) || (!quoted && quote.length)) flush();
    if (node) nodes.push(node);
    else if (quoted) quote.push(quoted[1]);
    else plain.push(line);
  }
  flush();
  return nodes;
}

export function markdown(text, names = {}) {
  const fence = FENCE.exec(text);
  if (!fence) return text.trim() ? blocks(text.replace(/^\n+|\n+$/g, ""), names) : [];
  return [
    ...markdown(text.slice(0, fence.index), names),
    h("pre", {}, h("code", {}, fence[2])),
    ...markdown(text.slice(fence.index + fence[0].length), names),
  ];
}
