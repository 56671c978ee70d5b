"""Images of MRC files (MRC2014): of one image, of movies and of volumes, plane by plane."""

from __future__ import annotations

from typing import Any

import numpy as np

STAMP = b"MAP "
"""Stands 208 bytes after the start."""
LENGTH = 1024
"""Bytes of the header, before the extended one."""
_PIXELS = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2"}
"""Types by mode; others hold complex numbers, or halves of bytes."""
_HEADER = np.dtype(
    [
        *(
            (name, "i4")
            for name in ["nx", "ny", "nz", "mode", "nxstart", "nystart", "nzstart", "mx", "my", "mz"]
        ),
        *((name, "f4") for name in ["cell_a", "cell_b", "cell_c", "cell_alpha", "cell_beta", "cell_gamma"]),
        *((name, "i4") for name in ["mapc", "mapr", "maps"]),
        *((name, "f4") for name in ["dmin", "dmax", "dmean"]),
        *((name, "i4") for name in ["ispg", "nsymbt"]),
        ("extra", "V100"),
        *((name, "f4") for name in ["origin_x", "origin_y", "origin_z"]),
        ("map", "S4"),
        ("machst", "V4"),
        ("rms", "f4"),
        ("nlabl", "i4"),
        ("labels", "S80", (10,)),
    ]
)


def read(stream: Any, frame: int) -> tuple[np.ndarray[Any, Any], dict[str, Any]]:
    """A plane and the header. Raises KeyError, IndexError and ValueError."""
    raw = stream.read(LENGTH)
    little = int.from_bytes(raw[12:16], "little") < 256  # by the mode, as some lack the stamp
    header = np.frombuffer(raw, _HEADER.newbyteorder("<" if little else ">"))[0]
    if not 0 <= frame < header["nz"]:
        raise IndexError(frame)
    shape = int(header["ny"]), int(header["nx"])
    dtype = np.dtype(_PIXELS[int(header["mode"])]).newbyteorder("<" if little else ">")
    size = shape[0] * shape[1] * dtype.itemsize
    stream.seek(LENGTH + int(header["nsymbt"]) + frame * size)
    return np.frombuffer(stream.read(size), dtype).reshape(shape), _said(header)


def _said(header: Any) -> dict[str, Any]:
    """The numbers, and the lines of text that are used."""
    said = {name: header[name].item() for name in _HEADER.names or () if header[name].dtype.kind in "if"}
    lines = header["labels"][: max(int(header["nlabl"]), 0)]
    return {**said, **{f"label_{number}": line.decode("latin-1") for number, line in enumerate(lines, 1)}}
