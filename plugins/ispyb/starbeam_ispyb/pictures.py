"""Pictures that rows name, smaller or in part, as clients ask for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

from starbeam.api import Invalid

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_PIXELS = 25_000_000
"""How many pixels a picture may have to be changed, and a part that is cut out."""
FURTHEST = 100_000
"""How far from the picture's corner a part may begin."""
FORMATS = ("JPEG", "PNG")

Box = tuple[int, int, int, int]
"""Left, upper, right and lower border in pixels."""
Change = Callable[[bytes], tuple[bytes, str] | None]
"""From a file's content to another picture and its media type; None where it cannot be changed."""


def smaller(size: int | None) -> Change | None:
    """At most `size` pixels either way, if that is asked."""
    return None if size is None else partial(_changed, size=size)


def cut_out(crop: str | None) -> Change | None:
    """The part `x,y,width,height`, if one is asked: in pixels from the top left corner, black where it lies
    outside of the picture. Raises `Invalid`."""
    if crop is None:
        return None
    try:
        x, y, width, height = map(int, crop.split(","))
    except ValueError:
        x = y = width = height = 0
    fits = max(abs(x), abs(y)) <= FURTHEST and width * height <= MOST_PIXELS
    if min(width, height) < 1 or not fits:
        said = f"crop is x,y,width,height in pixels, {MOST_PIXELS} of them at most"
        raise Invalid(said, ["query", "crop"])
    return partial(_changed, box=(x, y, x + width, y + height))


def _changed(content: bytes, *, size: int | None = None, box: Box | None = None) -> tuple[bytes, str] | None:
    from PIL import Image, ImageOps  # only where a picture is to be changed

    try:
        with Image.open(BytesIO(content), formats=FORMATS) as found:
            width, height = found.size
            if width * height > MOST_PIXELS or (size is not None and max(width, height) <= size):
                return None
            if size is not None:
                found.draft(None, (size, size))  # reads no more of a JPEG than is wanted
            picture = ImageOps.exif_transpose(found)  # as browsers show it
            return _saved(_made(picture, size, box), found.format or "")
    except Exception:  # whatever broken pictures raise: the client is sent the file
        return None


def _made(picture: Image, size: int | None, box: Box | None) -> Image:
    if picture.mode == "P":  # no colour lies between two of a palette
        picture = picture.convert("RGBA")
    if box is not None:
        picture = picture.crop(box)
    if size is not None:
        picture.thumbnail((size, size))
    return picture


def _saved(picture: Image, kind: str) -> tuple[bytes, str]:
    target = BytesIO()
    picture.save(target, kind, **({"quality": 90} if kind == "JPEG" else {"compress_level": 3}))
    return target.getvalue(), f"image/{kind.lower()}"
