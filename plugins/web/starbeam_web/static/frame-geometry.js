"use strict";
/* Resolution on a flat detector that stands upright on the beam. Lengths in metres, wavelengths and d in Å, places in
   pixels from the upper left corner of the first one. */

const ICE = [3.90, 3.67, 3.44, 2.67, 2.25, 2.07, 1.95, 1.92, 1.88, 1.72];
const ROUND = [50, 40, 30, 20, 15, 12, 10, 8, 7, 6, 5, 4.5, 4, 3.5, 3, 2.7, 2.5, 2.2, 2, 1.8, 1.6, 1.5, 1.4, 1.3, 1.2,
  1.1, 1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5];
const RINGS = 7; // about so many between the centre and the corner

class FrameGeometry {
  constructor(wavelength, distance, centre, size) {
    Object.assign(this, { wavelength, distance, centre, size });
  }

  /* Whether all that rings need is there. */
  get known() {
    return [this.wavelength, this.distance, ...this.size].every((one) => one > 0)
      && this.centre.every((one) => Number.isFinite(one));
  }

  /* The angle between the beam and what hits a place, in radians. */
  twoTheta(x, y) {
    const across = (x - this.centre[0]) * this.size[0], down = (y - this.centre[1]) * this.size[1];
    return Math.atan2(Math.hypot(across, down), this.distance);
  }

  d(x, y) {
    return this.wavelength / (2 * Math.sin(this.twoTheta(x, y) / 2));
  }

  /* Half the width and height of the ring of d; null where nothing of it goes forward. */
  radii(d) {
    const twoTheta = 2 * Math.asin(this.wavelength / (2 * d));
    if (!(twoTheta < Math.PI / 2)) return null;
    return this.size.map((size) => this.distance * Math.tan(twoTheta) / size);
  }

  /* Round values of d whose rings lie on a frame of this size and well apart. */
  rounded(width, height) {
    const far = Math.hypot(...[[width, 0], [height, 1]].map(([length, axis]) =>
      Math.max(this.centre[axis], length - this.centre[axis])));
    const found = [];
    let last = 0;
    for (const d of ROUND) {
      const radii = this.radii(d);
      if (radii && radii[0] < far && radii[0] - last >= far / RINGS) {
        found.push(d);
        last = radii[0];
      }
    }
    return found;
  }
}
