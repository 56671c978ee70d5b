// A grid scan over the picture of its sample: a cell says its value and image, and leads to that.
"use strict";
(() => {
  const form = document.getElementById("grid"), panel = form.querySelector(".pic"), words = form.querySelector("[data-of='read']");
  const drawing = () => panel.querySelector("svg[data-view]"), cells = () => panel.querySelector("[data-of='cells']");
  const picture = new DrawnPicture(panel);
  let cell = null;

  function cellAt(event) {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(cells().getScreenCTM().inverse());
    const found = [Math.floor(at.x), Math.floor(at.y)], { columns, rows } = drawing().dataset;
    return found[0] >= 0 && found[1] >= 0 && found[0] < columns && found[1] < rows ? found : null;
  }

  function told([column, row]) {
    const { columns, images, values, map } = drawing().dataset, place = row * columns + column;
    const value = values.split(" ")[place], image = images.split(" ")[place];
    return { image, said: `Column ${column + 1}, row ${row + 1}, image ${Number(image).toLocaleString("en")}: ${value === "-" ? "not analysed" : `${map} ${value}`}` };
  }

  function say(at) {
    cell = at;
    const { image, said } = told(at), edge = panel.querySelector("[data-of='cell']");
    Object.entries({ x: at[0], y: at[1] }).forEach(one => edge.setAttribute(...one));
    edge.removeAttribute("hidden");
    words.textContent = `${said} `;
    if (form.dataset.images) words.append(Object.assign(document.createElement("a"), { href: form.dataset.images + image, textContent: "Open the image" }));
  }

  panel.addEventListener("pointermove", event => {
    const at = event.target.closest("svg[data-view]") && cellAt(event);
    if (at && String(at) !== String(cell)) say(at);
  });
  panel.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.target.closest("a")) return;
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const size = [drawing().dataset.columns, drawing().dataset.rows].map(Number);
    if (step && !event.altKey) say((cell || size.map(one => Math.floor(one / 2))).map((one, axis) => Math.min(Math.max(one + step[axis], 0), size[axis] - 1)));
    else if (event.key === "Enter" && cell && form.dataset.images) location.assign(form.dataset.images + told(cell).image);
    else if (!picture.pressed(event)) return;
    event.preventDefault();
  });

  form.addEventListener("input", ({ target }) => {
    if (target.name !== "opacity") return;
    panel.querySelector("[data-of='values']")?.setAttribute("opacity", target.value / 100);
    history.replaceState(null, "", `?${new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""))}`);
  });
  form.addEventListener("change", ({ target }) => {
    if (target.name === "map") for (const name of ["low", "high"]) form.elements[name].value = ""; // those of the map before
    if (target.name !== "opacity") form.requestSubmit();
  });
  form.addEventListener("refilled", () => { // while it is measured
    picture.draw();
    if (cell) say(cell);
  });
})();
