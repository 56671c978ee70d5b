"""`/mapping`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, TypeVar

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from starbeam.api import Invalid, Missing, authenticated
from starbeam.api.database import Reader
from starbeam.api.http import asked, etag, unchanged
from starbeam.api.lists import LARGEST, Page, Paged, path_id
from starbeam_mapping import queries
from starbeam_mapping.histogram import histogram
from starbeam_mapping.image import BrokenMap, Stored, Values, image, values
from starbeam_mapping.queries import MAPS, REGIONS, MapFilters, RegionFilters
from starbeam_mapping.rendering import png
from starbeam_mapping.schemas import Map, MapHistogram, MapPixelValue, MapROI

T = TypeVar("T")
MapId = Annotated[int, path_id()]
Coordinate = Annotated[int | None, QueryParameter(ge=0, le=LARGEST)]
_ABSENT = {501: queries.ABSENT}
_ERRORS = {404: MAPS.missing, 422: "The request is not valid, or the map's data are not", **_ABSENT}


@get(
    "/mapping/rois", tags=["Mapping"], access=authenticated, errors=_ABSENT, dependencies=asked(RegionFilters)
)
async def get_map_rois(
    reader: NamedDependency[Reader], page: NamedDependency[Page], filters: NamedDependency[RegionFilters]
) -> Paged[MapROI]:
    """Get a list of regions of interest"""
    queries.require_maps(reader)
    return await reader.page(REGIONS, page, filters)


@get("/mapping", tags=["Mapping"], access=authenticated, errors=_ABSENT, dependencies=asked(MapFilters))
async def get_maps(
    reader: NamedDependency[Reader],
    api_root: NamedDependency[str],
    page: NamedDependency[Page],
    filters: NamedDependency[MapFilters],
) -> Paged[Map]:
    """Get a list of maps"""
    queries.require_maps(reader)
    return await reader.page(MAPS, page, filters, folder=f"{api_root}/mapping/")


@get(
    "/mapping/histogram/{xrfFluorescenceMappingId:str}",
    tags=["Mapping"],
    access=authenticated,
    errors=_ERRORS,
)
async def get_map_histogram(reader: NamedDependency[Reader], xrfFluorescenceMappingId: MapId) -> MapHistogram:
    """Get the histogram of a map"""
    counts, centres, widths = await _made(histogram, await queries.stored(reader, xrfFluorescenceMappingId))
    return MapHistogram(xrfFluorescenceMappingId, counts, centres, widths)


@get("/mapping/pixel/{xrfFluorescenceMappingId:str}", tags=["Mapping"], access=authenticated, errors=_ERRORS)
async def get_map_pixel_value(
    reader: NamedDependency[Reader],
    xrfFluorescenceMappingId: MapId,
    x: Coordinate = None,
    y: Coordinate = None,
) -> MapPixelValue:
    """Get the value of a pixel of a map"""
    if x is None or y is None:
        raise Invalid("Field required", ["query", "x" if x is None else "y"], "missing")
    made = await _made(_image, await queries.stored(reader, xrfFluorescenceMappingId))
    if y >= made.shape[0] or x >= made.shape[1]:
        raise Missing("Pixel not found")
    return MapPixelValue(xrfFluorescenceMappingId, x, y, float(made[y, x]))


@get(
    "/mapping/{xrfFluorescenceMappingId:str}",
    tags=["Mapping"],
    access=authenticated,
    errors=_ERRORS,
    media_type="image/png",
)
async def get_map(
    request: Request[Any, Any, Any], reader: NamedDependency[Reader], xrfFluorescenceMappingId: MapId
) -> Response[bytes]:
    """Get the image of a map"""
    return await picture(request, await queries.stored(reader, xrfFluorescenceMappingId))


async def picture(request: Request[Any, Any, Any], stored: Stored) -> Response[bytes]:
    """A map as a picture, or that the client has it already."""
    headers = {"ETag": await asyncio.to_thread(_tag, stored)}
    if unchanged(request, headers["ETag"]):
        return Response(b"", status_code=304, headers=headers)
    return Response(await _made(png, stored), headers=headers)


def _tag(stored: Stored) -> str:
    return etag(repr(replace(stored, data=None)).encode(), stored.data or b"")


def _image(stored: Stored) -> Values:
    return image(stored, values(stored))


async def _made(make: Callable[[Stored], T], stored: Stored) -> T:
    """What is made of a map, in a thread."""
    try:
        return await asyncio.to_thread(make, stored)
    except BrokenMap as error:
        raise Invalid(str(error)) from error


handlers = [get_map_rois, get_maps, get_map_histogram, get_map_pixel_value, get_map]
