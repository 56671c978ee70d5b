"""Which file holds an image, by the template that its data collection names files with."""

from __future__ import annotations

import re

_PRINTF = re.compile(r"%[-+ 0]*\d{0,2}(?:\.\d{1,2})?[hl]*[diu]")
_BRACES = re.compile(r"\{(?:0|[^\W\d]\w*)?(?::((?:.?[<>=^])?[-+ ]?0?\d{0,2}d?))?\}")
_HASHES = re.compile(r"#+")


def numbered(template: str, number: int) -> str | None:
    """The name of the file that an image has for itself: the field of a template, filled with its number.

    The field is in the manner of printf (`%04d`), or of Python (`{:04d}`), and there is only one; else it is
    the last row of `#`, which stand for digits. None where the template has no such field.
    """
    fields = [*_PRINTF.finditer(template), *_BRACES.finditer(template)]
    if not fields:
        fields = [*_HASHES.finditer(template)][-1:]
    if len(fields) != 1:
        return None
    (field,) = fields
    return template[: field.start()] + _filled(field, number) + template[field.end() :]


def _filled(field: re.Match[str], number: int) -> str:
    if field.re is _HASHES:
        return f"{number:0{len(field[0])}d}"
    if field.re is _BRACES:
        return format(number, field[1] or "")
    return field[0] % number
