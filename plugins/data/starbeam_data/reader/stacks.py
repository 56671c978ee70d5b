"""Where detector images lie in HDF5 files: found by what a file holds, whatever wrote it.

A stack is a data set of numbers whose last two axes are those of an image. The axis before them is that of
frames. Where there is one more, of channels (thresholds), it comes after that of frames, and the first
channel is the image.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np

from starbeam_data.protocol import Image
from starbeam_data.reader.refusal import MISSING_IMAGE, Refusal
from starbeam_data.reader.tree import Entity, Link, Tree

FIRST = "/entry/data"
"""Where most detectors put their images."""
MOST_GROUPS, DEPTH = 200, 4
"""How many groups are searched for images, and how deep."""
SMALLEST = 4
"""Rows and columns that an image has at least, which lies anywhere else: there are matrices, too."""
_BESIDE = re.compile(r"mask|flat|dark|white|error|weight|pedestal|background", re.IGNORECASE)
"""Names of what has the shape of the images and is about all of them."""


@dataclass(frozen=True)
class Frame:
    """One image: its data set, its place along the axes before the last two, and the path of its entry."""

    dataset: Any
    index: tuple[int, ...]
    entry: str

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        height, width = self.dataset.shape[-2:]
        return height, width


def frame(tree: Tree, job: Image) -> Frame:
    """The image of this number, or at this place where the file counts none itself. Raises `Refusal`."""
    for path, group in _groups(tree):
        if (found := _chosen(_stacks(tree, path, group), job)) is not None:
            dataset, number = found
            tree.check(dataset, dataset.name)
            return Frame(dataset, (number, 0)[: dataset.ndim - 2], "/".join(path.split("/")[:2]))
    raise Refusal(404, MISSING_IMAGE)


def _chosen(stacks: Iterator[tuple[str, Any]], job: Image) -> tuple[Any, int] | None:
    """The stack of a group that holds an image, and the image's place in it; None in a group without stacks.

    Raises `Refusal` where the group has images, but not this one.
    """
    seen, counted = dict[str, Any](), False
    for name, stack in stacks:
        own = _own_numbers(stack)
        if job.number is not None and own is not None:
            if job.number in own:
                return stack, job.number - own.start
            counted = True
        seen[name] = stack
    if counted:
        raise Refusal(404, MISSING_IMAGE)
    place = job.frame
    for stack in _series(seen):
        if 0 <= place < _length(stack):
            return stack, place
        place -= _length(stack)
    if any(seen.values()):
        raise Refusal(404, MISSING_IMAGE)
    return None


def _series(stacks: dict[str, Any]) -> Iterator[Any]:
    """Those stacks of a group that continue each other, up to one that is missing: `data` alone, which may be
    put together of the others; else those named like the largest, in the order of their numbers."""
    there = [name for name, stack in stacks.items() if stack is not None and not _BESIDE.search(name)]
    if not there:
        return
    first = "data" if "data" in there else max(there, key=lambda name: _size(stacks[name]))
    alike = [name for name in stacks if _without_digits(name) == _without_digits(first)]
    for name in sorted(alike, key=lambda name: (len(name), name)):
        if stacks[name] is None:
            return
        yield stacks[name]


def _size(stack: Any) -> tuple[bool, int]:
    return stack.ndim > 2, stack.shape[-1] * stack.shape[-2]


def _without_digits(name: str) -> str:
    return re.sub(r"\d+", "#", name)


def _length(stack: Any) -> int:
    """How many images there are."""
    return 1 if stack.ndim == 2 else int(stack.shape[0])


def _own_numbers(stack: Any) -> range | None:
    """The numbers that a stack gives its images."""
    if stack is None:
        return None
    low, high = (_integer(stack.attrs.get(f"image_nr_{end}")) for end in ("low", "high"))
    return None if low is None or high is None else range(low, min(high + 1, low + _length(stack)))


def _integer(value: Any) -> int | None:
    number = np.asarray(value)
    if number.size != 1 or number.dtype.kind not in "iuf" or not np.isfinite(number).all():
        return None
    return int(number.reshape(-1)[0])


def _groups(tree: Tree) -> Iterator[tuple[str, Entity]]:
    """The groups of a file with their paths: where most images are, then from the top down."""
    with suppress(Refusal):
        yield FIRST, tree.find(FIRST)
    waiting, seen = deque([("", tree.main["/"])]), set[int]()
    while waiting and len(seen) < MOST_GROUPS:
        path, group = waiting.popleft()
        if hash(group.id) in seen:
            continue
        seen.add(hash(group.id))
        yield path, group
        if path.count("/") < DEPTH:
            below = ((f"{path}/{name}", _child(tree, group, name)) for name in group)
            waiting += [(name, child) for name, child in below if isinstance(child, h5py.Group)]


def _stacks(tree: Tree, path: str, group: Entity) -> Iterator[tuple[str, Any]]:
    """The stacks of a group, and None for links that lead nowhere."""
    for name in group if isinstance(group, h5py.Group) else ():
        child = _child(tree, group, name)
        if isinstance(child, h5py.SoftLink | h5py.ExternalLink):
            yield name, None
        elif _is_stack(child) and (path == FIRST or _is_likely(path, child)):
            yield name, child


def _is_stack(found: Any) -> bool:
    if not isinstance(found, h5py.Dataset) or found.shape is None or not 2 <= found.ndim <= 4:
        return False
    try:
        numbers = found.dtype.kind in "biuf"
    except TypeError:  # of a type that NumPy lacks
        return False
    return numbers and all(found.shape[1 - found.ndim :])


def _is_likely(path: str, stack: Any) -> bool:
    """Whether a stack that lies anywhere is one of images: large enough, and a single one near the top, or
    among data."""
    near = path.count("/") < 2 or path.rsplit("/", 1)[-1].startswith("data")
    return min(stack.shape[-2:]) >= SMALLEST and (stack.ndim > 2 or near)


def _child(tree: Tree, group: Entity, name: str) -> Entity | Link:
    """What has this name in a group; a link that leads nowhere itself; None for what nobody knows."""
    try:
        return tree.child(group, name, name)
    except (Refusal, OSError, KeyError, RuntimeError):
        return None
