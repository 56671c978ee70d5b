"""Images of CBF whose header fabio does not understand."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

_START = b"\x0c\x1a\x04\xd5"
"""Stands before the pixels."""
_SECTION = b"--CIF-BINARY-FORMAT-SECTION--"
_FIELD = re.compile(rb'(?:^|;)[ \t]*([\w-]+)[ \t]*[:=][ \t]*"?([^";\r\n]*)', re.MULTILINE)
_TEXT = re.compile(rb"_array_data\.header_contents?\s+;(.*?)^;", re.DOTALL | re.MULTILINE)


def read(content: bytes) -> tuple[np.ndarray[Any, Any], dict[str, Any]]:
    """The image, and the text of the header, whatever that says. Raises KeyError and ValueError."""
    from fabio.cbfimage import DATA_TYPES
    from fabio.compression import decByteOffset

    head, _, packed = content.partition(_START)
    before, _, section = head.rpartition(_SECTION)
    said = {name.decode().lower(): value.decode("latin-1").strip() for name, value in _FIELD.findall(section)}
    if said["conversions"].lower() != "x-cbf_byte_offset" or len(packed) < int(said["x-binary-size"]):
        raise ValueError("not packed as is usual, or cut short")
    shape = int(said["x-binary-size-second-dimension"]), int(said["x-binary-size-fastest-dimension"])
    dtype = np.dtype(DATA_TYPES.get(said.get("x-binary-element-type", ""), "int32"))
    pixels = decByteOffset(packed[: int(said["x-binary-size"])], size=shape[0] * shape[1], dtype=dtype)
    text = _TEXT.search(before)
    return pixels.astype(dtype).reshape(shape), {"_array_data.header_contents": text[1] if text else b""}
