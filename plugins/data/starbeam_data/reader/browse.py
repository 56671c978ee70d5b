"""What pages show of a node of an HDF5 file, and a plane of a data set as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import h5py
import numpy as np

from starbeam_data.protocol import Browse, Plane, PlaneHistogram
from starbeam_data.reader import answer, describe, grove, views
from starbeam_data.reader.answer import Answer
from starbeam_data.reader.decoded import Frame
from starbeam_data.reader.frames import native
from starbeam_data.reader.refusal import FAULTS, Refusal
from starbeam_data.reader.text import readable
from starbeam_data.reader.tree import Entity, Link, Tree, link_of

WORK = 4
"""How often a plane lies in memory while it is drawn."""
BESIDE = 100
"""Members of the group that a node is in, which are said with it."""
MOST_BESIDE = 100_000
"""In larger groups nodes have no neighbours: their names would all be read."""
MOST_TEXT = 1000
"""Letters of a text, and numbers of an attribute, that are shown."""
NO_PLANE = "A picture has two dimensions of numbers: ask for a part, as in 3,:,:"


def browse(tree: Tree, job: Browse, most: int) -> Answer:
    """What a node is, its attributes, and what is in it."""
    found = tree.find(job.path)
    said = describe.node(job.path.rstrip("/").rsplit("/", 1)[-1], found)
    said["attributes"] = [_attribute(found, one) for one in said.get("attributes", [])]
    if isinstance(found, h5py.Group):
        said["total"] = len(found)
        said["members"] = list(_members(tree, found, job.start, job.count))
    if isinstance(found, h5py.Dataset):
        said |= _values(tree, found, job)
    return answer.json(said | _beside(tree, job.path, not isinstance(found, h5py.Group)), most)


def plane(tree: Tree, job: Plane, most: int) -> Answer:
    """A part of two dimensions as a picture."""
    return views.whole(_plane(tree, job, most), job.width, job.look, most)


def histogram(tree: Tree, job: PlaneHistogram, most: int) -> Answer:
    """How often which values occur in such a part."""
    counts, edges = _plane(tree, job, most).histogram
    largest = max(counts, default=0)
    return answer.json({"bins": edges, "max": largest, "shape": [len(counts)], "values": counts}, most)


def _plane(tree: Tree, job: Plane | PlaneHistogram, most: int) -> Frame:
    """A part of two dimensions. The largest value of a type without a sign is a mark."""
    dataset = grove.dataset_at(tree, job.path)
    if dataset.shape is None or dataset.dtype.kind not in "biuf":
        raise Refusal(422, NO_PLANE)
    found = native(np.asarray(grove.part_of(dataset, job.selection, most // WORK)))
    if found.ndim != 2 or not found.size:
        raise Refusal(422, NO_PLANE)
    marked = found.dtype.kind == "u" and found.dtype.itemsize > 1
    return Frame(found, negative=marked, largest=marked)


def _beside(tree: Tree, path: str, listed: bool) -> dict[str, Any]:
    """The place of a node in the group that it is in, and the names of those before and after it; where they
    are listed, what is around it. Nothing for the file itself."""
    above, _, name = path.rstrip("/").rpartition("/")
    group = tree.find(above or "/") if name else None
    if group is None or len(group) > MOST_BESIDE:
        return {}
    names = [readable(one) for one in group]
    place = names.index(name)
    start = place - place % BESIDE
    return {
        "place": place,
        "level": len(names),
        "before": names[place - 1] if place else None,
        "after": names[place + 1] if place + 1 < len(names) else None,
        "beside": list(_members(tree, group, start, BESIDE)) if listed else None,
    }


def _members(tree: Tree, group: Entity, start: int, count: int) -> Iterator[dict[str, Any]]:
    """Some members with what they are; links with where they lead to, also those that lead nowhere."""
    for name in islice(group, start, start + count):
        link = link_of(group, name)
        found: Entity | Link | None = None
        try:
            found = tree.child(group, name, readable(name))
        except (Refusal, *FAULTS):
            pass
        said = describe.child(readable(name), found)
        yield {
            **{of: said.get(of) for of in ("name", "kind", "shape", "target_path", "target_file")},
            "type": said.get("type"),
            **_target(link),
            "broken": isinstance(link, h5py.SoftLink | h5py.ExternalLink) and said["kind"].endswith("_link"),
        }


def _target(link: Any) -> dict[str, str | None]:
    """Where a link leads to; nothing of what is no link."""
    if isinstance(link, h5py.ExternalLink):
        return {"target_file": readable(link.filename), "target_path": link.path}
    return {"target_file": None, "target_path": link.path if isinstance(link, h5py.SoftLink) else None}


def _attribute(node: Entity, said: dict[str, Any]) -> dict[str, Any]:
    names = {readable(name): name for name in node.attrs}
    return {**said, "value": _shown(grove.attribute(node, names[said["name"]]))}


def _values(tree: Tree, dataset: h5py.Dataset, job: Browse) -> dict[str, Any]:
    """The value of a scalar, or the first of a list; of more dimensions none."""
    try:
        tree.check(dataset, job.path)
        if dataset.shape is None or dataset.ndim > 1:
            return {}
        part = () if dataset.ndim == 0 else slice(job.start, job.start + job.count)
        return {"values": _shown(dataset[part], job.count)}
    except (Refusal, *FAULTS) as error:
        return {"unreadable": error.detail if isinstance(error, Refusal) else "The values cannot be read"}


def _shown(value: Any, most: int = MOST_TEXT) -> Any:
    """As much of a value as a page shows; what JSON has no words for as text."""
    if isinstance(value, h5py.Empty):
        return None
    if isinstance(value, np.ndarray):
        flat = value.ravel()[:most]
        return [_shown(one) for one in (flat if flat.dtype.fields else flat.tolist())]
    if isinstance(value, np.void):
        return str(value)
    if isinstance(value, np.generic):
        return _shown(value.item())
    if isinstance(value, bytes | str):
        return readable(value)[:MOST_TEXT]
    return value if isinstance(value, bool | int | float) else str(value)
