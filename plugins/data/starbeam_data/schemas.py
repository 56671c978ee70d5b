"""What the operations answer."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class ImageHistogram(msgspec.Struct):
    """How often which values occur in an image."""

    values: Annotated[list[int], Meta(title="Values", description="Counts")]
    bins: Annotated[list[int], Meta(title="Bins", description="Edges, one more than values")]
    shape: Annotated[list[int], Meta(title="Shape", description="The number of values")]
    max: Annotated[float, Meta(title="Max", description="The largest count")]


class PlaneHistogram(msgspec.Struct):
    """How often which values occur in two dimensions of a data set, but for the thousandths at both ends."""

    values: Annotated[list[int], Meta(title="Values", description="Counts")]
    bins: Annotated[list[float], Meta(title="Bins", description="Edges, one more than values")]
    shape: Annotated[list[int], Meta(title="Shape", description="The number of values")]
    max: Annotated[float, Meta(title="Max", description="The largest count")]


class FrameValues(msgspec.Struct):
    """A window of pixels, row after row."""

    x: Annotated[int, Meta(title="X", description="The first column, from 0")]
    y: Annotated[int, Meta(title="Y", description="The first row, from 0")]
    width: Annotated[int, Meta(title="Width", description="Columns of the whole frame")]
    height: Annotated[int, Meta(title="Height", description="Rows of the whole frame")]
    values: Annotated[
        list[list[float | None]], Meta(title="Values", description="As the file holds them; null for NaN")
    ]
    masked: Annotated[
        list[list[bool]], Meta(title="Masked", description="Whether the detector measured nothing there")
    ]
