"""What is said of nodes of HDF5 files, in the words of h5grove. What cannot be described hides no other."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

import h5py
from h5grove.utils import get_filters, get_type_metadata

from starbeam_data.reader.refusal import FAULTS
from starbeam_data.reader.text import readable
from starbeam_data.reader.tree import Entity, Link


def node(name: str, found: Entity | Link | None) -> dict[str, Any]:
    """A node, without what is in it; of what is damaged, or of a kind that nobody knows, the name."""
    for kind, words, more in _KINDS:
        if isinstance(found, kind):
            return {"name": name, "kind": words, **more(found)}
    return {"name": name, "kind": "other"}


def child(name: str, found: Entity | Link | None) -> dict[str, Any]:
    """The same for one of many, where damage is no reason to say nothing."""
    try:
        return node(name, found)
    except FAULTS:
        return node(name, None)


def kind_of(of: Any) -> dict[str, Any]:
    """A type. Those that NumPy lacks (times, integers of 128 bits …) are so many bytes in its words."""
    try:
        return dict(get_type_metadata(of))
    except FAULTS:
        said = {"class": of.get_class(), "dtype": _in_numpy(of), "size": of.get_size()}
    if isinstance(of, h5py.h5t.TypeEnumID):
        numbers = range(of.get_nmembers())
        values = {readable(of.get_member_name(number)): of.get_member_value(number) for number in numbers}
        return {**said, "base": kind_of(of.get_super()), "members": values}
    if isinstance(of, h5py.h5t.TypeCompoundID):
        members = [
            {"name": readable(of.get_member_name(number)), **kind_of(of.get_member_type(number))}
            for number in range(of.get_nmembers())
        ]
        return {**said, "dtype": {one["name"]: one["dtype"] for one in members}, "members": members}
    return said


def _in_numpy(of: Any) -> str:
    try:
        return str(of.dtype.str)
    except FAULTS:
        return f"|V{of.get_size()}"


def _attributes(found: Entity) -> dict[str, Any]:
    ids = {readable(name): found.attrs.get_id(name) for name in found.attrs}
    return {
        "attributes": [
            {"name": name, "shape": one.shape, "type": kind_of(one.get_type())}
            for name, one in sorted(ids.items(), key=itemgetter(0))
        ]
    }


def _dataset(found: h5py.Dataset) -> dict[str, Any]:
    return {
        **_attributes(found),
        "chunks": found.chunks,
        "filters": get_filters(found),
        "shape": found.shape,
        "type": kind_of(found.id.get_type()),
    }


def _datatype(found: h5py.Datatype) -> dict[str, Any]:
    return {**_attributes(found), "type": kind_of(found.id)}


def _soft_link(found: h5py.SoftLink) -> dict[str, Any]:
    return {"target_path": found.path}


def _external_link(found: h5py.ExternalLink) -> dict[str, Any]:
    return {"target_file": found.filename, "target_path": found.path}


_KINDS = (
    (h5py.Group, "group", _attributes),
    (h5py.Dataset, "dataset", _dataset),
    (h5py.Datatype, "datatype", _datatype),
    (h5py.SoftLink, "soft_link", _soft_link),
    (h5py.ExternalLink, "external_link", _external_link),
)
