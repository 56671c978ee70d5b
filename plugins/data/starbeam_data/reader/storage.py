"""What keeps the values of a data set from being read though the file is whole: said before reading."""

from __future__ import annotations

import math

import h5py

from starbeam_data.reader.opened import CHUNK_CACHE
from starbeam_data.reader.refusal import FAULTS, Refusal, TooLarge
from starbeam_data.reader.text import readable

_CLASSES = {
    h5py.h5t.INTEGER: "integers",
    h5py.h5t.FLOAT: "floating-point numbers",
    h5py.h5t.TIME: "times",
    h5py.h5t.COMPOUND: "compounds",
    h5py.h5t.ARRAY: "arrays",
    h5py.h5t.VLEN: "lists",
}


def check(dataset: h5py.Dataset) -> None:
    """Refuse a type that NumPy lacks, and chunks packed with a filter that this server lacks, or too large to
    unpack."""
    try:
        size = dataset.dtype.itemsize
    except FAULTS as error:
        kind = dataset.id.get_type()
        words = _CLASSES.get(kind.get_class(), "values")
        raise Refusal(422, f"This data set holds {words} of a type that cannot be read") from error
    if not dataset.chunks:
        return
    if math.prod(dataset.chunks) * size > CHUNK_CACHE:
        raise TooLarge("The chunks of this data set are too large")
    layout = dataset.id.get_create_plist()
    for place in range(layout.get_nfilters()):
        number, _, _, name = layout.get_filter(place)
        if not h5py.h5z.filter_avail(number):
            named = f"{readable(name)} ({number})" if name else number
            raise Refusal(422, f"This data set is packed with a filter that the server lacks: {named}")
