"""Compounds whose members have names that are not UTF-8, of which h5py makes no NumPy type."""

from __future__ import annotations

from typing import Any

import h5py
import numpy as np

from starbeam_data.reader.refusal import FAULTS
from starbeam_data.reader.text import readable


class Renamed(h5py.Dataset):  # type: ignore[misc]
    """A data set of such compounds; the names are what can be read of them."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the values."""
        return renamed(self.id.get_type())

    def __getitem__(self, key: Any, new_dtype: Any = None) -> Any:
        """Values; all of them are read."""
        found = np.empty(self.shape, self.dtype)
        self.id.read(h5py.h5s.ALL, h5py.h5s.ALL, found, self.id.get_type())
        return found[key]


def nameable(dataset: h5py.Dataset) -> h5py.Dataset:
    """The same data set, with a NumPy type where only names stand against it."""
    try:
        _ = dataset.dtype
    except UnicodeDecodeError:
        return Renamed(dataset.id)
    except FAULTS:
        pass  # of a type that NumPy lacks
    return dataset


def attribute(node: Any, name: str | bytes) -> Any:
    """An attribute of such compounds."""
    stored = node.attrs.get_id(name)
    found = np.empty(stored.shape, renamed(stored.get_type()))
    stored.read(found, stored.get_type())
    return found[()]


def renamed(kind: Any) -> np.dtype[Any]:
    """The NumPy type of values as they are stored. Raises TypeError for those that are stored otherwise."""
    if not isinstance(kind, h5py.h5t.TypeCompoundID):
        found: np.dtype[Any] = np.dtype(kind.dtype)
        if found.hasobject or found.itemsize != kind.get_size():
            raise TypeError("values are stored otherwise")
        return found
    members = range(kind.get_nmembers())
    return np.dtype(
        {
            "names": [readable(kind.get_member_name(number)) for number in members],
            "formats": [renamed(kind.get_member_type(number)) for number in members],
            "offsets": [kind.get_member_offset(number) for number in members],
            "itemsize": kind.get_size(),
        }
    )
