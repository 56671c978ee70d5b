"""Data sets whose values lie in plain files: HDF5 would open these by their names."""

from __future__ import annotations

import os

import h5py

from starbeam_data.reader.opened import Opened


def is_external(dataset: h5py.Dataset) -> bool:
    """Whether the values lie in other files."""
    return dataset.external is not None


def stand_in(dataset: h5py.Dataset, opened: Opened) -> h5py.Dataset:
    """The same data set in a file in memory, whose values lie in files that are checked. Raises `Broken`."""
    old, new = dataset.id.get_create_plist(), h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    for number in range(old.get_external_count()):
        name, offset, size = old.get_external(number)
        new.set_external(os.fsencode(opened.raw(dataset, os.fsdecode(name))), offset, size)
    file = opened.in_memory()
    h5py.h5d.create(file.id, b"values", dataset.id.get_type().copy(), dataset.id.get_space(), new)
    return file["values"]
