// A plane of a data set, as near as one likes, with the values of its places and the limits that its colours have.
"use strict";
(() => {
  const pic = document.getElementById("plane"), { data, at } = pic.dataset;
  const drawing = pic.querySelector("svg"), read = pic.querySelector(".read"), form = document.getElementById("look");
  const BLOCK = 64, MOST = 40, FIRST = 1024, FINEST = 8192, blocks = new Map();
  const LOOK = ["lo", "hi", "percentile", "map", "scale"];
  const [, , columns, rows] = drawing.getAttribute("viewBox").split(" ").map(Number);
  const shown = drawing.querySelector("image");
  const contrast = new FrameContrast(form, (name) => form.querySelector(`[data-is="${name}"]`), changed);
  let width = FIRST, pointed = "", loading = 0;

  async function load() {
    const mine = ++loading, answer = await fetch(`${looking(pic.dataset.picture)}&width=${width}`).catch(() => null);
    if (mine !== loading) return;
    if (!answer || !answer.ok) return say(answer ? (await answer.json()).detail : "The server does not answer.");
    contrast.tell(Number(answer.headers.get("Frame-Low")), Number(answer.headers.get("Frame-High")));
    URL.revokeObjectURL(shown.getAttribute("href"));
    shown.setAttribute("href", URL.createObjectURL(await answer.blob()));
  }

  async function count() {
    const answer = await fetch(pic.dataset.histogram).catch(() => null);
    if (!answer || !answer.ok) return;
    contrast.bins = await answer.json();
    contrast.draw();
  }

  /* An address with the look that is chosen. */
  function looking(address) {
    const whole = new URL(address, location);
    for (const name of LOOK) {
      const { value } = form.elements[name];
      if (value) whole.searchParams.set(name, value); else whole.searchParams.delete(name);
    }
    return whole.href;
  }

  function changed() {
    history.replaceState(null, "", looking(location.href));
    for (const link of form.querySelectorAll("a[rel]")) link.href = looking(link.href);
    load();
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
  const picture = new DrawnPicture(pic, () => {
    if (width < FINEST) {
      width = FINEST;
      load();
    }
  });
  pic.addEventListener("pointermove", point);
  pic.addEventListener("pointerleave", leave);
  pic.addEventListener("keydown", (event) => { if (!event.ctrlKey && !event.metaKey && picture.pressed(event)) event.preventDefault(); });
  for (const button of document.querySelectorAll("[data-key]")) button.addEventListener("click", () => picture.pressed({ key: button.dataset.key }));
  form.addEventListener("change", ({ target }) => { if (LOOK.includes(target.name)) changed(); });
  load();
  count();
})();
