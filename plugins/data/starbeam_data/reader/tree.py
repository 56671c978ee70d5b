"""HDF5 files, walked link by link: HDF5 itself would follow a link into any file of the machine."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeAlias

import h5py

from starbeam.api.files import Files
from starbeam_data.reader import external, storage
from starbeam_data.reader.opened import Opened
from starbeam_data.reader.refusal import Broken, Refusal
from starbeam_data.reader.renamed import nameable
from starbeam_data.reader.text import REPLACED, readable
from starbeam_data.reader.virtual import Source, Virtual, grows

Entity: TypeAlias = Any
"""A group, a data set or a data type: h5py carries no types."""
Link: TypeAlias = Any
"""A soft or an external link."""

MOST_STEPS = 100
"""Links that one path may lead over."""
DEPTH = 4
"""How many virtual data sets may lie behind each other."""


class Tree:
    """One HDF5 file and those that it leads into. Only files below the configured folders are opened."""

    def __init__(self, files: Files, main: str) -> None:
        self.opened = Opened(files)
        try:
            self.main = self.opened.file(main)
        except BaseException:
            self.close()
            raise

    @property
    def others(self) -> dict[str, str]:
        """Files beside the main one that the answer depends on, and what they were."""
        return self.opened.others

    def close(self) -> None:
        """Close all files."""
        self.opened.close()

    def find(self, path: str, resolve_links: str = "only_valid") -> Entity | Link:
        """The node at a path, or a link that is not to be resolved, or cannot be.

        `resolve_links`: `none`, `only_valid`, or `all`, with which a broken link is a `Refusal`, as is a path
        that is not there.
        """
        if not path or "\0" in path:
            raise Refusal(404, f"{path!r} is not a valid path in the file")
        parts = _parts(path)
        group = _Walk(self, path).along(self.main["/"], parts[:-1])
        return self.child(group, _stored(group, parts[-1]), path, resolve_links) if parts else group

    def child(
        self, group: Entity, name: str | bytes, path: str, resolve_links: str = "only_valid"
    ) -> Entity | Link:
        """The same for what has this name in a group; `path` is for error messages."""
        link = link_of(group, name)
        if link is None:
            raise Refusal(404, f"{path} is not a valid path in the file")
        if isinstance(link, h5py.HardLink):
            return self._given(group[name], path)
        if resolve_links == "none":
            return link
        try:
            return self._given(_Walk(self, path).through(group, name, link), path)
        except (Refusal, OSError, KeyError, RuntimeError):
            if resolve_links == "all" or not isinstance(link, h5py.SoftLink | h5py.ExternalLink):
                raise Broken(path) from None
            return link

    def check(self, dataset: h5py.Dataset, path: str) -> None:
        """Refuse values that lie outside of the configured folders, or that nothing here can read."""
        try:
            _ = dataset.found if isinstance(dataset, Elsewhere) else self._readable(dataset)
        except Broken:
            raise Broken(path) from None

    def _given(self, entity: Entity, path: str) -> Entity:
        """What is given out: HDF5 is not asked for what it would look for in other files by itself. Raises
        `Refusal` for what would have no shape."""
        if not isinstance(entity, h5py.Dataset):
            return entity
        if not (entity.is_virtual or external.is_external(entity)):
            return nameable(entity)
        given = Elsewhere(entity, lambda: self._readable(entity))
        if grows(entity):
            self.check(given, path)
        return given

    def _readable(self, dataset: h5py.Dataset, depth: int = 0) -> Source:
        """The same values, such that reading them opens nothing that is not checked. Raises `Refusal`."""
        storage.check(dataset)
        if dataset.is_virtual:
            if depth > DEPTH:
                raise Refusal(422, "This data set is put together of too many others")
            return Virtual(dataset, lambda file, path: self._source(dataset, file, path, depth))
        if external.is_external(dataset):
            return external.stand_in(dataset, self.opened)
        return dataset

    def _source(self, dataset: h5py.Dataset, name: str, path: str, depth: int) -> Source | None:
        """What a virtual data set names; None for what is not there, where HDF5 has fill values."""
        file = dataset.file if name == "." else self.opened.named(dataset, name, strict=True)
        if file is None:
            return None
        try:
            found = _Walk(self, path, strict=True).along(file["/"], _parts(path))
        except Broken:
            raise
        except Refusal:
            return None
        if not isinstance(found, h5py.Dataset):
            raise Broken(dataset.name or "/")
        return self._readable(found, depth + 1)


class Elsewhere(h5py.Dataset):  # type: ignore[misc]
    """A data set whose values lie in other data sets or files, which are found when they are asked for."""

    def __init__(self, dataset: h5py.Dataset, find: Callable[[], Source]) -> None:
        super().__init__(dataset.id)
        self._find = find

    @cached_property
    def found(self) -> Source:
        """What has the values. Raises `Refusal`."""
        return self._find()

    @property
    def shape(self) -> tuple[int, ...] | None:
        """How many values there are along each axis."""
        shape: tuple[int, ...] | None = self.found.shape if grows(self) else super().shape
        return shape

    @property
    def ndim(self) -> int:
        """How many axes there are."""
        return len(self.shape or ())

    @property
    def size(self) -> int | None:
        """How many values there are."""
        return None if self.shape is None else math.prod(self.shape)

    def __getitem__(self, key: Any, new_dtype: Any = None) -> Any:
        """Values."""
        return self.found[key]

    def read_direct(self, target: Any, where: Any = None, into: Any = None) -> None:
        """Values into an array."""
        self.found.read_direct(target, where)


class _Walk:
    """From a group along the names of a path, over all links on the way; `strict` below virtual data sets."""

    def __init__(self, tree: Tree, path: str, *, strict: bool = False) -> None:
        self._tree = tree
        self._path = path
        self._strict = strict
        self._steps = 0

    def along(self, start: Entity, parts: list[str]) -> Entity:
        """The entity at the end. Raises `Refusal`."""
        found = start
        for shown in parts:
            part = _stored(found, shown)
            link = link_of(found, part)
            if link is None:
                raise Refusal(404, f"{self._path} is not a valid path in the file")
            found = found[part] if isinstance(link, h5py.HardLink) else self.through(found, part, link)
        return found

    def through(self, group: Entity, name: str | bytes, link: Any) -> Entity:
        """The entity that a link of a group leads to. Raises `Refusal`."""
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise Broken(self._path)
        start: Entity = None
        if isinstance(link, h5py.SoftLink):
            start = group.file["/"] if link.path.startswith("/") else group
        elif isinstance(link, h5py.ExternalLink):
            start = self._tree.opened.named(group, link.filename, strict=self._strict)
        if start is None:
            raise Broken(self._path)
        return self.along(start["/"] if isinstance(start, h5py.File) else start, _parts(link.path))


def link_of(group: Entity, name: str | bytes) -> Any:
    """The link of a name in a group, or None where there is none. (h5py's own way takes no name that is not
    UTF-8.)"""
    raw = name.encode() if isinstance(name, str) else name
    if not isinstance(group, h5py.Group) or not group.id.links.exists(raw):
        return None
    links = group.id.links
    kind = links.get_info(raw).type
    if kind == h5py.h5l.TYPE_HARD:
        return h5py.HardLink()
    if kind == h5py.h5l.TYPE_SOFT:
        return h5py.SoftLink(readable(links.get_val(raw)))
    if kind == h5py.h5l.TYPE_EXTERNAL:
        file, path = links.get_val(raw)
        return h5py.ExternalLink(os.fsdecode(file), readable(path))
    return _UNKNOWN  # of a kind that somebody defined


_UNKNOWN = object()


def _stored(group: Entity, name: str) -> str | bytes:
    """The name in a group of what clients see under this one."""
    if REPLACED not in name or not isinstance(group, h5py.Group):
        return name
    return next((one for one in group if readable(one) == name), name)


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]
