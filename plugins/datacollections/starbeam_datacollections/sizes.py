"""How large pictures are."""

from __future__ import annotations

from PIL import Image, UnidentifiedImageError

from starbeam.api.files import Files


async def size(files: Files, path: str | None) -> tuple[int, int] | None:
    """Width and height of a picture, in pixels; nothing where it is not there, or is none."""
    return await files.run(_size, files, path) if path else None


def _size(files: Files, path: str) -> tuple[int, int] | None:
    place = files.locate(path)
    if place is None:
        return None
    try:
        with files.open(place) as opened, Image.open(opened, formats=("PNG", "JPEG")) as picture:
            return picture.size
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError):
        return None
