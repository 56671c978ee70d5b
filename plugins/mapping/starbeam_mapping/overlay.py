"""Maps of a data collection laid over its snapshot: what is asked for, and where everything lies."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from math import log1p
from typing import Annotated, Any, Literal

import msgspec

from starbeam.api import Missing
from starbeam.api.database import Reader
from starbeam.api.files import Files
from starbeam.api.lists import query, query_id
from starbeam_ispyb.snapshots import Box, Frame, around, frame, size
from starbeam_mapping import queries
from starbeam_mapping.histogram import histogram
from starbeam_mapping.image import BrokenMap, Stored, values
from starbeam_mapping.rendering import DEFAULT, LIGHTS
from starbeam_mapping.schemas import Map

HIGH = 40
"""How high a histogram is drawn, of a width of 100."""

MapKey = Annotated[int | None, query_id("A map to show")]
Opacity = Annotated[float | None, query("Of the map, in %", ge=0, le=100)]
Limit = Annotated[float | None, query("The value of the first colour, or of the last", ge=-1e300, le=1e300)]
Colours = Annotated[
    Literal["viridis", "gray", "magma", "cividis", ""] | None,
    query("The colours of a map alone; by default those that it was stored with"),
]


class Look(msgspec.Struct, frozen=True):
    """What somebody asks to see: up to three maps, and how each is shown."""

    map1: MapKey = None
    map2: MapKey = None
    map3: MapKey = None
    opacity1: Opacity = None
    opacity2: Opacity = None
    opacity3: Opacity = None
    low1: Limit = None
    low2: Limit = None
    low3: Limit = None
    high1: Limit = None
    high2: Limit = None
    high3: Limit = None
    colours: Colours = None
    beside: Annotated[bool, query("Beside each other, instead of over each other in colours")] = False


class Bars(msgspec.Struct):
    """A histogram."""

    path: str
    """Of SVG, in a box of 100 by `HIGH`."""
    first: float
    last: float
    """The values at its ends."""


class Layer(msgspec.Struct):
    """A map as it is shown."""

    number: int
    """From 1: that of its parameters."""
    map: Map
    opacity: float
    """In %."""
    low: float | None
    high: float | None
    colours: str
    bars: Bars | None
    """Nothing where there are no values, or all are the same."""
    broken: str
    """Why the map cannot be shown; empty for one that can."""
    frame: Frame
    """Where it lies."""


class Overlay(msgspec.Struct):
    """Maps, and the part of the picture that they lie on."""

    layers: list[Layer]
    view: Box
    picture: tuple[int, int] | None
    """Width and height; nothing where nobody knows where the maps lie on it."""
    microns: float | None
    """Of one pixel of it."""


async def overlay(reader: Reader, files: Files, key: int, maps: Sequence[Map], look: Look) -> Overlay:
    """What is asked for of the maps of a data collection. A statement, and one for each map that is shown."""
    chosen = _chosen({one.xrfFluorescenceMappingId: one for one in maps}, look)
    grids = await queries.placed(reader, key)
    if any(one.GridInfo.gridInfoId not in grids for one in chosen.values()):
        raise Missing(queries.MAPS.missing)
    shown = {number: grids[one.GridInfo.gridInfoId] for number, one in chosen.items()}
    picture = await size(files, next(iter(shown.values())).snapshot)
    found = {number: frame(grid, picture) for number, grid in shown.items()}
    first, at = next(iter(shown.values())), next(iter(found.values()))
    view: Box = 0, 0, first.columns or 1, first.rows or 1
    microns = None
    if picture is None or at is None or None in found.values():
        picture, found = None, {}
    else:
        view, microns = around(at, first, picture), (first.across or 0) * 1000 / at.across
    mixed = len(chosen) > 1 and not look.beside
    layers = [
        await _layer(reader, look, number, one, found.get(number), mixed) for number, one in chosen.items()
    ]
    return Overlay(layers, view, picture, microns)


def _chosen(maps: Mapping[int, Map], look: Look) -> dict[int, Map]:
    """The maps that are asked for, by their parameters' numbers. Raises Missing for one of elsewhere."""
    keys = {number: getattr(look, f"map{number}") for number in (1, 2, 3)}
    asked = {number: key for number, key in keys.items() if key is not None}
    if not asked:
        return {1: next(iter(maps.values()))}
    if not set(asked.values()) <= maps.keys():
        raise Missing(queries.MAPS.missing)
    return {number: maps[key] for number, key in asked.items()}


async def _layer(
    reader: Reader, look: Look, number: int, one: Map, place: Frame | None, mixed: bool
) -> Layer:
    asked: dict[str, Any] = {name: getattr(look, f"{name}{number}") for name in ("opacity", "low", "high")}
    if asked["opacity"] is None:
        asked["opacity"] = 100 if one.opacity is None else 100 * one.opacity
    colours = LIGHTS[number - 1] if mixed else look.colours or one.colourMap or DEFAULT
    stored = await queries.stored(reader, one.xrfFluorescenceMappingId)
    bars, broken = None, ""
    try:
        bars = await asyncio.to_thread(_bars, stored)
    except BrokenMap as fault:
        broken = str(fault)
    place = place or Frame(0, 0, 1, 1)
    return Layer(number, one, **asked, colours=colours, bars=bars, broken=broken, frame=place)


def _bars(stored: Stored) -> Bars | None:
    """How often values occur, logarithmically. Raises BrokenMap."""
    values(stored)  # which the histogram of what is no list of numbers does not tell
    counts, centres, widths = histogram(stored)
    if not counts:
        return None
    across, most = 100 / len(counts), log1p(max(counts))
    heights = [HIGH - HIGH * log1p(count) / most for count in counts]
    path = "".join(
        f"M{at * across:g} {HIGH}V{high:.1f}h{across:g}V{HIGH}"
        for at, high in enumerate(heights)
        if high < HIGH
    )
    return Bars(path, centres[0] - widths[0] / 2, centres[-1] + widths[-1] / 2)
