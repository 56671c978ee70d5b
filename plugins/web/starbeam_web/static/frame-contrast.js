"use strict";
/* What stands beside and below a frame: limits over the histogram, and the line of spots with the image's place. */

class FrameContrast {
  /* form: has the limits; part: finds what shows them by name; changed: told when others are chosen. */
  constructor(form, part, changed) {
    Object.assign(this, { form, part, changed, bins: null });
    for (const name of ["lo", "hi"]) {
      part(`${name}-slider`).addEventListener("change", ({ target }) => this.set(name, Number(Number(target.value).toPrecision(4))));
    }
    part("auto").addEventListener("click", () => this.fix(false));
    part("keep").addEventListener("click", () => this.fix(part("keep").getAttribute("aria-pressed") !== "true"));
  }

  /* A limit as it is: what was chosen, else what the picture has. */
  now(name) {
    const { value, placeholder } = this.form.elements[name];
    return Number(value || placeholder) || 0;
  }

  set(name, value) {
    this.form.elements[name].value = value;
    this.changed();
  }

  /* Fix the limits that the picture has now, or let each have its own. */
  fix(fixed) {
    for (const name of ["lo", "hi"]) this.form.elements[name].value = fixed ? this.form.elements[name].placeholder : "";
    this.part("keep").setAttribute("aria-pressed", String(fixed));
    this.changed();
  }

  /* More contrast below 1, less above. */
  stretch(factor) {
    const low = this.now("lo");
    this.form.elements.lo.value = low;
    this.set("hi", Number((low + (this.now("hi") - low) * factor).toPrecision(4)));
  }

  /* The limits of the picture that is there now. */
  tell(low, high) {
    const { lo, hi } = this.form.elements;
    lo.placeholder = String(low);
    hi.placeholder = String(high);
    this.part("auto").setAttribute("aria-pressed", String(!lo.value && !hi.value));
    this.draw();
  }

  /* The histogram, its ends, and the limits in it. */
  draw() {
    const edges = this.bins && this.bins.bins.length > 1 ? this.bins.bins : [this.now("lo"), this.now("hi")];
    const least = Math.min(edges[0], this.now("lo")), most = Math.max(edges.at(-1), this.now("hi"), least + 1e-9);
    const across = (value) => 100 * (value - least) / (most - least);
    const bars = (this.bins ? this.bins.values : []).map((count, place) => {
      const high = count ? 38 * Math.log1p(count) / Math.log1p(this.bins.max) : 0;
      return `M${across(edges[place]).toFixed(2)} 40V${(40 - high).toFixed(1)}H${across(edges[place + 1]).toFixed(2)}V40Z`;
    });
    this.part("bars").setAttribute("d", bars.join(""));
    const round = (value) => value.toLocaleString("en", { maximumSignificantDigits: 4 });
    this.part("least").textContent = round(least);
    this.part("most").textContent = round(most);
    for (const name of ["lo", "hi"]) {
      Object.assign(this.part(`${name}-slider`), { min: least, max: most, step: "any", value: this.now(name) });
      for (const end of ["x1", "x2"]) this.part(`${name}-line`).setAttribute(end, across(this.now(name)));
    }
  }
}

/* The plot of spots by image: shows where an image is, and a click chooses one. */
class SpotLine {
  constructor(plot, chosen) {
    this.plot = plot;
    if (!plot) return;
    this.first = Number(plot.dataset.first);
    this.length = plot.dataset.last - plot.dataset.first || 1;
    this.now = document.createElementNS("http://www.w3.org/2000/svg", "line");
    for (const [name, value] of Object.entries({ class: "now", y1: "0", y2: "100%" })) this.now.setAttribute(name, value);
    plot.append(this.now);
    plot.addEventListener("click", (event) => {
      const edge = plot.getBoundingClientRect(), share = ((event.clientX - edge.left) / edge.width - 0.08) / 0.84;
      chosen(this.first + Math.min(Math.max(share, 0), 1) * this.length);
    });
  }

  mark(number) {
    if (!this.plot) return;
    const at = `${8 + 84 * Math.min(Math.max((number - this.first) / this.length, 0), 1)}%`;
    for (const end of ["x1", "x2"]) this.now.setAttribute(end, at);
  }
}
