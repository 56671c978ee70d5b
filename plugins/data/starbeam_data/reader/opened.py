"""The HDF5 files of one request. Each is opened by the descriptor that was checked, never by a name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin  # noqa: F401 - brings the filters

from starbeam.api.files import Files
from starbeam_data.identity import identity
from starbeam_data.reader.refusal import DAMAGED, FORBIDDEN, MISSING_FILE, NOT_HDF5, Broken, Refusal

CHUNK_CACHE = 256 << 20
"""Bytes of decompressed chunks that are kept, so that reading in blocks decompresses each once; also the
largest chunk that is read."""
MOST_NAMES = 4 << 20
"""Letters of all names by which the files of one request may lead to others: the server is told them."""
CACHE_SLOTS = 12_421
"""Places for chunks in it: a prime, as HDF5 wants it."""


class Opened:
    """Files that are open, and what names in them lead to. Only files below the configured folders are."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._open = dict[str, h5py.File]()
        self._folders = dict[str, Path]()
        self._descriptors = list[int]()
        self._named = 0
        self.others = dict[str, str]()
        """Files that names in files lead to, also those that are not there, and what they were when they were
        looked for."""

    def file(self, path: str) -> h5py.File:
        """The HDF5 file at a resolved path. Raises `Refusal`."""
        if path not in self._open:
            try:
                pinned = self._pinned(path)
            except OSError:
                raise Refusal(404, MISSING_FILE) from None
            self._folders[pinned] = Path(path).parent
            self._open[path] = opened_by(pinned)
        return self._open[path]

    def named(self, node: Any, name: str, *, strict: bool) -> h5py.File | None:
        """The HDF5 file that a node names; None where there is none. `strict`: whatever lies under the name
        must lie below the configured folders, also what is not opened.

        Raises `Broken` where it lies outside, or cannot be opened.
        """
        places = self._places(node, name)
        if name.startswith("/"):  # moved, with the file that names it
            places.append(str(self._folder(node) / Path(name).name))
        found = self._first(places, node, strict=strict)
        try:
            return None if found is None else self.file(found)
        except Refusal:
            raise Broken(node.name or "/") from None

    def raw(self, node: Any, name: str) -> str:
        """A path that opens the file of plain values that a node names. Raises `Broken`."""
        found = self._first(self._places(node, name), node, strict=True)
        try:
            pinned = self._pinned(found or "")
        except OSError:
            raise Broken(node.name or "/") from None
        if not os.access(pinned, os.R_OK):
            raise Broken(node.name or "/")
        return pinned

    def in_memory(self) -> h5py.File:
        """A new file in memory."""
        name = f"in memory {len(self._open)}"
        self._open[name] = h5py.File(name, "w", driver="core", backing_store=False)
        return self._open[name]

    def close(self) -> None:
        """Close all files."""
        for file in self._open.values():
            file.close()
        for descriptor in self._descriptors:
            os.close(descriptor)

    def _first(self, places: list[str], node: Any, *, strict: bool) -> str | None:
        """The first that is there, resolved; None where none is. Raises `Broken`."""
        found = list[str]()
        for place in places:
            there = os.path.lexists(place)
            self._note(real := os.path.realpath(place) if there else place)
            if there:
                found.append(real)
        judged = found if strict else found[:1]
        if not all(self._holds(one) for one in judged or places[:1]):
            raise Broken(node.name or "/")
        return found[0] if found else None

    def _places(self, node: Any, name: str) -> list[str]:
        """Where a name in a file leads to. HDF5 would look in the working directory too."""
        if name.startswith("/"):
            return [self._files.mapped(name), name]
        return [str(self._folder(node) / name)]

    def _folder(self, node: Any) -> Path:
        return self._folders[node.file.filename]

    def _holds(self, place: str) -> bool:
        try:
            return self._files.holds(Path(os.path.realpath(place)))
        except ValueError:  # a NUL in the name
            return False

    def _note(self, file: str) -> None:
        if file not in self.others:
            self._named += len(file)
            if self._named > MOST_NAMES:
                raise Refusal(422, "The file names too many others")
            self.others[file] = identity(file)

    def _pinned(self, path: str) -> str:
        return self._path(self._files.pin(path))

    def _path(self, descriptor: int) -> str:
        self._descriptors.append(descriptor)
        return f"/proc/self/fd/{descriptor}"


def opened_by(path: str) -> h5py.File:
    """An HDF5 file, also one that is being written (SWMR). Raises `Refusal`."""
    for swmr in (False, True):
        try:
            return h5py.File(path, "r", swmr=swmr, rdcc_nbytes=CHUNK_CACHE, rdcc_nslots=CACHE_SLOTS)
        except PermissionError:
            raise Refusal(403, FORBIDDEN) from None
        except OSError:
            if not h5py.is_hdf5(path):
                raise Refusal(422, NOT_HDF5) from None
    raise Refusal(422, DAMAGED)
