// One message as Discord shows it: head, content, embeds, components, and what stands below.
import { components } from "./components.js";
import { attachments, embedImage } from "./files.js";
import { h, link } from "./dom.js";
import { markdown } from "./markdown.js";
import { sent, stamp } from "./time.js";

const EPHEMERAL = 1 << 6;
const LOADING = 1 << 7;
const SILENT = 1 << 12;

export function messageItem(message, context) {
  const flags = message.flags ?? 0;
  const ephemeral = Boolean(flags & EPHEMERAL);
  const pings = (message.pings ?? []).includes(context.viewer.id);
  return h("li", { class: classes({ message: true, ephemeral, pings }), "data-id": message.id },
    asked(message, context),
    h("div", { class: "avatar", "aria-hidden": "true" }, message.author.username.slice(0, 1).toUpperCase()),
    h("div", { class: "body" },
      head(message, flags),
      flags & LOADING ? thinking(message) : content(message, context),
      ...attachments(message),
      ...(message.embeds ?? []).map((embed) => embedBox(embed, message, context)),
      ...components(message, context),
      ephemeral ? onlyYou(message.id, context) : null));
}

// What the viewer asked for by a command or a press is theirs; the rest the bot says by itself.
export function answers(message, context) {
  const { user, user_id: id } = message.interaction_metadata ?? message.interaction ?? {};
  return Boolean((message.flags ?? 0) & EPHEMERAL) || (user?.id ?? id) === context.viewer.id;
}

// What Discord notifies of: direct messages and mentions, unless they are silent or the viewer asked for them.
export function notifies(message, place, context) {
  const quiet = (message.flags ?? 0) & (SILENT | LOADING);
  return !quiet && !answers(message, context) && (place === "dm" || (message.pings ?? []).includes(context.viewer.id));
}

export function isSilent(message) {
  return Boolean((message.flags ?? 0) & SILENT);
}

export function sender(message) {
  return message.author.global_name ?? message.author.username;
}

// What a lock screen shows: the first line of the content as plain text, and of a message without one what it is.
export function firstLine(message, context) {
  const [line] = (message.content ?? "").split("\n");
  if (line) return h("p", {}, ...markdown(line, context.names)).textContent;
  return message.embeds?.[0]?.title ?? (message.attachments?.length ? "Sent a file." : "Sent a message.");
}

// A line of Discord's own client, for what no message tells: "The application did not respond".
export function noticeItem(notice, context) {
  return h("li", { class: "message ephemeral notice", "data-id": notice.id },
    h("div", { class: "avatar warn", "aria-hidden": "true" }, "!"),
    h("div", { class: "body" }, h("p", {}, h("span", { class: "command" }, notice.command), " ", notice.text), onlyYou(notice.id, context)));
}

function classes(names) {
  return Object.keys(names).filter((name) => names[name]).join(" ");
}

function asked(message, context) {
  const interaction = message.interaction_metadata ?? message.interaction;
  const name = message.interaction?.name ?? message.interaction_metadata?.name;
  if (!interaction || !name) return null;
  const who = interaction.user?.id ?? interaction.user_id;
  return h("p", { class: "asked" }, h("strong", {}, context.names[who] ?? "someone"), " used ", h("span", { class: "command" }, `/${name}`));
}

function head(message, flags) {
  const at = Date.parse(message.timestamp) / 1000;
  return h("p", { class: "head" },
    h("strong", { class: "author" }, sender(message)),
    message.author.bot ? h("span", { class: "app-badge" }, "APP") : null,
    h("time", { datetime: message.timestamp, title: stamp(at, "F"), "data-sent": String(at) }, sent(at)),
    flags & SILENT ? h("span", { class: "silent", title: "Sent without a notification" }, "silent") : null,
    message.edited_timestamp && !(flags & LOADING)
      ? h("span", { class: "edited", title: stamp(Date.parse(message.edited_timestamp) / 1000, "F") }, "(edited)") : null);
}

function thinking(message) {
  const name = message.author.global_name ?? message.author.username;
  return h("p", { class: "thinking" }, h("span", { class: "dots", "aria-hidden": "true" }, "●●●"), ` ${name} is thinking…`);
}

function content(message, context) {
  return message.content ? h("div", { class: "content" }, ...markdown(message.content, context.names)) : null;
}

function onlyYou(id, context) {
  return h("p", { class: "only-you" }, "Only you can see this · ",
    h("button", { type: "button", class: "as-link", onclick: () => context.dismiss(id) }, "Dismiss message"));
}

function embedBox(embed, message, context) {
  const box = h("article", { class: "embed" },
    embed.author ? h("p", { class: "embed-author" }, embed.author.url ? link(embed.author.url, embed.author.name) : embed.author.name) : null,
    embed.title ? h("h3", {}, ...title(embed, context)) : null,
    embed.description ? h("div", { class: "embed-text" }, ...markdown(embed.description, context.names)) : null,
    embed.fields?.length ? h("dl", {}, ...embed.fields.map((field) => fieldBox(field, context))) : null,
    embedImage(embed, message),
    footer(embed));
  if (typeof embed.color === "number") box.style.borderInlineStartColor = colour(embed.color);
  return box;
}

function title(embed, context) {
  const nodes = markdown(embed.title, context.names);
  return embed.url ? [link(embed.url, ...nodes)] : nodes;
}

function fieldBox(field, context) {
  return h("div", { class: field.inline ? "field inline" : "field" },
    h("dt", {}, ...markdown(field.name, context.names)), h("dd", {}, ...markdown(field.value, context.names)));
}

function footer(embed) {
  const at = embed.timestamp ? stamp(Date.parse(embed.timestamp) / 1000, "f") : null;
  const parts = [embed.footer?.text, at].filter(Boolean);
  return parts.length ? h("footer", {}, parts.join(" • ")) : null;
}

function colour(number) {
  return `#${number.toString(16).padStart(6, "0")}`;
}
