// A plane of a data set, as near as one likes, with the values of its places and the limits that its colours have.
"use strict";
(() => {
  const pic = document.getElementById("plane"), { data, at, picture: address } = pic.dataset;
  const drawing = pic.querySelector("svg"), read = pic.querySelector(".read"), form = document.getElementById("look");
  const BLOCK = 64, MOST = 40, FINEST = 8192, blocks = new Map();
  const [, , columns, rows] = drawing.getAttribute("viewBox").split(" ").map(Number);
  let fine = false, pointed = "";

  async function load(width) {
    const answer = await fetch(`${address}&width=${width}`).catch(() => null);
    if (!answer || !answer.ok) return say(answer ? (await answer.json()).detail : "The server does not answer.");
    for (const [name, of] of [["lo", "Low"], ["hi", "High"]]) form.elements[name].placeholder = answer.headers.get(`Frame-${of}`);
    drawing.querySelector("image").setAttribute("href", URL.createObjectURL(await answer.blob()));
  }

  function say(words) {
    read.textContent = words;
    read.hidden = !words;
  }

  async function block(left, top) {
    const part = `${top}:${Math.min(top + BLOCK, rows)},${left}:${Math.min(left + BLOCK, columns)}`;
    if (!blocks.has(part)) {
      if (blocks.size >= MOST) blocks.delete(blocks.keys().next().value);
      blocks.set(part, fetch(`${data}&selection=${at}${part}&format=json`).then((answer) => (answer.ok ? answer.json() : null), () => null));
    }
    return blocks.get(part);
  }

  async function point(event) {
    const [x, y] = picture.place(...picture.within(event)).map(Math.floor);
    if (x < 0 || y < 0 || x >= columns || y >= rows) return leave();
    const place = pointed = `row ${y.toLocaleString("en")}, column ${x.toLocaleString("en")}`;
    const left = x - x % BLOCK, top = y - y % BLOCK, found = await block(left, top);
    if (pointed === place) say(`${place}: ${found ? found[y - top][x - left] : "not known"}`);
  }

  function leave() {
    pointed = "";
    say("");
  }

  for (const plain of pic.querySelectorAll("[data-plain]")) plain.remove();
  for (const one of document.querySelectorAll("[data-script]")) one.removeAttribute("hidden");
  const picture = new DrawnPicture(pic, () => {
    if (!fine) load(FINEST);
    fine = true;
  });
  pic.addEventListener("pointermove", point);
  pic.addEventListener("pointerleave", leave);
  pic.addEventListener("keydown", (event) => { if (!event.ctrlKey && !event.metaKey && picture.pressed(event)) event.preventDefault(); });
  for (const button of document.querySelectorAll("[data-key]")) button.addEventListener("click", () => picture.pressed({ key: button.dataset.key }));
  load(1024);
})();
