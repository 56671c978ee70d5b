"""`/data/frames`: frames as pictures, whole or in tiles, and values of their pixels."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from litestar import Response, get
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter
from litestar.types import ControllerRouterHandler

from starbeam.api import Invalid, authenticated
from starbeam.api.lists import LARGEST, path_id
from starbeam_data.protocol import Fitted, Look, Numbers, Tile
from starbeam_data.routes.images import IMAGE_ERRORS, NO_IMAGE, Images
from starbeam_data.routes.sending import DataAnswer
from starbeam_data.schemas import FrameValues

MOST_ADDED = 100
MOST_LEVEL = 8
"""Tiles of this level have 256 by 256 pixels in each of theirs."""
WIDEST = 8192
WINDOW = 64
"""Pixels of the largest window of values along an axis."""

_FRAME = "/frames/{dataCollectionId:str}/{imageNumber:str}"
CollectionPath = Annotated[int, path_id("Data collection id")]
NumberPath = Annotated[int, path_id("As the beamline counts")]
Place = Annotated[int, PathParameter(ge=0, le=LARGEST, description="Which square, from 0")]
Sum = Annotated[
    int,
    QueryParameter(
        ge=1, le=MOST_ADDED, description="How many images are added, this one the first; fewer at the end"
    ),
]
Width = Annotated[int, QueryParameter(ge=1, le=WIDEST, description="Columns that the picture has at most")]
Scale = Literal["linear", "sqrt", "log"]
Colours = Literal["grey_r", "grey", "viridis", "magma"]
Pixel = Annotated[int, QueryParameter(ge=0, le=LARGEST, description="From 0, at the upper left")]
Length = Annotated[int, QueryParameter(ge=1, le=WINDOW, description="How many pixels")]
HEADERS = [
    ResponseHeader(name=name, description=description, documentation_only=True)
    for name, description in {
        "Frame-Low": "The value of the first colour",
        "Frame-High": "The value of the last colour",
        "Frame-Width": "Columns of the whole frame",
        "Frame-Height": "Rows of the whole frame",
        "Frame-Step": "How many pixels along an axis became one of the picture",
        "Frame-Images": "How many images were added",
        "Frame-Masked": "Per cent of the frame's pixels that were not measured",
    }.items()
]


HEADERS_OF_PLANE = [one for one in HEADERS if one.name != "Frame-Images"]


async def look(
    lo: Annotated[float | None, QueryParameter(description="Value of the first colour")] = None,
    hi: Annotated[float | None, QueryParameter(description="Value of the last colour")] = None,
    percentile: Annotated[
        float,
        QueryParameter(
            ge=50,
            le=100,
            description="Without `hi`, that of the measured pixels; without `lo`, what is left of 100",
        ),
    ] = 99.5,
    scale: Annotated[Scale, QueryParameter(description="From value to colour")] = "sqrt",
    map: Annotated[Colours, QueryParameter(description="Colour map; grey_r has dark spots")] = "grey_r",
    masked: Annotated[bool, QueryParameter(description="Tell what was not measured by its colour")] = True,
    overloads: Annotated[bool, QueryParameter(description="Tell overloaded pixels by their colour")] = True,
) -> Look:
    """How pixels become colours. Raises Invalid for limits that are none."""
    if not all(math.isfinite(one) for one in (lo or 0, hi or 0, percentile)):
        raise Invalid("Limits are finite numbers", ["query", "lo"])
    if lo is not None and hi is not None and lo >= hi:
        raise Invalid("The limits lo and hi are the wrong way round", ["query", "lo"])
    return Look(lo, hi, percentile, scale, map, masked, overloads)


@get(
    f"{_FRAME}/picture",
    tags=["Data"],
    access=authenticated,
    errors=IMAGE_ERRORS,
    media_type="image/png",
    response_description="The picture",
    response_headers=HEADERS,
    dependencies={"look": Provide(look)},
)
async def get_frame_picture(
    images: NamedDependency[Images],
    look: NamedDependency[Look],
    dataCollectionId: CollectionPath,
    imageNumber: NumberPath,
    width: Width = 1024,
    sum: Sum = 1,
) -> DataAnswer:
    """Get a detector image as a picture

    The first row is at the top. Of as many pixels as make one of the picture, the largest counts; beyond
    4 by 4, the mean of such.
    """
    return await images.sum(
        dataCollectionId,
        imageNumber,
        sum,
        lambda place, count, following: Fitted(*place, count, following, width, look),
    )


@get(
    f"{_FRAME}/thumbnail",
    tags=["Data"],
    access=authenticated,
    errors={404: NO_IMAGE},
    media_type="image/jpeg",
    response_description="The picture",
    response_headers=HEADERS,
)
async def get_frame_thumbnail(
    images: NamedDependency[Images], dataCollectionId: CollectionPath, imageNumber: NumberPath
) -> Response[Any]:
    """Get a detector image as a small picture

    At most 280 pixels wide and high, and 15 kB. Of an image whose file is there and cannot be read, or not
    yet, a picture (SVG) that says so: lists need not know.
    """
    return await images.thumbnail(dataCollectionId, imageNumber)


@get(
    f"{_FRAME}/tiles/{{level:str}}/{{column:str}}/{{row:str}}",
    tags=["Data"],
    access=authenticated,
    errors=IMAGE_ERRORS,
    media_type="image/png",
    response_description="The picture",
    response_headers=HEADERS,
    dependencies={"look": Provide(look)},
)
async def get_frame_tile(
    images: NamedDependency[Images],
    look: NamedDependency[Look],
    dataCollectionId: CollectionPath,
    imageNumber: NumberPath,
    level: Annotated[
        int, PathParameter(ge=0, le=MOST_LEVEL, description="0: each pixel; n: squares of 2ⁿ by 2ⁿ")
    ],
    column: Place,
    row: Place,
    sum: Sum = 1,
) -> DataAnswer:
    """Get a square of a detector image as a picture

    512 by 512 pixels, fewer at the right and at the bottom. Limits at percentiles are those of the whole
    image.
    """
    return await images.sum(
        dataCollectionId,
        imageNumber,
        sum,
        lambda place, count, following: Tile(*place, count, following, level, column, row, look),
    )


@get(
    f"{_FRAME}/values",
    tags=["Data"],
    access=authenticated,
    errors=IMAGE_ERRORS,
    responses={200: ResponseSpec(FrameValues, description="The values", generate_examples=False)},
)
async def get_frame_values(
    images: NamedDependency[Images],
    dataCollectionId: CollectionPath,
    imageNumber: NumberPath,
    x: Pixel,
    y: Pixel,
    w: Length = 1,
    h: Length = 1,
    sum: Sum = 1,
) -> DataAnswer:
    """Get the values of a window of a detector image"""
    return await images.sum(
        dataCollectionId,
        imageNumber,
        sum,
        lambda place, count, following: Numbers(*place, count, following, x, y, w, h),
    )


handlers: list[ControllerRouterHandler] = [
    get_frame_picture,
    get_frame_thumbnail,
    get_frame_tile,
    get_frame_values,
]
