"""`/mapping`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, TypeVar

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from starbeam.access import authenticated
from starbeam.db.reader import Reader
from starbeam.http.conditional import etag, unchanged
from starbeam.paging import Page, Paged
from starbeam.params import LARGEST, path_id, query_id
from starbeam.refusals import Invalid, Missing, NotHeld
from starbeam.runtime import Runtime
from starbeam_mapping import queries
from starbeam_mapping.histogram import histogram
from starbeam_mapping.image import BrokenMap, Stored, Values, image, values
from starbeam_mapping.rendering import png
from starbeam_mapping.schemas import Map, MapHistogram, MapPixelValue, MapROI

T = TypeVar("T")
MapId = Annotated[int, path_id()]
Id = Annotated[int | None, query_id()]
Coordinate = Annotated[int | None, QueryParameter(ge=0, le=LARGEST)]
ABSENT = {501: "This database does not hold the data of maps"}
ERRORS = {404: "Map not found", **ABSENT}


@get("/mapping/rois", tags=["Mapping"], access=authenticated, errors=ABSENT)
async def get_map_rois(
    reader: NamedDependency[Reader],
    page: NamedDependency[Page],
    xrfFluorescenceMappingROIId: Id = None,
    blSampleId: Id = None,
) -> Paged[MapROI]:
    """Get a list of regions of interest"""
    _check(reader)
    return await queries.regions(
        reader, page, xrfFluorescenceMappingROIId=xrfFluorescenceMappingROIId, blSampleId=blSampleId
    )


@get("/mapping", tags=["Mapping"], access=authenticated, errors=ABSENT)
async def get_maps(
    reader: NamedDependency[Reader],
    runtime: NamedDependency[Runtime],
    page: NamedDependency[Page],
    xrfFluorescenceMappingId: Id = None,
    dataCollectionId: Id = None,
    dataCollectionGroupId: Id = None,
    blSampleId: Id = None,
    blSubSampleId: Id = None,
) -> Paged[Map]:
    """Get a list of maps"""
    _check(reader)
    return await queries.maps(
        reader,
        runtime.settings.server.api_root,
        page,
        xrfFluorescenceMappingId=xrfFluorescenceMappingId,
        dataCollectionId=dataCollectionId,
        dataCollectionGroupId=dataCollectionGroupId,
        blSampleId=blSampleId,
        blSubSampleId=blSubSampleId,
    )


@get(
    "/mapping/histogram/{xrfFluorescenceMappingId:str}", tags=["Mapping"], access=authenticated, errors=ERRORS
)
async def get_map_histogram(reader: NamedDependency[Reader], xrfFluorescenceMappingId: MapId) -> MapHistogram:
    """Get the histogram of a map"""
    counts, centres, widths = await _made(histogram, await _stored(reader, xrfFluorescenceMappingId))
    return MapHistogram(xrfFluorescenceMappingId, counts, centres, widths)


@get("/mapping/pixel/{xrfFluorescenceMappingId:str}", tags=["Mapping"], access=authenticated, errors=ERRORS)
async def get_map_pixel_value(
    reader: NamedDependency[Reader],
    xrfFluorescenceMappingId: MapId,
    x: Coordinate = None,
    y: Coordinate = None,
) -> MapPixelValue:
    """Get the value of a pixel of a map"""
    if x is None or y is None:
        raise Invalid("Field required", ["query", "x" if x is None else "y"], "missing")
    made = await _made(_image, await _stored(reader, xrfFluorescenceMappingId))
    if y >= made.shape[0] or x >= made.shape[1]:
        raise Missing("Pixel not found")
    return MapPixelValue(xrfFluorescenceMappingId, x, y, float(made[y, x]))


@get(
    "/mapping/{xrfFluorescenceMappingId:str}",
    tags=["Mapping"],
    access=authenticated,
    errors=ERRORS,
    media_type="image/png",
)
async def get_map(
    request: Request[Any, Any, Any], reader: NamedDependency[Reader], xrfFluorescenceMappingId: MapId
) -> Response[bytes]:
    """Get the image of a map"""
    stored = await _stored(reader, xrfFluorescenceMappingId)
    headers = {"ETag": await asyncio.to_thread(_tag, stored)}
    if unchanged(request, headers["ETag"]):
        return Response(b"", status_code=304, headers=headers)
    return Response(await _made(png, stored), headers=headers)


def _check(reader: Reader) -> None:
    if not queries.has_maps(reader.scope):
        raise NotHeld(ABSENT[501])


def _tag(stored: Stored) -> str:
    return etag(repr(replace(stored, data=None)).encode(), stored.data or b"")


def _image(stored: Stored) -> Values:
    return image(stored, values(stored))


async def _stored(reader: Reader, key: int) -> Stored:
    _check(reader)
    stored = await queries.stored(reader, key)
    if stored is None:
        raise Missing("Map not found")
    return stored


async def _made(make: Callable[[Stored], T], stored: Stored) -> T:
    """What is made of a map, in a thread."""
    try:
        return await asyncio.to_thread(make, stored)
    except BrokenMap as error:
        raise Invalid(str(error)) from error


handlers = [get_map_rois, get_maps, get_map_histogram, get_map_pixel_value, get_map]
