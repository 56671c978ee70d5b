"""Units of lengths, as files write them."""

from __future__ import annotations

from typing import Any

import numpy as np

from starbeam_data.reader.refusal import FAULTS

METRE, ANGSTROM = 0, -10
"""Powers of ten, in metres."""
_LENGTHS = {
    **dict.fromkeys(("m", "meter", "metre"), METRE),
    **dict.fromkeys(("cm", "centimeter", "centimetre"), -2),
    **dict.fromkeys(("mm", "millimeter", "millimetre"), -3),
    **dict.fromkeys(("um", "\u00b5m", "\u03bcm", "micron", "micrometer", "micrometre"), -6),
    **dict.fromkeys(("nm", "nanometer", "nanometre"), -9),
    **dict.fromkeys(("a", "\u00e5", "angstrom", "\u00e5ngstr\u00f6m"), ANGSTROM),
    **dict.fromkeys(("pm", "picometer", "picometre"), -12),
}


def length(dataset: Any) -> int | None:
    """The unit that the attribute `units` of a data set names; None where it names no length."""
    try:
        said = np.ravel(dataset.attrs.get("units", ""))
    except FAULTS:
        return None
    name = _text(said[0]).strip().lower() if said.size == 1 else ""
    return _LENGTHS.get(name, _LENGTHS.get(name.removesuffix("s")))


def _text(value: Any) -> str:
    """Text, or bytes of it; what is not UTF-8 is Latin-1, as in `µm` of older programs."""
    raw = value.encode(errors="surrogateescape") if isinstance(value, str) else bytes(value)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
