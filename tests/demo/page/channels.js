// The channels of the server, of which one is in view.
import { h } from "./dom.js";

export class Channels {
  constructor(root, panes) {
    this.tabs = root.querySelector(".tabs");
    this.panes = panes;
    panes.forEach((pane) => {
      this.tabs.append(h("button", {
        type: "button", class: "tab", role: "tab", "aria-controls": pane.id, onclick: () => reveal(pane), onkeydown: (event) => this.#key(event),
      }));
    });
    root.addEventListener("reveal", ({ target }) => this.#show(target));
    this.#show(panes[0]);
  }

  update(places) {
    this.panes.forEach((pane, index) => {
      const { title } = places[pane.id];
      if (this.tabs.children[index].textContent !== title) this.tabs.children[index].textContent = title;
    });
  }

  #show(shown) {
    this.panes.forEach((pane, index) => {
      const tab = this.tabs.children[index];
      pane.hidden = pane !== shown;
      tab.setAttribute("aria-selected", String(pane === shown));
      tab.tabIndex = pane === shown ? 0 : -1;
    });
  }

  #key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = (this.panes.findIndex((pane) => !pane.hidden) + step + this.panes.length) % this.panes.length;
    reveal(this.panes[next]);
    this.tabs.children[next].focus();
  }
}

export function reveal(pane) {
  pane.dispatchEvent(new Event("reveal", { bubbles: true }));
}
