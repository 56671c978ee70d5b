"""Nodes of HDF5 files, as h5grove shows them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import h5py
import numpy as np
from h5grove.encoders import encode
from h5grove.utils import convert, get_array_stats, is_numeric_data

from starbeam_data.protocol import Attributes, Metadata, Part, Paths, Statistics, Values
from starbeam_data.reader import answer, describe, renamed
from starbeam_data.reader.answer import Answer
from starbeam_data.reader.refusal import FAULTS, WRONG_KIND, Broken, Refusal
from starbeam_data.reader.slabs import chosen
from starbeam_data.reader.text import readable
from starbeam_data.reader.tree import Entity, Link, Tree, link_of

MOST_DESCRIBED = 10_000
"""Members of a group that are described: this takes up to a millisecond each. The others are named."""
NOT_NUMBERS = "The data set does not hold numbers"
_NARROW = {"i": "<i4", "u": "<u4"}


def attributes(tree: Tree, job: Attributes, most: int) -> Answer:
    """The values of a node's attributes."""
    node = tree.find(job.path)
    if isinstance(node, h5py.SoftLink | h5py.ExternalLink):
        raise Refusal(422, WRONG_KIND)
    there = {readable(name): name for name in node.attrs}
    for key in job.keys or ():
        if key not in there:
            raise Refusal(404, f"There is no attribute {key}")
    names = there if job.keys is None else job.keys
    return answer.json({name: attribute(node, there[name]) for name in names}, most)


def attribute(node: Entity, name: str) -> Any:
    """The value of an attribute, or None where it cannot be read: it hides no other."""
    for read in (_plainly, renamed.attribute):
        with suppress(*FAULTS):
            return read(node, name)
    return None


def _plainly(node: Entity, name: str) -> Any:
    return node.attrs[name]


def values(tree: Tree, job: Values, most: int) -> Answer:
    """The values of a data set, or of a part of it."""
    dataset = dataset_at(tree, job.path)
    if dataset.shape is None:
        return _encoded(dataset[()], job, most)
    if job.format == "bin" and (dtype := _binary(dataset, job)) is not None:
        return answer.values(dataset, chosen(job.selection, dataset.shape)[0], dtype, most)
    found = part_of(dataset, job.selection, most)
    if job.dtype == "safe":
        found = _safe(found, job.narrow)
    return _encoded(np.ravel(found) if job.flatten and isinstance(found, np.ndarray) else found, job, most)


def statistics(tree: Tree, job: Statistics, most: int) -> Answer:
    """Least, largest and mean values of the finite numbers of a data set, or of a part of it."""
    dataset = dataset_at(tree, job.path)
    if dataset.dtype.base.kind not in "biuf" or dataset.shape is None:
        raise Refusal(422, NOT_NUMBERS)
    found = np.asarray(part_of(dataset, job.selection, most))
    return answer.json(get_array_stats(found[np.isfinite(found)]), most)


def metadata(tree: Tree, job: Metadata, most: int) -> Answer:
    """What a node is; of a group, what is in it too."""
    found = tree.find(job.path, job.resolve_links)
    said = describe.node(job.path.rstrip("/").rsplit("/", 1)[-1], found)
    if isinstance(found, h5py.Group):
        said["children"] = [
            describe.child(readable(name), _child(tree, found, name) if number < MOST_DESCRIBED else None)
            for number, name in enumerate(found)
        ]
    return answer.json(_flat(said) if job.flat else said, most)


def paths(tree: Tree, job: Paths, most: int) -> Answer:
    """The paths of a group and of everything below it; links are named and not followed."""
    base = tree.find(job.path)
    if not isinstance(base, h5py.Group):
        raise Refusal(422, WRONG_KIND)
    return answer.json(list(_below(base, "/" + job.path.strip("/"))), most)


def _below(base: h5py.Group, path: str) -> Iterator[str]:
    """Each group once, also where its links lead in a circle; without recursion, as deep as it may be."""
    seen = {hash(base.id)}
    waiting = [(base, path)]
    yield path
    while waiting:
        group, above = waiting.pop()
        for name in group:
            below = f"{above.rstrip('/')}/{readable(name)}"
            yield below
            child = _group(group, name)
            if child is not None and hash(child.id) not in seen:
                seen.add(hash(child.id))
                waiting.append((child, below))


def _group(group: h5py.Group, name: str | bytes) -> h5py.Group | None:
    """The group of this name in another; None for what is a link, no group, or damaged."""
    if isinstance(link_of(group, name), h5py.HardLink):
        raw = name.encode() if isinstance(name, str) else name
        with suppress(*FAULTS):
            return group[name] if h5py.h5o.get_info(group.id, raw).type == h5py.h5o.TYPE_GROUP else None
    return None


def dataset_at(tree: Tree, path: str) -> h5py.Dataset:
    """The data set at a path, whose values can be read. Raises `Refusal`."""
    found = tree.find(path)
    if isinstance(found, h5py.SoftLink | h5py.ExternalLink):
        raise Broken(path)
    if not isinstance(found, h5py.Dataset):
        raise Refusal(422, WRONG_KIND)
    tree.check(found, path)
    return found


def part_of(dataset: h5py.Dataset, selection: list[Part] | None, most: int) -> Any:
    """What a selection takes of a data set, in memory. Raises `Refusal`."""
    _, shape = chosen(selection, dataset.shape)
    answer.small_enough(math.prod(shape) * dataset.dtype.itemsize, most)
    return dataset[tuple(part if isinstance(part, int) else slice(*part) for part in selection or ())]


def _binary(dataset: h5py.Dataset, job: Values) -> np.dtype[Any] | None:
    """The type to send plain values in, or None for those that have to be read as a whole."""
    dtype: np.dtype[Any] = dataset.dtype
    if dtype.subdtype or dtype.kind not in "biufcVmM" or dtype.fields:
        return None
    return _safe(np.empty(0, dtype), job.narrow).dtype if job.dtype == "safe" else dtype


def _safe(found: Any, narrow: bool) -> Any:
    """Numbers in types that JavaScript has, little-endian."""
    if not is_numeric_data(found):
        raise Refusal(422, NOT_NUMBERS)
    if narrow and found.dtype.kind in _NARROW and found.dtype.itemsize == 8:
        return found.astype(_NARROW[found.dtype.kind])
    return convert(found, "safe")


def _encoded(found: Any, job: Values, most: int) -> Answer:
    """Values in the format that was asked for."""
    if job.format == "json":
        return answer.json(found, most)
    array = np.asarray(found)
    if not is_numeric_data(array) or (job.format == "tiff" and array.ndim != 2):
        raise Refusal(422, f"The format {job.format} does not fit these data")
    try:
        encoded = encode(array, job.format)
    except ValueError as error:
        raise Refusal(422, f"The format {job.format} does not fit these data") from error
    headers = {name: value for name, value in encoded.headers.items() if name != "Content-Length"}
    return answer.content(encoded.content, headers, most)


def _child(tree: Tree, group: h5py.Group, name: str) -> Entity | Link | None:
    """What has this name in a group; None where the file is damaged there, or nobody knows its kind."""
    try:
        return tree.child(group, name, name)
    except (Refusal, OSError, KeyError, RuntimeError):
        return None


def _flat(said: dict[str, Any]) -> dict[str, Any]:
    """The same in the form before h5grove 2: `type` is the kind of the node, `dtype` that of its values."""
    found = {**said, "type": said["kind"]}
    if "type" in said:
        found["dtype"] = said["type"]["dtype"]
    if "attributes" in said:
        found["attributes"] = [{**one, "dtype": one["type"]["dtype"]} for one in said["attributes"]]
    if "children" in said:
        found["children"] = [_flat(child) for child in said["children"]]
    return found
