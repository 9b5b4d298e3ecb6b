// Files of a message as Discord shows them: pictures at the width of the message, all else as a box to download.
import { h } from "./dom.js";

const UNITS = ["bytes", "KB", "MB"];

export function attachments(message) {
  const shown = new Set([message.embeds, message.components].flatMap(addresses));
  const files = (message.attachments ?? []).filter((file) => !shown.has(file.url));
  return files.map((file) => (file.content_type?.startsWith("image/") ? picture(file) : fileBox(file)));
}

// An embed names its image by the address alone; the rest is known of the file.
export function embedImage(embed, message) {
  if (!embed.image) return null;
  return picture((message.attachments ?? []).find((file) => file.url === embed.image.url) ?? embed.image);
}

export function gallery(part, message) {
  return h("div", { class: "gallery" }, ...part.items.map((item) => picture({
    ...(message.attachments ?? []).find((file) => file.url === item.media.url), ...item.media, description: item.description,
  })));
}

export function fileComponent(part) {
  return fileBox({ url: part.file.url, filename: part.name, size: part.size });
}

function picture({ url, description, width, height }) {
  return h("p", { class: "picture" },
    h("a", { href: local(url), target: "_blank", rel: "noopener", title: description },
      h("img", { src: local(url), alt: description || "a picture without a description", width, height })),
    description ? h("span", { class: "alt", "aria-hidden": "true", title: description }, "ALT") : null);
}

function fileBox({ url, filename, size, description }) {
  const open = { href: local(url), download: filename, title: description };
  return h("p", { class: "file" },
    h("span", { class: "file-icon", "aria-hidden": "true" }, filename.split(".").at(-1).toUpperCase()),
    h("span", { class: "file-name" }, h("a", open, filename), h("small", {}, sized(size))),
    h("a", { ...open, class: "button secondary", "aria-label": `Download ${filename}` }, "↓"));
}

function sized(bytes) {
  const power = bytes < 1024 ? 0 : bytes < 1024 ** 2 ? 1 : 2;
  return `${(bytes / 1024 ** power).toFixed(power && 2)} ${UNITS[power]}`;
}

// The simulated Discord's files are under this page's own address.
function local(url) {
  return new URL(url).pathname.slice(1);
}

function addresses(node) {
  if (Array.isArray(node)) return node.flatMap(addresses);
  if (typeof node !== "object" || node === null) return typeof node === "string" ? [node] : [];
  return Object.values(node).flatMap(addresses);
}
