// Pictures of one thing in a box: one after the other, as near as one likes, with what their pixels hold.
"use strict";
(() => {
  const nameOf = link => link.querySelector("img, svg").getAttribute("alt") || link.getAttribute("aria-label");

  // Address, name and µm of a pixel of each: those in `data-box`, or, where it is empty, all pictures beside this one.
  function beside(link) {
    const listed = link.dataset.box.split(" ").filter(Boolean);
    if (listed.length) return listed.map((href, at) => [href, `${nameOf(link)}, ${at + 1} of ${listed.length}`]);
    const links = [...(link.closest(".tiles") || link.closest(".in, .dc")).querySelectorAll("a[data-box='']")];
    return links.map(one => [one.getAttribute("href"), nameOf(one), one.dataset.microns]);
  }

  const BOX = `<div class="still"><svg data-view viewBox="0 0 1 1" role="img"><filter id="limits" color-interpolation-filters="sRGB">
      <feComponentTransfer><feFuncR type="linear"/><feFuncG type="linear"/><feFuncB type="linear"/></feComponentTransfer></filter>
      <image filter="url(#limits)"/></svg>
      <p class="ruler" hidden><svg height="6" aria-hidden="true"><path d="M0 3H9999"/></svg><span></span></p><p class="read" hidden></p></div>
    <p class="row"><button class="btn" type="button" data-by="-1">Previous</button><button class="btn" type="button" data-by="1">Next</button><span role="status"></span></p>
    <p class="row"><label>From <input type="range" name="low" min="0" max="254" value="0"></label><label>to <input type="range" name="high" min="1" max="255" value="255"></label>
      <button class="btn" type="button" data-key="0">Fit</button><button class="btn" type="button" data-key="1">1:1</button>
      <button class="btn" type="button" data-key="+" aria-label="Zoom in">+</button><button class="btn" type="button" data-key="-" aria-label="Zoom out">−</button>
      <button class="btn push" type="button" data-by="0">Close</button></p>`;

  // What a pixel has: one number where red, green and blue are the same.
  function valueOf(image, pen, [column, row]) {
    pen.clearRect(0, 0, 1, 1);
    pen.drawImage(image, -column, -row);
    const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
    return red === green && green === blue ? `${red}` : `${red}, ${green}, ${blue}`;
  }

  function open(link) {
    const shown = beside(link);
    let at = Math.max(0, shown.findIndex(([href]) => href === link.getAttribute("href"))), image = null;
    const box = document.createElement("dialog");
    box.className = "box";
    box.setAttribute("aria-label", "Pictures");
    box.innerHTML = BOX;
    document.body.append(box);
    box.showModal();
    const [drawing, words, read] = ["svg", "[role=status]", ".read"].map(one => box.querySelector(one));
    const picture = new DrawnPicture(box.querySelector(".still"));
    const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });

    async function show(by) {
      at = (at + by + shown.length) % shown.length;
      const [href, name, microns] = shown[at], next = Object.assign(new Image(), { src: href });
      image = null;
      read.hidden = true;
      drawing.setAttribute("aria-label", name);
      words.textContent = name;
      const there = await next.decode().then(() => true, () => false);
      if (shown[at][0] !== href) return;
      if (!there) { words.textContent = "The picture is not there any more"; return; }
      const size = [next.naturalWidth, next.naturalHeight], of = drawing.querySelector("image");
      Object.entries({ href, width: size[0], height: size[1] }).forEach(one => of.setAttribute(...one));
      drawing.dataset.microns = microns || "";
      image = next;
      picture.hold([0, 0, ...size]);
      words.textContent = `${name}, ${size[0].toLocaleString("en")} × ${size[1].toLocaleString("en")} pixels`;
    }

    // Values from low to high are spread over black to white.
    function limit({ target }) {
      const [low, high] = ["low", "high"].map(one => box.querySelector(`[name=${one}]`));
      if (Number(low.value) >= Number(high.value)) target.value = target === low ? Number(high.value) - 1 : Number(low.value) + 1;
      const slope = 255 / (high.value - low.value);
      for (const one of box.querySelectorAll("filter [type=linear]")) {
        one.setAttribute("slope", slope);
        one.setAttribute("intercept", -slope * low.value / 255);
      }
    }

    function point(event) {
      const [x, y] = picture.place(...picture.within(event)).map(Math.floor);
      read.hidden = !image || x < 0 || y < 0 || x >= image.naturalWidth || y >= image.naturalHeight;
      if (!read.hidden) read.textContent = `x ${x.toLocaleString("en")} y ${y.toLocaleString("en")} value ${valueOf(image, pen, [x, y])}`;
    }

    box.querySelectorAll("[data-by='-1'], [data-by='1']").forEach(one => { one.hidden = shown.length < 2; });
    box.addEventListener("input", limit);
    picture.pic.addEventListener("pointermove", point);
    picture.pic.addEventListener("pointerleave", () => { read.hidden = true; });
    box.addEventListener("click", ({ target }) => {
      const { by, key } = target.dataset;
      if (target === box || by === "0") box.close();
      else if (by) show(Number(by));
      else if (key) picture.pressed({ key });
    });
    box.addEventListener("keydown", event => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.target.closest("input") || event.ctrlKey || event.metaKey) return;
      if (by && !event.altKey) show(by);
      else if (!picture.pressed(event)) return;
      event.preventDefault();
    });
    box.addEventListener("close", () => { box.remove(); link.focus(); });
    show(0);
  }

  document.addEventListener("click", event => {
    const link = event.target.closest("a[data-box]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open(link);
  });
})();
