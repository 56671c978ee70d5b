"""What characterisations of several data collections found and propose: SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import Select, select, union

from starbeam.api.database import Reader, Scope, Shape, statement
from starbeam_ispyb.models import (
    DataCollection,
    Screening,
    ScreeningOutput,
    ScreeningOutputLattice,
    ScreeningStrategy,
    ScreeningStrategySubWedge,
    ScreeningStrategyWedge,
)
from starbeam_processing import schemas
from starbeam_processing.queries.links import COLLECTIONS


class Found(msgspec.Struct):
    """What one run of a characterisation found."""

    program: str | None
    indexed: bool
    comment: str | None
    lattice: schemas.ScreeningOutputLattice | None
    resolution: float | None
    """What the crystal is ranked by, in Å."""
    lines: list[schemas.ScreeningStrategySubWedge]
    """What to collect, a line for each part of a wedge."""


_LATTICE = Shape(
    schemas.ScreeningOutputLattice,
    ScreeningOutputLattice,
    when=ScreeningOutputLattice.screeningOutputLatticeId,
)
_LINE = Shape(
    schemas.ScreeningStrategySubWedge,
    ScreeningStrategySubWedge,
    when=ScreeningStrategySubWedge.screeningStrategySubWedgeId,
)


@statement
def _strategies(scope: Scope, by_collection: bool) -> Select[Any]:
    """One row for each part of a wedge of each output."""
    collection, screening, output = DataCollection, Screening, ScreeningOutput
    lattice, strategy = ScreeningOutputLattice, ScreeningStrategy
    wedge, line = ScreeningStrategyWedge, ScreeningStrategySubWedge
    of_group = screening.dataCollectionGroupId == collection.dataCollectionGroupId
    links: list[Any] = [
        select(collection.dataCollectionId.label("collection"), screening.screeningId)
        .join(screening, of_group)
        .where(collection.dataCollectionId.in_(COLLECTIONS))
    ]
    if by_collection:
        own = select(screening.dataCollectionId, screening.screeningId)
        links.append(own.where(screening.dataCollectionId.in_(COLLECTIONS)))
    linked = union(*links).subquery("linked")
    head = (screening.programVersion, screening.shortComments, output.indexingSuccess)
    keys = (linked.c.collection, output.screeningOutputId, *head, strategy.rankingResolution)
    return (
        select(*keys, *_LATTICE.columns(scope), *_LINE.columns(scope))
        .select_from(linked)
        .join(screening, screening.screeningId == linked.c.screeningId)
        .join(output, output.screeningId == screening.screeningId)
        .outerjoin(lattice, lattice.screeningOutputId == output.screeningOutputId)
        .outerjoin(strategy, strategy.screeningOutputId == output.screeningOutputId)
        .outerjoin(wedge, wedge.screeningStrategyId == strategy.screeningStrategyId)
        .outerjoin(line, line.screeningStrategyWedgeId == wedge.screeningStrategyWedgeId)
        .where(scope.sees(screening))
        .order_by(
            linked.c.collection, output.screeningOutputId, wedge.wedgeNumber, line.subWedgeNumber,
            line.screeningStrategySubWedgeId, lattice.screeningOutputLatticeId,
        )
    )  # fmt: skip


async def strategies(reader: Reader, collections: Collection[int]) -> dict[int, list[Found]]:
    """What was found of these data collections, as far as the caller sees it. 1 statement.

    Of several, screenings are found by their group alone where no index leads to those of a data collection:
    a page must not cost what the table holds."""
    by_collection = len(collections) == 1 or reader.scope.schema.is_keyed(Screening.dataCollectionId)
    found: dict[int, dict[int, Found]] = defaultdict(dict)
    middle = 6 + len(_LATTICE.columns(reader.scope))
    for row in await reader.rows(_strategies(by_collection), collections=list(collections)):
        collection, key, program, comment, indexed, resolution = row[:6]
        lattice, line = _LATTICE.make(row[6:middle]), _LINE.make(row[middle:])
        one = Found(program, bool(indexed), comment, lattice, None, [])
        one = found[collection].setdefault(key, one)
        one.resolution = one.resolution or resolution
        if line is not None and line not in one.lines:  # an output has a row for each of its lattices
            one.lines.append(line)
    return {key: list(some.values()) for key, some in found.items()}
