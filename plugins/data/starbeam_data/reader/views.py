"""Frames as pictures, whole or in tiles, and the values of their pixels."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from starbeam_data.protocol import Fitted, Look, Numbers, Thumbnail, Tile
from starbeam_data.reader import answer
from starbeam_data.reader.answer import Answer
from starbeam_data.reader.decoded import Array, Frame, measured, unmeasured
from starbeam_data.reader.images import NEAR
from starbeam_data.reader.refusal import MISSING_IMAGE, Refusal

if TYPE_CHECKING:
    import PIL.Image

SIDE = 512
"""Pixels of a tile along an axis."""
LARGEST = 4
"""Up to so many pixels along an axis become the largest of them, so that spots survive; of more, these become
their mean: otherwise the background would be as bright as its brightest pixels."""
COLOURS = 254
"""Colours of a scale. After them come those that it does not contain."""
OVERLOADED, MASKED = COLOURS, COLOURS + 1
RED, PALE = (214, 40, 40), (226, 226, 206)
"""Of what is overloaded, and of what was not measured."""
STRIP = 1 << 18
"""Pixels that are drawn at once: what is made of them stays in the processor's cache."""
PACKED = {"compress_level": 1, "compress_type": zlib.Z_RLE}
"""Frames are noise, which repeats nothing but its runs. Who looks for more finds little: PNG by itself takes
seven to ten times as long, and WebP without loss more than twice as long, for as much."""
SMALL, SMALL_BYTES = 280, 15_000
"""Pixels of a thumbnail along its longer side, and its bytes."""
QUALITIES = 75, 50, 25, 10
"""Of thumbnails, as JPEG: the first with which one is small enough. WebP takes ten times as long, and is no
smaller where there are few counts."""
USUAL = Look(None, None, 99.5, "sqrt", "grey_r", masked=True, overloads=True)


def fitted(frame: Frame, job: Fitted, most: int) -> Answer:
    """The whole frame, at most this wide: `step` by `step` pixels become one."""
    return whole(frame, job.width, job.look, most)


def whole(frame: Frame, width: int, look: Look, most: int) -> Answer:
    """All of a frame, at most this wide."""
    return _picture(frame, slice(None), slice(None), _step(frame.pixels.shape[1], width), look, most)


def thumbnail(frame: Frame, job: Thumbnail, most: int) -> Answer:
    """The whole frame, small."""
    step = _step(max(frame.pixels.shape), SMALL)
    image, low, high = _drawn(frame, slice(None), slice(None), step, USUAL)
    plain, encoded = image.convert("RGB"), b""
    for quality in QUALITIES:
        encoded = _encoded(plain, "JPEG", quality=quality)
        if len(encoded) <= SMALL_BYTES:
            break
    return answer.content(encoded, _said(frame, low, high, step, "image/jpeg"), most)


def tile(frame: Frame, job: Tile, most: int) -> Answer:
    """A square; what lies beyond the frame is left out. Raises `Refusal` where all does."""
    step = 1 << job.level
    rows, columns = (slice(place * SIDE * step, (place + 1) * SIDE * step) for place in (job.row, job.column))
    height, width = frame.pixels.shape
    if rows.start >= height or columns.start >= width:
        raise Refusal(404, MISSING_IMAGE)
    return _picture(frame, rows, columns, step, job.look, most)


def numbers(frame: Frame, job: Numbers, most: int) -> Answer:
    """The values of a window; what lies beyond the frame is left out."""
    height, width = frame.pixels.shape
    rows, columns = slice(job.y, job.y + job.height), slice(job.x, job.x + job.width)
    found = {
        "x": job.x,
        "y": job.y,
        "width": width,
        "height": height,
        "values": frame.pixels[rows, columns].tolist(),
        "masked": unmeasured(frame.raised(rows, columns)).tolist(),
    }
    return answer.json(found, most)


def _picture(frame: Frame, rows: slice, columns: slice, step: int, look: Look, most: int) -> Answer:
    """A part of a frame as a PNG, with the limits that it has."""
    image, low, high = _drawn(frame, rows, columns, step, look)
    encoded = _encoded(image, "PNG", **PACKED)
    return answer.content(encoded, _said(frame, low, high, step, "image/png"), most)


def _step(pixels: int, most: int) -> int:
    """How many pixels become one, so that of these there are at most so many."""
    ratio = math.ceil(pixels / most)
    return ratio if ratio <= LARGEST else math.ceil(ratio / LARGEST) * LARGEST


def _drawn(
    frame: Frame, rows: slice, columns: slice, step: int, look: Look
) -> tuple[PIL.Image.Image, float, float]:
    """A part of a frame in colours, and its limits. Raises `Refusal` where there are no pixels."""
    from PIL import Image

    if not frame.pixels.size:
        raise Refusal(404, MISSING_IMAGE)
    low, high = _limits(frame, look)
    number = _numbering(frame, step, look, low, high)
    first, last, _ = rows.indices(frame.pixels.shape[0])
    height = max(STRIP // frame.pixels.shape[1] // step, 1) * step
    strips = []
    for start in range(first, last, height):
        strip = slice(start, min(start + height, last))
        raised = frame.raised(strip, columns)
        drawn = number(raised)
        over = frame.over(raised, strip, columns) if look.overloads else None
        if over is not None and over.any():
            drawn[_reduced(over, step, np.logical_or)] = OVERLOADED
        strips.append(drawn)
    image = Image.fromarray(np.concatenate(strips), "P")
    image.putpalette(_palette(look.colours))
    return image, low, high


def _numbering(frame: Frame, step: int, look: Look, low: float, high: float) -> Callable[[Array], Array]:
    """What makes numbers of colours of raised pixels: of counts by a table, where that is small."""
    if not (frame.counts and step <= LARGEST and 0 <= high < NEAR):
        return lambda raised: _numbered(_binned(raised, step), low, high, look)
    table = _numbered(measured(np.arange(math.ceil(high) + 2, dtype=np.uint32)), low, high, look)

    def looked_up(raised: Array) -> Array:
        largest = _reduced(raised, step, np.maximum)
        last = min(table.size - 1, np.iinfo(largest.dtype).max)
        found: Array = table.take(np.minimum(largest, last).astype(np.intp))
        return found

    return looked_up


def _encoded(image: PIL.Image.Image, form: str, **how: int) -> bytes:
    file = BytesIO()
    image.save(file, form, **how)
    return file.getvalue()


def _said(frame: Frame, low: float, high: float, step: int, kind: str) -> dict[str, str]:
    """The headers of a picture."""
    height, width = frame.pixels.shape
    return {
        "Content-Type": kind,
        "Frame-Low": f"{low:.9g}",
        "Frame-High": f"{high:.9g}",
        "Frame-Width": str(width),
        "Frame-Height": str(height),
        "Frame-Step": str(step),
        "Frame-Images": str(frame.images),
        "Frame-Masked": f"{100 * frame.masked:.4g}",
    }


def _limits(frame: Frame, look: Look) -> tuple[float, float]:
    """The values of the first and of the last colour."""
    low, high = look.low, look.high
    if low is None or high is None:
        least, most = frame.limits(look.percentile)
        low, high = least if low is None else low, most if high is None else high
    return low, high if high > low else low + 1


def _binned(raised: Array, step: int) -> Array:
    """The values of squares of pixels: the largest that was measured in each, or the mean of such."""
    near = min(step, LARGEST)
    values = measured(_reduced(raised, near, np.maximum if raised.dtype.kind == "u" else np.fmax))
    if near == step:
        return values
    there = np.isfinite(values)
    total = _reduced(np.where(there, values, 0), step // near, np.add)
    count = _reduced(there.astype(np.float32), step // near, np.add)
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


def _reduced(found: Array, step: int, of: Any) -> Array:
    """Squares of an array, each as one; those at the end have what is left."""
    if step == 1:
        return found
    rows = found[::step].copy()
    for start in range(1, min(step, len(found))):
        part = found[start::step]
        of(rows[: len(part)], part, out=rows[: len(part)])
    both = rows[:, ::step].copy()
    for start in range(1, min(step, rows.shape[1])):
        part = rows[:, start::step]
        of(both[:, : part.shape[1]], part, out=both[:, : part.shape[1]])
    return both


def _numbered(values: Array, low: float, high: float, look: Look) -> Array:
    """The number of the colour of each value."""
    with np.errstate(all="ignore"):
        part = np.clip((values - low) / (high - low), 0, 1)
        if look.scale == "sqrt":
            part = np.sqrt(part)
        elif look.scale == "log":
            part = np.log1p(part * (high - low)) / np.log1p(high - low)
        numbers: Array = (part * (COLOURS - 1) + 0.5).astype(np.uint8)
    numbers[~np.isfinite(values)] = MASKED if look.masked else 0
    return numbers


@cache
def _palette(colours: str) -> bytes:
    """Red, green and blue of all colours, and of what they do not contain."""
    if colours.startswith("grey"):
        scale = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    else:
        with files("starbeam_data").joinpath("colours.npz").open("rb") as file, np.load(file) as tables:
            scale = tables[colours]
    chosen = scale[np.rint(np.linspace(0, 255, COLOURS)).astype(int)]
    chosen = chosen[::-1] if colours.endswith("_r") else chosen
    return bytes(np.concatenate([chosen, np.array([RED, PALE], np.uint8)]).tobytes())
