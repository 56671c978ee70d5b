// Maps over the picture of a sample: what is moved is shown at once, and a point says its values.
"use strict";
(() => {
  const form = document.getElementById("overlay");
  const panel = form.querySelector(".pic"), words = form.querySelector("[data-of='read']");
  const layers = () => [...form.querySelectorAll(".map-layer")];
  const values = new Map(), picture = new DrawnPicture(panel);
  let cell = null, asked = 0;

  // -- how they look ---------------------------------------------------------------------

  function remember() {
    const kept = [...new FormData(form)].filter(([, value]) => value !== "");
    history.replaceState(null, "", `?${new URLSearchParams(kept)}`);
  }

  function redraw(layer) {
    const number = layer.dataset.number, given = name => form.elements[`${name}${number}`].value.trim();
    const address = new URL(layer.getAttribute("href"), location.href);
    for (const name of ["low", "high"]) {
      if (given(name)) address.searchParams.set(name, given(name));
      else address.searchParams.delete(name);
    }
    layer.setAttribute("href", address.pathname + address.search);
  }

  form.addEventListener("input", ({ target }) => {
    const number = /^opacity(\d)$/.exec(target.name);
    if (!number) return;
    layers().filter(one => one.dataset.number === number[1]).forEach(one => one.setAttribute("opacity", target.value / 100));
    remember();
  });

  form.addEventListener("change", ({ target }) => {
    const map = /^map(\d)$/.exec(target.name);
    if (map) for (const name of ["low", "high", "opacity"]) { // those of the map before
      const field = form.elements[name + map[1]];
      if (field) field.disabled = true;
    }
    if (map || /^(beside|colours)$/.test(target.name)) form.requestSubmit();
    else if (/^(low|high)\d$/.test(target.name)) {
      layers().filter(one => target.name.endsWith(one.dataset.number)).forEach(redraw);
      remember();
    }
  });

  // -- the point under the pointer -------------------------------------------------------

  // Column and row in a layer, of a place in the window; nothing outside of it.
  function cellAt(layer, x, y) {
    const at = new DOMPoint(x, y).matrixTransform(layer.getScreenCTM().inverse());
    const [column, row] = [Math.floor(at.x), Math.floor(at.y)];
    const inside = column >= 0 && row >= 0 && column < layer.width.baseVal.value && row < layer.height.baseVal.value;
    return inside ? [column, row] : null;
  }

  async function valueOf(key, [column, row]) {
    const name = `${key} ${column} ${row}`;
    if (!values.has(name)) {
      const answer = await fetch(`${form.dataset.pixel}${key}?x=${column}&y=${row}`);
      if (answer.ok) values.set(name, (await answer.json()).value);
    }
    const value = values.get(name);
    return value === undefined ? "not known" : value === -1 ? "not measured" : String(Number(value.toPrecision(6)));
  }

  function mark([column, row]) {
    for (const layer of layers()) {
      const edge = layer.closest("svg").querySelector("[data-of='cell']");
      edge.setAttribute("transform", layer.getAttribute("transform"));
      Object.entries({ x: column, y: row, width: 1, height: 1 }).forEach(([name, value]) => edge.setAttribute(name, value));
      edge.removeAttribute("hidden");
    }
  }

  async function say(at) {
    const mine = ++asked;
    cell = at;
    mark(at);
    await new Promise(done => setTimeout(done, 60)); // a pointer that only passes asks nothing
    if (mine !== asked) return;
    const said = await Promise.all(layers().map(async one => `${one.dataset.name}: ${await valueOf(one.dataset.map, at)}`));
    if (mine === asked) words.textContent = `Column ${at[0] + 1}, row ${at[1] + 1}. ${said.join(", ")}`;
  }

  function pointed(event) {
    const drawing = event.target.closest("svg");
    const layer = drawing && drawing.querySelector(".map-layer");
    const at = layer && cellAt(layer, event.clientX, event.clientY);
    if (at && String(at) !== String(cell)) say(at);
  }

  form.addEventListener("refilled", () => { // while it is measured
    values.clear();
    picture.draw();
    if (cell) say(cell);
  });
  panel.addEventListener("pointermove", pointed);
  panel.addEventListener("click", pointed);
  panel.addEventListener("keydown", event => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.ctrlKey || event.metaKey || !layers().length) return;
    if (event.altKey || !step) { if (picture.pressed(event)) event.preventDefault(); return; }
    event.preventDefault();
    const { width, height } = layers()[0], size = [width.baseVal.value, height.baseVal.value];
    const from = cell || size.map(one => Math.floor(one / 2));
    say(from.map((one, at) => Math.min(Math.max(one + step[at], 0), size[at] - 1)));
  });
})();
