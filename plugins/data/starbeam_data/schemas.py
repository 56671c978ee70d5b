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
