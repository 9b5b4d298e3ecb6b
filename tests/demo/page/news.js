// A line that leads to the newest message that is out of view: on a phone the panes are far from what one presses.
import { reveal } from "./channels.js";

const ENOUGH = 0.3;
const ENOUGH_PIXELS = 150; // of a message that is taller than its pane
const STEPS = [0, 0.05, 0.1, 0.15, 0.2, 0.25, ENOUGH];

export function leadTo(message) {
  reveal(message.closest(".pane"));
  message.closest(".messages").focus({ preventScroll: true });
  message.scrollIntoView({ block: "nearest" });
  message.closest(".pane").scrollIntoView({ block: "nearest" });
}

export class News {
  constructor(root) {
    this.root = root;
    this.button = root.querySelector("button");
    this.button.addEventListener("click", () => this.#show());
    this.watch = new IntersectionObserver((entries) => this.#judge(entries.at(-1)), { threshold: STEPS });
  }

  tell(text, element) {
    this.forget();
    Object.assign(this, { text, element });
    this.watch.observe(element);
  }

  // A message that was redrawn or dismissed cannot be led to.
  update() {
    if (this.element && !this.element.isConnected) this.forget();
  }

  #judge({ target, intersectionRatio, intersectionRect }) {
    if (target !== this.element) return;
    if (intersectionRatio >= ENOUGH || intersectionRect.height >= ENOUGH_PIXELS) this.forget();
    else {
      this.button.textContent = this.text;
      this.root.hidden = false;
    }
  }

  #show() {
    const element = this.element;
    this.forget();
    if (element) leadTo(element);
  }

  forget() {
    this.watch.disconnect();
    this.element = null;
    this.root.hidden = true;
  }
}
