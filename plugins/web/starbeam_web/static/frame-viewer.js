"use strict";
/* The page of an image: what keys and controls do, the address, and what is told about the image. */

(() => {
  const box = document.getElementById("viewer"), told = box.dataset, form = box.querySelector("form");
  const part = (name) => box.querySelector(`[data-is="${name}"]`), head = (name) => document.querySelector(`[data-of="${name}"]`);
  const first = Number(told.first), planned = told.last ? Number(told.last) : Infinity;
  const USUAL = { percentile: "99.5", scale: "sqrt", map: "grey_r", sum: "1" };
  const SVG = "http://www.w3.org/2000/svg", PACE = matchMedia("(prefers-reduced-motion: reduce)").matches ? 1000 : 200;
  let number = Number(told.number), geometry = null, playing = null, following = null, pointer = null;

  const look = () => {
    const asked = {};
    for (const name of ["lo", "hi", "percentile", "scale", "map", "sum"]) {
      const { value } = form.elements[name];
      if (value !== "" && value !== USUAL[name]) asked[name] = value;
    }
    if (!form.elements.masked.checked) asked.masked = "false";
    return asked;
  };
  const picture = new FramePicture(box.querySelector("canvas"), told.api, look, () => drawn(), () => moved());

  const changed = () => show(number);
  const contrast = new FrameContrast(form, part, changed);
  const spots = new SpotLine(box.querySelector(".line svg[data-first]"), (wanted) => go(wanted));
  const field = box.querySelector("[name=number]");

  /* -- the image ------------------------------------------------------------------------------------------- */

  async function show(wanted, { fresh = false } = {}) {
    if (!Number.isFinite(wanted)) return;
    wanted = Math.min(Math.max(Math.round(wanted), first), planned);
    if (fresh) picture.kept.clear();
    let found;
    number = wanted;
    tell();
    try {
      found = await picture.show(wanted);
    } catch (error) {
      say(`The image cannot be read: ${error.message}`);
      return;
    }
    if (found === undefined) return;
    say(found ? "" : `Image ${wanted.toLocaleString("en")} is not there, or not yet. Press . for the newest.`);
    if (found) pictured(found);
    remember();
    if (!playing) settled();
  }

  function say(sentence) {
    part("sentence").textContent = sentence;
    part("sentence").hidden = !sentence;
  }

  function tell() {
    const shown = number.toLocaleString("en");
    head("title").textContent = `Image ${shown}`;
    document.title = document.title.replace(/^Image [\d,]+/, `Image ${shown}`);
    head("crumb").textContent = `Image ${shown}`;
    if (told.start && told.range) {
      const from = Number(told.start) + (number - first) * Number(told.range);
      head("omega").textContent = `${told.axis || "ω"} ${from.toFixed(2)} – ${(from + Number(told.range)).toFixed(2)}°`;
    }
    field.value = part("range").value = number;
    spots.mark(number);
  }

  function pictured(found) {
    part("masked").textContent = `${Number(found.masked).toFixed(1)} %`;
    part("size").textContent = found.size.map((one) => one.toLocaleString("en")).join(" × ");
    contrast.tell(found.low, found.high);
  }

  /* What is asked once nothing moves: neighbours, the histogram, and what the header says. */
  let waiting = 0;
  function settled() {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const asked = `dataCollectionId=${told.key}&imageNumber=${number}`, now = number;
      const json = (what) => fetch(`${told.images}/${what}?${asked}`).then((answer) => (answer.ok ? answer.json() : null), () => null);
      const [header, histogram] = [await json("header"), await json("histogram")];
      if (now !== number) return;
      if (header) described(header.braggy_hdr);
      contrast.bins = histogram;
      contrast.draw();
      for (const near of [1, -1, 2, -2]) {
        if (now !== number || playing) return;
        if (number + near >= first && number + near <= planned) await picture.whole(number + near).catch(() => null);
      }
    }, 200);
  }

  function described(said) {
    const or = (one, other) => (one > 0 ? one : Number(other) || 0), of = (one) => (one === null || one === undefined ? NaN : one);
    const centre = [of(said.beam_cx), of(said.beam_cy)].map((one, axis) =>
      (Number.isFinite(one) ? one : parseFloat([told.x, told.y][axis])));
    geometry = new FrameGeometry(or(said.wavelength, told.wavelength), or(said.detector_distance, told.distance / 1000),
      centre, [said.pixel_size_x || 0, said.pixel_size_y || 0]);
    const round = (one) => Number(one).toLocaleString("en", { maximumFractionDigits: 1 });
    part("pixel").textContent = said.pixel_size_x ? `${round(said.pixel_size_x * 1e6)} µm` : "";
    part("centre").textContent = centre.every(Number.isFinite) ? `${centre.map(round).join(", ")} px` : "";
    part("values").textContent = Number.isFinite(said.max) ? `${round(said.min)} – ${round(said.max)}` : "";
    part("mean").textContent = Number.isFinite(said.mean) ? round(said.mean) : "";
    const swung = Number(told.twotheta) || 0;
    part("no-rings").textContent = swung ? `The detector is swung out by ${round(swung)}°: there are no rings.`
      : geometry.known ? "" : "Neither the file nor the database says where the rings are.";
    if (swung) geometry = null;
    drawn();
  }

  /* -- what lies over the picture --------------------------------------------------------------------------- */

  function drawn() {
    const over = part("over"), { x, y, scale } = picture.view;
    over.replaceChildren();
    if (geometry && geometry.known && picture.base && scale) {
      const add = (kind, more, text) => {
        const made = document.createElementNS(SVG, kind);
        for (const [name, value] of Object.entries(more)) made.setAttribute(name, value);
        if (text) made.textContent = text;
        over.append(made);
      };
      const ring = (d, style) => {
        const radii = geometry.radii(d);
        if (!radii) return;
        const [cx, cy] = [(geometry.centre[0] - x) * scale, (geometry.centre[1] - y) * scale], [rx, ry] = radii.map((one) => one * scale);
        add("ellipse", { class: style, cx, cy, rx, ry, "data-d": d });
        if (style === "ring") add("text", { x: cx + rx * 0.7071 + 2, y: cy - ry * 0.7071 - 2 }, `${d}`);
      };
      if (form.elements.rings.checked) for (const d of geometry.rounded(...picture.size)) ring(d, "ring");
      if (form.elements.ice.checked) for (const d of ICE) ring(d, "ice");
    }
    read();
  }

  function read() {
    const out = part("read");
    const [column, row] = pointer ? picture.place(...pointer) : [-1, -1];
    const inside = picture.base && column >= 0 && row >= 0 && column < picture.size[0] && row < picture.size[1];
    out.hidden = !inside;
    if (!inside) return;
    const pixel = [Math.floor(column), Math.floor(row)];
    const said = [`x ${pixel[0].toLocaleString("en")} y ${pixel[1].toLocaleString("en")}`, `value ${picture.value(...pixel) || "…"}`];
    if (geometry && geometry.known) {
      said.push(`${geometry.d(column, row).toFixed(2)} Å`, `2θ ${(geometry.twoTheta(column, row) * 180 / Math.PI).toFixed(1)}°`);
    }
    out.replaceChildren(...said.map((text) => Object.assign(document.createElement("span"), { textContent: text })));
  }

  /* -- which image ------------------------------------------------------------------------------------------ */

  function play(on = !playing) {
    clearInterval(playing);
    let busy = false;
    playing = on ? setInterval(async () => { // what comes too late is left out
      if (busy) return;
      busy = true;
      if (number >= planned) play(false); else await show(number + 1);
      if (!picture.base) play(false);
      busy = false;
    }, PACE) : null;
    picture.playing = Boolean(playing);
    part("play").setAttribute("aria-pressed", String(Boolean(playing)));
    if (!playing) settled();
    picture.draw();
  }

  /* The last image that is there, from one that is: by halves, as there may be thousands. */
  async function newest() {
    const there = async (one) => (await fetch(`${told.api}/${one}/values?x=0&y=0`)).ok;
    let low = picture.base ? number : first, step = 1;
    if (low < planned && !(await there(low))) return null;
    while (low + step <= planned && await there(low + step)) { low += step; step *= 2; }
    let high = Math.min(low + step, planned + 1);
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (await there(middle)) low = middle; else high = middle;
    }
    return low;
  }

  async function follow() {
    clearInterval(following);
    const go = async () => {
      const found = await newest();
      if (found === null) return say("There is no image yet.");
      if (found !== number || !picture.base) await show(found, { fresh: true });
    };
    await go();
    following = setInterval(go, 3000);
  }

  function go(wanted) {
    clearInterval(following);
    show(wanted);
  }

  /* -- the address ------------------------------------------------------------------------------------------ */

  function remember() {
    const asked = new URLSearchParams(look());
    for (const name of ["rings", "ice"]) if (!form.elements[name].checked) asked.set(name, "0");
    if (!picture.fitted) asked.set("view", picture.seen.map((one) => one.toFixed(1)).join(","));
    const query = asked.toString();
    history.replaceState(null, "", `${told.page}${number}${query ? `?${query}` : ""}`);
    head("download").href = `${picture.address(number, "picture", { width: 8192 })}`;
  }

  let still = 0;
  const moved = () => { clearTimeout(still); still = setTimeout(remember, 200); };

  async function copy() {
    remember();
    try {
      await navigator.clipboard.writeText(location.href);
      head("copied").textContent = "Copied";
    } catch {
      head("copied").textContent = "The address above is the link";
    }
  }

  /* -- controls --------------------------------------------------------------------------------------------- */

  const toggle = (name) => form.elements[name].click();
  const set = (name, value) => { form.elements[name].value = value; changed(); };
  const invert = () => set("map", form.elements.map.value === "grey_r" ? "grey" : "grey_r");
  const KEYS = {
    Home: () => go(first), End: () => (planned < Infinity ? go(planned) : follow()), " ": () => play(),
    r: () => toggle("rings"), e: () => toggle("ice"), m: () => toggle("masked"), i: invert,
    s: () => set("sum", form.elements.sum.value === "1" ? 10 : 1), c: () => contrast.stretch(0.8), C: () => contrast.stretch(1.25), ".": follow,
  };
  const ARROWS = { ArrowLeft: -1, ArrowRight: 1 };

  function pressed(event) {
    const typing = event.target.closest("input:not([type=checkbox]), select, textarea");
    const pressing = event.target.closest("button, a, summary, input") && [" ", "Enter"].includes(event.key);
    if (typing || pressing || event.ctrlKey || event.metaKey) return;
    const step = event.altKey ? 0 : ARROWS[event.key];
    if (step) go(number + step * (event.shiftKey ? 10 : 1));
    else if (KEYS[event.key] && !event.altKey) KEYS[event.key]();
    else if (!picture.pressed(event)) return;
    event.preventDefault();
  }

  function start() {
    const pic = box.querySelector(".pic"), on = (name, work) => part(name).addEventListener("click", work);
    for (const one of box.querySelectorAll("fieldset[data-script]")) one.disabled = false;
    for (const plain of document.querySelectorAll("[data-plain]")) plain.remove();
    const asked = new URLSearchParams(location.search);
    for (const name of ["rings", "ice"]) form.elements[name].checked = asked.get(name) !== "0";
    form.elements.masked.checked = asked.get("masked") !== "false";
    document.addEventListener("keydown", pressed);
    for (const one of [form, field.form]) one.addEventListener("submit", (event) => { event.preventDefault(); go(Number(field.value)); });
    field.addEventListener("change", () => go(Number(field.value)));
    form.addEventListener("change", ({ target }) => {
      if (["rings", "ice"].includes(target.name)) { drawn(); remember(); }
      else if (target.name) changed();
    });
    part("range").addEventListener("change", ({ target }) => go(Number(target.value)));
    on("play", () => play());
    for (const [name, step] of [["previous", -1], ["next", 1]]) on(name, (event) => { event.preventDefault(); go(number + step); });
    for (const [name, key] of [["fit", "0"], ["one", "1"], ["closer", "+"], ["farther", "-"]]) on(name, () => picture.pressed({ key }));
    head("copy").addEventListener("click", copy);
    picture.handle();
    pic.addEventListener("pointermove", (event) => { pointer = picture.within(event); read(); });
    pic.addEventListener("pointerleave", () => { pointer = null; read(); });
    tell();
    if (told.missing) return say(told.missing);
    const view = (asked.get("view") || "").split(",").map(Number);
    show(number).then(() => { if (view.length === 4 && view.every(Number.isFinite) && view[2] > 0 && view[3] > 0) { picture.part(...view); moved(); } });
  }

  start();
})();
