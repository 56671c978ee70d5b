"""Opens a file as a program does that goes by its ending; raises when it is something else."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import fabio
import gemmi
import h5py
import numpy as np
from PIL import Image


def open_by_ending(file: Path) -> None:
    """Read all of a file."""
    OPENERS[file.suffix](file)


def _picture(kind: str) -> Callable[[Path], None]:
    def look(file: Path) -> None:
        with Image.open(file, formats=[kind]) as image:
            for page in range(getattr(image, "n_frames", 1)):
                image.seek(page)
                image.load()
            assert min(image.size) > 20

    return look


def _hdf5(file: Path) -> None:
    with h5py.File(file) as opened:
        default = opened[opened.attrs["default"]]
        data = default[default.attrs["default"]]
        signal = data[data.attrs["signal"]]
        assert signal[-1].size > 0


def _cbf(file: Path) -> None:
    with fabio.open(str(file)) as image:
        assert image.data.max() > 0


def _mtz(file: Path) -> None:
    assert gemmi.read_mtz_file(str(file)).nreflections > 50


def _numbers(file: Path) -> None:
    assert np.loadtxt(file).shape[1] in (2, 3)


def _csv(file: Path) -> None:
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert len(rows) > 100
    assert all(float(value) >= 0 for value in rows[-1].values())


class _Page(HTMLParser):
    """Notes the pictures of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.pictures.append(dict(attrs)["src"] or "")


def _html(file: Path) -> None:
    page = _Page()
    page.feed(file.read_text("utf-8"))
    assert page.pictures
    assert all((file.parent / picture).is_file() for picture in page.pictures)


def _text(file: Path) -> None:
    assert file.read_text("utf-8").endswith("\n")


OPENERS: dict[str, Callable[[Path], object]] = {
    ".xml": ElementTree.parse,
    ".cbf": _cbf,
    ".csv": _csv,
    ".dat": _numbers,
    ".efs": _numbers,
    ".h5": _hdf5,
    ".html": _html,
    ".jpeg": _picture("JPEG"),
    ".jpg": _picture("JPEG"),
    ".json": lambda file: json.loads(file.read_bytes()),
    ".log": _text,
    ".mtz": _mtz,
    ".png": _picture("PNG"),
    ".raw": _numbers,
    ".tiff": _picture("TIFF"),
}
"""By the endings of all files that are made."""
