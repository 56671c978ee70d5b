"""What a request asks for, before any file is looked at."""

from __future__ import annotations

import re

from starbeam.api import Invalid
from starbeam_data.protocol import Part

FORMATS = ("json", "bin", "npy", "csv", "tiff")
DTYPES = ("origin", "safe")
LINKS = {"only_valid": "only_valid", "all": "all", "none": "none", "true": "all", "false": "none"}

_INTEGER = r"\s*(-?\d{1,18})\s*"
_INDEX = re.compile(_INTEGER)
_SLICE = re.compile(rf"(?:{_INTEGER}|\s*):(?:{_INTEGER}|\s*)(?::(?:{_INTEGER}|\s*))?")


def one_of(name: str, value: str, known: tuple[str, ...]) -> str:
    """A value that is known. Raises `Invalid`."""
    if value not in known:
        raise Invalid(f"{value} is not a {name}: {', '.join(known)}")
    return value


def links(value: str) -> str:
    """Which links to resolve. Raises `Invalid`."""
    if (found := LINKS.get(value.lower())) is None:
        raise Invalid(f"{value} is no way to resolve links: only_valid, all, none")
    return found


def parts(selection: str | None) -> list[Part] | None:
    """What a NumPy-like selection takes along each axis, as in `3,:,0:10:2`. Raises `Invalid`."""
    return None if selection is None else [_part(text) for text in selection.split(",")]


def _part(text: str) -> Part:
    if index := _INDEX.fullmatch(text):
        return int(index[1])
    found = _SLICE.fullmatch(text)
    if found is None:
        raise Invalid(f"{text!r} is not an index or a slice, as in 3 or 0:10:2")
    start, stop, step = (None if one is None else int(one) for one in found.groups())
    if step is not None and step < 1:
        raise Invalid(f"The step of {text!r} is not positive")
    return start, stop, step
