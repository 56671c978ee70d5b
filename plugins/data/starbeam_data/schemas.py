"""What the operations answer."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta


class ImageHistogram(msgspec.Struct):
    """How often which values occur in an image."""

    bins: Annotated[list[int], Meta(title="Bins", description="Edges, one more than values")]
    max: Annotated[float, Meta(title="Max", description="The largest count")]
    shape: Annotated[list[Any], Meta(title="Shape", description="The number of values")]
    values: Annotated[list[int], Meta(title="Values", description="Counts")]
