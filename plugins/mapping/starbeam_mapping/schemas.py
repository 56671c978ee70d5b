"""What the operations answer. A field that may have no value is null then, and always present."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class MapROI(msgspec.Struct):
    """A region of interest of a spectrum."""

    xrfFluorescenceMappingROIId: Annotated[int, Meta(title="Region Id")]
    element: Annotated[str | None, Meta(title="Element")]
    edge: Annotated[str | None, Meta(title="Edge")]
    scalar: Annotated[
        str | None, Meta(title="Scalar", description="Name of a counter, instead of an element")
    ]
    startEnergy: Annotated[float, Meta(title="Start Energy", description="In keV as a rule")]
    endEnergy: Annotated[float, Meta(title="End Energy", description="In keV as a rule")]


class MapGridInfo(msgspec.Struct):
    """The grid that a map was measured on."""

    gridInfoId: Annotated[int, Meta(title="Grid Id")]
    steps_x: Annotated[int, Meta(title="Steps X", description="Number of columns")]
    steps_y: Annotated[int, Meta(title="Steps Y", description="Number of rows")]
    snaked: Annotated[bool, Meta(title="Snaked", description="Every second row is measured backwards")]
    orientation: Annotated[str, Meta(title="Orientation", description="`horizontal` or `vertical`")]


class MapMetaData(msgspec.Struct):
    """Where a map's image is, and what it was measured on."""

    url: Annotated[str, Meta(title="URL", description="Address of the image")]
    blSampleId: Annotated[int | None, Meta(title="Sample Id")]
    blSubSampleId: Annotated[int | None, Meta(title="Sub Sample Id")]
    dataCollectionId: Annotated[int | None, Meta(title="Data Collection Id")]


class Map(msgspec.Struct):
    """A map, without its values."""

    xrfFluorescenceMappingId: Annotated[int, Meta(title="Map Id")]
    dataFormat: Annotated[str, Meta(title="Data Format", description="`json` or `json+gzip`")]
    points: Annotated[int | None, Meta(title="Points", description="Number of points measured")]
    opacity: Annotated[float | None, Meta(title="Opacity", description="For the client to apply")]
    colourMap: Annotated[str | None, Meta(title="Colour Map", description="A name that matplotlib knows")]
    GridInfo: MapGridInfo
    XRFFluorescenceMappingROI: MapROI
    metadata: MapMetaData = msgspec.field(name="_metadata")


class MapHistogram(msgspec.Struct):
    """How the values of a map are distributed."""

    xrfFluorescenceMappingId: Annotated[int, Meta(title="Map Id")]
    hist: Annotated[list[int], Meta(title="Counts", description="Number of points in each bin")]
    bins: Annotated[list[float], Meta(title="Bins", description="Centres of the bins")]
    width: Annotated[list[float], Meta(title="Widths", description="Widths of the bins")]


class MapPixelValue(msgspec.Struct):
    """The value of one pixel of a map."""

    xrfFluorescenceMappingId: Annotated[int, Meta(title="Map Id")]
    x: Annotated[int, Meta(title="X", description="Column, from 0 at the left")]
    y: Annotated[int, Meta(title="Y", description="Row, from 0 at the top")]
    value: Annotated[float, Meta(title="Value", description="-1 where nothing is measured")]
