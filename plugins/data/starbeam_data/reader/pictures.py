"""Files of images in formats that name no other file: those that fabio reads, and MRC.

fabio gets an opened stream of the file that was checked, and never a name.
"""

from __future__ import annotations

import bz2
import gzip
import os
import re
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import PurePath
from typing import Any

import numpy as np

from starbeam.api.files import Files
from starbeam_data.reader import cbf, mrc
from starbeam_data.reader.refusal import MISSING_IMAGE, Refusal, TooLarge

KINDS = {
    *(
        "cbf",
        "edf",
        "tif",
        "marccd",
        "pilatus",
        "mar345",
        "dtrek",
        "bruker",
        "bruker100",
        "ge",
        "oxd",
        "raxis",
    ),
    *("hipic", "kcd", "dm3", "pnm", "numpy", "mrc", "spe", "esperanto", "xcalibur", "jpeg", "jpeg2k"),
    *("fit2d", "fit2dmask", "fit2dspreadsheet"),
}
"""What is read. No HDF5, whose links lead anywhere, and no XML, whose entities do."""
BY_CONTENT = {"tif", "marccd", "pilatus", "jpeg", "jpeg2k", "numpy"}
"""Of these, what is read only where its first bytes say so: Pillow would try all formats that it knows."""
START = 212
"""Bytes that tell a format."""
UNPACK: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open}
NOWHERE = "/dev/null/image"
"""The name of all streams: nothing can lie beside it."""
NAMES_ANOTHER = b"edf_binaryfile"
"""Begins the keys of an EDF header that name another file, in any case."""
PIECE = 1 << 20
Read = Callable[[Any, int], tuple[Any, dict[str, Any]]]
"""Reads an image of a stream, and its header."""


class Picture:
    """A file of one image."""

    def __init__(self, files: Files, path: str, most: int) -> None:
        """Open it. Raises `Refusal`; of packed files, when they hold more than `most` bytes."""
        self.others = dict[str, str]()
        self.kind: str | None = None
        """The format, once something was read."""
        try:
            self._stream = _opened(files, path, most)
        except (OSError, EOFError, zlib.error) as error:
            raise Refusal(404, MISSING_IMAGE) from error
        self._name = PurePath(path).name

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def read(self, frame: int) -> tuple[np.ndarray[Any, Any], dict[str, Any]]:
        """An image and its header. Raises `Refusal` where there is none, or nothing here reads it."""
        kind = self.kind = self._kind()
        if frame < 0 or kind not in KINDS or (kind == "edf" and _names_another(self._stream)):
            raise Refusal(404, MISSING_IMAGE)
        for read in _readers(kind):
            if (found := self._attempt(read, frame)) is not None:
                return found
        raise Refusal(404, MISSING_IMAGE)

    def _attempt(self, read: Read, frame: int) -> tuple[np.ndarray[Any, Any], dict[str, Any]] | None:
        self._stream.seek(0)
        try:
            data, header = read(self._stream, frame)
        except Exception:  # each format fails in its own way
            return None
        if data is None or data.ndim != 2 or data.dtype.kind not in "biuf":
            return None
        return data, dict(header)

    def _kind(self) -> str | None:
        """The format, by the first bytes, else by the name."""
        from fabio.openimage import MAGIC_NUMBERS

        start = self._stream.read(START)
        self._stream.seek(0)
        if start.endswith(mrc.STAMP):
            return "mrc"
        said = next((kind for magic, kind in MAGIC_NUMBERS if start.startswith(magic)), None)
        if said is None:
            named = _named(self._name)
            return None if named in BY_CONTENT else named
        if said == "marccd/tif":
            return "marccd" if "mccd" in self._name.split(".") else "tif"
        if said == "edf" and re.search(r"\.ge\d*(\.gz|\.bz2)?$", self._name):
            return "ge"
        return str(said).split("/")[-1].lower()


def _readers(kind: str) -> list[Read]:
    """What may read a format: first the one that understands its header, then what shows the pixels of files
    whose header is odd."""
    others: dict[str, list[Read]] = {
        "cbf": [_odd_cbf],
        "tif": [_tiff],
        "pilatus": [partial(_by_fabio, "tif"), _tiff],
        "marccd": [partial(_by_fabio, "tif")],
    }
    before: dict[str, list[Read]] = {"tif": [_packbits]}
    if kind == "mrc":
        return [mrc.read]
    return [*before.get(kind, []), partial(_by_fabio, kind), *others.get(kind, [])]


def _by_fabio(kind: str, stream: Any, frame: int) -> tuple[Any, dict[str, Any]]:
    from fabio import fabioformats

    image = fabioformats.factory(f"{kind}image").read(stream)
    found = image.get_frame(frame) if frame else image
    return found.data, found.header


def _odd_cbf(stream: Any, frame: int) -> tuple[Any, dict[str, Any]]:
    if frame:
        raise IndexError(frame)
    return cbf.read(stream.read())


def _packbits(stream: Any, frame: int) -> tuple[Any, dict[str, Any]]:
    """TIFF packed with PackBits, of which fabio makes other pixels."""
    from PIL import Image

    with Image.open(stream, formats=["TIFF"]) as image:
        if image.info.get("compression") != "packbits":
            raise ValueError("packed otherwise")
    stream.seek(0)
    return _tiff(stream, frame)


def _tiff(stream: Any, frame: int) -> tuple[Any, dict[str, Any]]:
    """TIFF of compressed images, of which fabio reads the first only."""
    from PIL import Image

    with Image.open(stream, formats=["TIFF"]) as image:
        image.seek(frame)
        return np.asarray(image), {}


def _opened(files: Files, path: str, most: int) -> Any:
    from fabio import fabioutils

    pinned = files.pin(path)
    try:
        stream = fabioutils.File(f"/proc/self/fd/{pinned}")
    finally:
        os.close(pinned)
    if (unpack := UNPACK.get(PurePath(path).suffix)) is not None:
        with stream, unpack(stream) as packed:
            unpacked = packed.read(most + 1)
        if len(unpacked) > most:
            raise TooLarge(f"The file has more than {most} bytes")
        stream = fabioutils.BytesIO(unpacked)
    stream.name = NOWHERE
    return stream


def _named(name: str) -> str | None:
    """The one format that a name tells."""
    from fabio import fabioutils

    try:
        found = fabioutils.FilenameObject(filename=name).format
    except Exception:  # it raises what it likes for names that it does not understand
        return None
    return found[0].lower() if found and len(found) == 1 else None


def _names_another(stream: Any) -> bool:
    """Whether any header of an EDF file names another file. What looks so among the pixels counts, too."""
    before = b""
    while piece := stream.read(PIECE):
        if NAMES_ANOTHER in (before + piece).lower():
            return True
        before = piece[-len(NAMES_ANOTHER) :]
    stream.seek(0)
    return False
