"use strict";
/* A frame on a canvas: the whole binned, squares of 512 pixels where one looks closer, and values where pixels are large. */

const TILE = 512, BLOCK = 64, MOST_KEPT = 48, WITH_VALUES = 24;

/* The first things that a map holds go, until there are at most so many. */
function keepLast(map, most) {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}

class FramePicture extends PictureView {
  /* api: where frames of the data collection are; look: what is asked of them; drawn: told after each drawing. */
  constructor(canvas, api, look, drawn, moved) {
    super(canvas.parentElement, moved);
    Object.assign(this, { canvas, api, look, drawn });
    this.kept = new Map(); // pictures by address
    this.tiles = new Map();
    this.blocks = new Map();
    new ResizeObserver(() => this.resize()).observe(canvas.parentElement); // which tells the first size, too
  }

  resize() {
    const { clientWidth, clientHeight } = this.canvas.parentElement;
    this.canvas.width = clientWidth * devicePixelRatio;
    this.canvas.height = clientHeight * devicePixelRatio;
    if (this.fitted) this.fit(); else this.draw();
  }

  get shown() {
    return [this.canvas.width / devicePixelRatio, this.canvas.height / devicePixelRatio];
  }

  address(number, what, more = {}) {
    const asked = new URLSearchParams({ ...this.look(), ...more });
    return `${this.api}/${number}/${what}?${asked}`;
  }

  /* A picture with what its headers say; null where there is none. */
  async fetched(address) {
    if (!this.kept.has(address)) {
      this.kept.set(address, (async () => {
        const answer = await fetch(address);
        if (answer.status === 404) return null;
        if (!answer.ok) throw new Error((await answer.json()).detail || answer.statusText);
        const said = (name) => Number(answer.headers.get(`Frame-${name}`));
        return { image: await createImageBitmap(await answer.blob()), low: said("Low"), high: said("High"),
          size: [said("Width"), said("Height")], step: said("Step"), masked: said("Masked"), images: said("Images") };
      })());
      this.kept.get(address).catch(() => this.kept.delete(address));
      keepLast(this.kept, 12);
    }
    const found = await this.kept.get(address);
    if (!found) this.kept.delete(address); // it may be written any moment
    return found;
  }

  whole(number) {
    return this.fetched(this.address(number, "picture", { width: 1024, overloads: false }));
  }

  /* Show another image, or the same otherwise: whether there is one. What was asked before and comes later is left. */
  async show(number) {
    this.wanted = number;
    const look = JSON.stringify(this.look());
    const found = await this.whole(number);
    if (this.wanted !== number || look !== JSON.stringify(this.look())) return undefined;
    this.tiles.clear();
    this.blocks.clear();
    this.number = number;
    this.base = found;
    if (found && String(found.size) !== String(this.size)) {
      this.size = found.size;
      this.home = [0, 0, ...found.size];
      if (this.fitted) this.fit();
    }
    this.draw();
    return found;
  }

  draw() {
    const pen = this.canvas.getContext("2d"), { x, y, scale } = this.view;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (this.base && scale) {
      const size = scale * devicePixelRatio;
      pen.setTransform(size, 0, 0, size, -x * size, -y * size);
      pen.imageSmoothingEnabled = scale * this.base.step < 1;
      const { image, step } = this.base;
      pen.drawImage(image, 0, 0, image.width * step, image.height * step);
      if (!this.playing && !this.fitted) this.#drawTiles(pen);
      if (scale >= WITH_VALUES) this.#drawValues(pen);
    }
    this.drawn();
  }

  #drawTiles(pen) {
    const level = Math.max(Math.floor(Math.log2(1 / this.view.scale)), 0), step = 2 ** level;
    if (step > this.base.step || (step === this.base.step && this.view.scale < 1)) return;
    pen.imageSmoothingEnabled = this.view.scale * step < 1;
    for (const [column, row] of this.#squares(TILE * step)) {
      const key = `${level}/${column}/${row}`, image = this.tiles.get(key);
      if (image === undefined) this.#loadTile(key);
      if (!image) continue;
      pen.drawImage(image, column * TILE * step, row * TILE * step, image.width * step, image.height * step);
    }
  }

  async #loadTile(key) {
    const tiles = this.tiles, number = this.number;
    tiles.set(key, null);
    const asked = this.address(number, `tiles/${key}`, { lo: this.base.low, hi: this.base.high, overloads: this.view.scale >= 1 });
    const answer = await fetch(asked).catch(() => null);
    if (!answer || !answer.ok) return;
    const image = await createImageBitmap(await answer.blob());
    if (number !== this.number || !tiles.has(key)) return;
    tiles.set(key, image);
    keepLast(tiles, MOST_KEPT);
    this.draw();
  }

  /* Columns and rows of the squares of this size that can be seen. */
  #squares(side) {
    const [x, y, width, height] = this.seen, found = [];
    const range = (start, length, all) => [Math.max(Math.floor(start / side), 0),
      Math.min(Math.ceil((start + length) / side), Math.ceil(all / side))];
    const [left, right] = range(x, width, this.size[0]), [top, bottom] = range(y, height, this.size[1]);
    for (let row = top; row < bottom; row++) for (let column = left; column < right; column++) found.push([column, row]);
    return found;
  }

  #drawValues(pen) {
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineWidth = 0.06;
    pen.strokeStyle = "#fff";
    pen.fillStyle = "#17212c";
    const [x, y, width, height] = this.seen;
    for (let row = Math.max(Math.floor(y), 0); row < Math.min(y + height, this.size[1]); row++) {
      for (let column = Math.max(Math.floor(x), 0); column < Math.min(x + width, this.size[0]); column++) {
        const text = this.value(column, row);
        if (!text) continue;
        pen.font = `${Math.min(0.36, 1.5 / text.length)}px sans-serif`;
        pen.strokeText(text, column + 0.5, row + 0.5);
        pen.fillText(text, column + 0.5, row + 0.5);
      }
    }
  }

  /* The value of a pixel as text; empty until it is there. */
  value(column, row) {
    if (column < 0 || row < 0 || column >= this.size[0] || row >= this.size[1]) return "";
    const left = Math.floor(column / BLOCK) * BLOCK, top = Math.floor(row / BLOCK) * BLOCK, key = `${left},${top}`;
    const block = this.blocks.get(key);
    if (block === undefined) this.#loadBlock(key, left, top);
    if (!block) return "";
    if (block.masked[row - top][column - left]) return "masked";
    const value = block.values[row - top][column - left];
    return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5)));
  }

  async #loadBlock(key, x, y) {
    const blocks = this.blocks, number = this.number;
    blocks.set(key, null);
    const { sum } = this.look();
    const asked = new URLSearchParams({ x, y, w: BLOCK, h: BLOCK, ...(sum ? { sum } : {}) });
    const answer = await fetch(`${this.api}/${number}/values?${asked}`).catch(() => null);
    if (!answer || !answer.ok || number !== this.number || !blocks.has(key)) return;
    blocks.set(key, await answer.json());
    keepLast(blocks, MOST_KEPT);
    if (this.view.scale >= WITH_VALUES) this.draw(); else this.drawn();
  }
}
