"use strict";
/* A picture that one may look at from nearer: which part of it is seen, and what wheel, pointer and keys do. Frames,
   pictures in files, and drawings over pictures are shown by it. Places are in pixels of the picture. */

const ZOOM = 1.25, CLOSEST = 64;

class PictureView {
  /* pic: what it lies in; moved: told when somebody has looked elsewhere. */
  constructor(pic, moved = () => {}) {
    Object.assign(this, { pic, moved, fitted: true, size: [0, 0], home: [0, 0, 0, 0], view: { x: 0, y: 0, scale: 0 } });
  }

  get shown() {
    return [this.pic.clientWidth, this.pic.clientHeight];
  }

  fit() {
    this.#show(true, ...this.home);
  }

  /* Show this part in the middle. */
  part(x, y, width, height) {
    this.#show(false, x, y, width, height);
  }

  #show(fitted, x, y, width, height) {
    const [across, down] = this.shown, fits = Math.min(across / width, down / height), scale = Number.isFinite(fits) ? fits : 0;
    this.view = scale ? { scale, x: x - (across / scale - width) / 2, y: y - (down / scale - height) / 2 } : { x: 0, y: 0, scale };
    this.fitted = fitted;
    this.draw();
  }

  /* Zoom by a factor, such that what lies at a place of the screen stays there. */
  zoom(factor, at = this.shown.map((one) => one / 2)) {
    const before = this.view.scale, least = Math.min(...this.shown.map((one, axis) => one / this.size[axis]));
    const scale = Math.min(Math.max(before * factor, least / 2), CLOSEST);
    this.view.x += at[0] / before - at[0] / scale;
    this.view.y += at[1] / before - at[1] / scale;
    this.view.scale = scale;
    this.fitted = false;
    this.draw();
  }

  pan(across, down) {
    this.view.x -= across / this.view.scale;
    this.view.y -= down / this.view.scale;
    this.fitted = false;
    this.draw();
  }

  get seen() {
    const { x, y, scale } = this.view, [width, height] = this.shown;
    return [x, y, width / scale, height / scale];
  }

  /* The place in the picture of a place on the screen. */
  place(across, down) {
    return [this.view.x + across / this.view.scale, this.view.y + down / this.view.scale];
  }

  /* Where a pointer is on the screen. */
  within(event) {
    const edge = (event.target.closest("svg[data-view]") || this.surface).getBoundingClientRect();
    return [event.clientX - edge.left, event.clientY - edge.top];
  }

  get surface() {
    return this.pic;
  }

  /* -- what somebody does ----------------------------------------------------------------------------------- */

  handle() {
    this.pic.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(event.deltaY < 0 ? ZOOM : 1 / ZOOM, this.within(event));
      this.moved();
    }, { passive: false });
    this.pic.addEventListener("pointerdown", (event) => this.#grasped(event));
  }

  #grasped(event) {
    if (event.button) return;
    const at = [event.clientX, event.clientY], pic = this.pic;
    const drag = (move) => {
      if (!pic.hasPointerCapture(event.pointerId)) pic.setPointerCapture(event.pointerId);
      this.pan(move.clientX - at[0], move.clientY - at[1]);
      [at[0], at[1]] = [move.clientX, move.clientY];
    };
    pic.addEventListener("pointermove", drag);
    addEventListener("pointerup", () => { pic.removeEventListener("pointermove", drag); this.moved(); }, { once: true });
  }

  /* Whether a key is one of those that zoom, fit and move. */
  pressed({ key, altKey }) {
    const arrow = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[key];
    const act = { "+": () => this.zoom(ZOOM), "=": () => this.zoom(ZOOM), "-": () => this.zoom(1 / ZOOM),
      0: () => this.fit(), 1: () => this.zoom(1 / this.view.scale) }[key];
    if (altKey && arrow) this.pan(...arrow.map((one) => 60 * one));
    else if (!altKey && act) act();
    else return false;
    this.moved();
    return true;
  }
}

/* Drawings of SVG, beside each other, that show the same part. They begin with a box around what matters. */
class DrawnPicture extends PictureView {
  constructor(pic, moved) {
    super(pic, moved);
    this.hold(this.surface.getAttribute("viewBox").split(" ").map(Number));
    this.handle();
    new ResizeObserver(() => { if (this.fitted) this.fit(); else this.draw(); }).observe(pic);
  }

  get drawings() {
    return [...this.pic.querySelectorAll("svg[data-view]")];
  }

  get surface() {
    return this.drawings[0];
  }

  get shown() {
    const { width, height } = this.surface.getBoundingClientRect();
    return [width, height];
  }

  /* Begin with this part, in pixels. */
  hold(box) {
    this.home = box;
    this.size = box.slice(2);
    this.fit();
  }

  draw() {
    for (const one of this.drawings) {
      if (this.view.scale) one.setAttribute("viewBox", this.seen.map((part) => part.toFixed(3)).join(" "));
      one.classList.toggle("near", this.view.scale > 1);
    }
    this.#measure(Number(this.surface.dataset.microns));
  }

  /* How long a round number of µm is, where one knows how many a pixel has. */
  #measure(microns) {
    const ruler = this.pic.querySelector(".ruler");
    if (!ruler) return;
    ruler.hidden = !(microns > 0 && this.view.scale);
    if (ruler.hidden) return;
    const most = 160 * microns / this.view.scale, ten = 10 ** Math.floor(Math.log10(most));
    const length = [5, 2, 1].find((one) => one * ten <= most) * ten;
    ruler.querySelector("svg").setAttribute("width", length / microns * this.view.scale);
    ruler.querySelector("span").textContent = length < 1000 ? `${Number(length.toPrecision(1))} µm` : `${length / 1000} mm`;
  }
}
