"""HDF5 files, walked link by link: HDF5 itself would follow a link into any file of the machine."""

from __future__ import annotations

import glob
import math
import os
from pathlib import Path
from typing import Any, TypeAlias

import h5py
import hdf5plugin  # noqa: F401 - brings the filters

from starbeam.files import Files
from starbeam_data.identity import identity
from starbeam_data.reader.refusal import DAMAGED, FORBIDDEN, MISSING_FILE, NOT_HDF5, Broken, Refusal, TooLarge

Entity: TypeAlias = Any
"""A group, a data set or a data type: h5py carries no types."""
Link: TypeAlias = Any
"""A soft or an external link."""

MOST_STEPS = 100
"""Links that one path may lead over."""
MOST_SOURCES = 10_000
"""Files that one virtual data set may be put together of."""
DEPTH = 4
"""How many virtual data sets may lie behind each other."""
CHUNK_CACHE = 256 << 20
"""Bytes of decompressed chunks that are kept, so that reading in blocks decompresses each once; also the
largest chunk that is read."""
CACHE_SLOTS = 12_421
"""Places for chunks in it: a prime, as HDF5 wants it."""


class Tree:
    """One HDF5 file and those that it leads into. Only files below the configured folders are opened."""

    def __init__(self, files: Files, main: str) -> None:
        self._files = files
        self._open: dict[str, h5py.File] = {}
        self.others: dict[str, str] = {}
        """Files beside the main one that the answer depends on, also those that are not there, and what they
        were when they were looked for."""
        self.main = self._opened(main)

    def close(self) -> None:
        """Close all files."""
        for file in self._open.values():
            file.close()

    def find(self, path: str, resolve_links: str = "only_valid") -> Entity | Link:
        """The node at a path, or a link that is not to be resolved, or cannot be.

        `resolve_links`: `none`, `only_valid`, or `all`, with which a broken link is a `Refusal`, as is a path
        that is not there.
        """
        parts = _parts(path)
        group = _Walk(self, path).along(self.main["/"], parts[:-1])
        return self.child(group, parts[-1], path, resolve_links) if parts else group

    def child(self, group: Entity, name: str, path: str, resolve_links: str = "only_valid") -> Entity | Link:
        """The same for what has this name in a group; `path` is for error messages."""
        link = link_of(group, name)
        if link is None:
            raise Refusal(404, f"{path} is not a valid path in the file")
        if isinstance(link, h5py.HardLink):
            return group[name]
        if resolve_links == "none":
            return link
        try:
            return _Walk(self, path).through(group, name, link)
        except (Refusal, OSError, KeyError, RuntimeError):
            if resolve_links == "all" or not isinstance(link, h5py.SoftLink | h5py.ExternalLink):
                raise Broken(path) from None
            return link

    def check(self, dataset: h5py.Dataset, depth: int = 0) -> None:
        """Refuse data that lies outside of the configured folders, or in chunks too large to unpack."""
        layout = dataset.id.get_create_plist()
        if dataset.chunks and math.prod(dataset.chunks) * dataset.dtype.itemsize > CHUNK_CACHE:
            raise TooLarge("The chunks of this data set are too large")
        for number in range(layout.get_external_count()):
            self._candidates(dataset, os.fsdecode(layout.get_external(number)[0]))
        if not dataset.is_virtual:
            return
        sources = {(source.file_name, source.dset_name) for source in dataset.virtual_sources()}
        if depth == DEPTH or len(sources) > MOST_SOURCES:
            raise Refusal(422, "This data set is put together of too many others")
        for file, name in sources:
            self._check_source(dataset, file, name, depth)

    def _check_source(self, dataset: h5py.Dataset, file: str, name: str, depth: int) -> None:
        """Refuse a source of a virtual data set from which HDF5 would be led outside."""
        files = [dataset.file.filename] if file == "." else self._candidates(dataset, file)
        for source in files:
            try:
                found = _Walk(self, name).along(self._opened(source)["/"], _parts(name))
            except Broken:
                raise
            except (Refusal, KeyError):  # not there yet: HDF5 puts fill values
                continue
            if isinstance(found, h5py.Dataset):
                self.check(found, depth + 1)

    def _candidates(self, node: Entity, name: str) -> list[str]:
        """The files that HDF5 may find under a name in a file. One that lies outside is a `Refusal`."""
        folder = Path(node.file.filename).parent
        places = {str(folder / name), str(Path("/") / name), str(folder / Path(name).name)}
        found = set[str]()
        for place in places:
            there = _numbered(place) if "%b" in place else [place]
            found |= {os.path.realpath(one) for one in there if os.path.lexists(one)}
        for one in found or {str(folder / name)}:
            self._note(one)
        if len(found) > MOST_SOURCES or not all(self._files.holds(Path(one)) for one in found):
            raise Broken(node.name or "/")
        return sorted(found)

    def linked(self, node: Entity, name: str) -> h5py.File | None:
        """The file that an external link names, or None where there is none."""
        folder = Path(node.file.filename).parent
        mapped = self._files.locate(name) if name.startswith("/") else None
        nearby = [folder / name, folder / Path(name).name]
        for place in [mapped] if mapped else nearby:
            real = os.path.realpath(place)
            self._note(real)
            if Path(real).is_file() and self._files.holds(Path(real)):
                return self._opened(real)
        return None

    def _note(self, file: str) -> None:
        if file not in self.others:
            self.others[file] = identity(file)

    def _opened(self, file: str) -> h5py.File:
        if file not in self._open:
            self._open[file] = _open(file)
        return self._open[file]


class _Walk:
    """From a group along the names of a path, over all links on the way."""

    def __init__(self, tree: Tree, path: str) -> None:
        self._tree = tree
        self._path = path
        self._steps = 0

    def along(self, start: Entity, parts: list[str]) -> Entity:
        """The entity at the end. Raises `Refusal`."""
        found = start
        for part in parts:
            link = link_of(found, part)
            if link is None:
                raise Refusal(404, f"{self._path} is not a valid path in the file")
            found = found[part] if isinstance(link, h5py.HardLink) else self.through(found, part, link)
        return found

    def through(self, group: Entity, name: str, link: Any) -> Entity:
        """The entity that a link of a group leads to. Raises `Refusal`."""
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise Broken(self._path)
        if isinstance(link, h5py.SoftLink):
            start = group.file["/"] if link.path.startswith("/") else group
        elif isinstance(link, h5py.ExternalLink) and (file := self._tree.linked(group, link.filename)):
            start = file["/"]
        else:
            raise Broken(self._path)
        return self.along(start, _parts(link.path))


def link_of(group: Entity, name: str) -> Any:
    """The link of a name in a group, or None where there is none."""
    if not isinstance(group, h5py.Group):
        return None
    try:
        return group.get(name, getlink=True)
    except TypeError:  # of a kind that somebody defined
        return _UNKNOWN


_UNKNOWN = object()


def _numbered(place: str) -> list[str]:
    """The files that a pattern with block numbers (`%b`) may name."""
    return glob.glob("*".join(map(glob.escape, place.split("%b"))))  # noqa: PTH207 - text, not a path


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def _open(file: str) -> h5py.File:
    """An HDF5 file, also one that is being written (SWMR). Raises `Refusal`."""
    for swmr in (False, True):
        try:
            return h5py.File(file, "r", swmr=swmr, rdcc_nbytes=CHUNK_CACHE, rdcc_nslots=CACHE_SLOTS)
        except FileNotFoundError:
            raise Refusal(404, MISSING_FILE) from None
        except PermissionError:
            raise Refusal(403, FORBIDDEN) from None
        except OSError:
            if not h5py.is_hdf5(file):
                raise Refusal(422, NOT_HDF5) from None
    raise Refusal(422, DAMAGED)
