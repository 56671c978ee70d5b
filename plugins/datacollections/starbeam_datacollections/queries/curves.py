"""Spots and resolution by image, of several data collections at once: SQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import Select, bindparam, case, func, select

from starbeam.api.database import Reader, Scope, statement
from starbeam_datacollections.models import ImageQualityIndicators
from starbeam_ispyb.models import DataCollection
from starbeam_ispyb.running import runs, seconds

STRETCHES = 100
"""Into how many stretches of images a data collection is divided at most; each has two values a curve."""
SINGLE, PIECE = 300, 12
"""Images up to this number are read one by one, those after it by so many."""


class Stretch(msgspec.Struct):
    """What quick looks at images that follow each other found; at a single image, where there are few."""

    first: int
    last: int
    """Numbers of images."""
    fewest: int | None
    most: int | None
    """Spots."""
    best: float | None
    worst: float | None
    """Resolution in Å: the best is the smallest."""


class Curve(msgspec.Struct):
    """What is known of a data collection's images, in their order."""

    stretches: list[Stretch]
    running: bool
    planned: int | None
    """How many images are to be collected."""
    looked_at: int = 0
    """How many are analysed."""


@statement
def _pieces(scope: Scope) -> Select[Any]:
    """Images up to number `SINGLE` and pieces of `PIECE` images after it, with the smallest and the largest
    value of each: of 3,600 images 576 rows. Data collections without any have a row, too.

    The table is read once and grouped before anything is joined to it: not every database has an index.
    """
    one, number, of = ImageQualityIndicators, ImageQualityIndicators.imageNumber, DataCollection
    resolution = case((one.method2Res > 0, one.method2Res))  # 0 and -1 say that there is none
    ends: list[Any] = [
        end(value).label(f"{end_name}_{name}")
        for name, value in (("image", number), ("spots", one.goodBraggCandidates), ("limit", resolution))
        for end_name, end in (("min", func.min), ("max", func.max))
    ]
    count = func.count(number.distinct()).label("count")
    pieces = (
        select(one.dataCollectionId, count, *ends)
        .where(one.dataCollectionId.in_(bindparam("collections", expanding=True)))
        .where(scope.below(of).sees(one))
        .group_by(one.dataCollectionId, case((number <= SINGLE, number), else_=SINGLE + number // PIECE))
        .subquery()
    )
    key, *found = pieces.c
    lasting = of.startTime, of.endTime, of.runStatus, of.numberOfImages, of.exposureTime
    return (
        select(of.dataCollectionId, *lasting, *found)
        .outerjoin(pieces, key == of.dataCollectionId)
        .where(of.dataCollectionId.in_(bindparam("collections", expanding=True)))
        .where(func.coalesce(of.voltage, 0) == 0, scope.sees(of))
        .order_by(of.dataCollectionId, pieces.c.min_image)
    )


def is_quick(scope: Scope) -> bool:
    """Whether the images of a data collection are found by an index, which not every database has."""
    return scope.schema.is_keyed(ImageQualityIndicators.dataCollectionId)


async def curves(reader: Reader, collections: Collection[int]) -> dict[int, Curve]:
    """The curves of those of these data collections that the caller sees; those of electron microscopes have
    none. 1 statement; none where the database lacks the table."""
    found: dict[int, Curve] = {}
    if not reader.scope.has(ImageQualityIndicators):
        return found
    rows = await reader.rows(_pieces(), collections=list(collections))
    for key, start, end, status, images, exposure, count, *values in rows:
        running = runs(start, end, status, seconds(images, exposure), reader.now)
        curve = found.setdefault(key, Curve([], running, images))
        if count is not None:
            curve.stretches.append(Stretch(*values))
            curve.looked_at += count
    for curve in found.values():
        curve.stretches = _joined(curve.stretches)
    return found


def _joined(pieces: Sequence[Stretch]) -> list[Stretch]:
    """`STRETCHES` at most, of about the same length."""
    if not pieces:
        return []
    first = pieces[0].first
    length = (pieces[-1].last - first) // STRETCHES + 1
    return [_one(list(some)) for _, some in groupby(pieces, lambda piece: (piece.first - first) // length)]


def _one(pieces: Sequence[Stretch]) -> Stretch:
    return Stretch(
        pieces[0].first,
        pieces[-1].last,
        min((one.fewest for one in pieces if one.fewest is not None), default=None),
        max((one.most for one in pieces if one.most is not None), default=None),
        min((one.best for one in pieces if one.best is not None), default=None),
        max((one.worst for one in pieces if one.worst is not None), default=None),
    )
