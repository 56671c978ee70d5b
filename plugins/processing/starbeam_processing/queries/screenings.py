"""Screenings with what they propose: SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from sqlalchemy import ColumnElement, select, union
from sqlalchemy.orm import aliased

from starbeam.api.database import Rows, Scope, Shape
from starbeam.api.lists import Filters, List, Where
from starbeam_ispyb import models as m
from starbeam_processing import schemas
from starbeam_processing.queries.links import COLLECTION, CollectionId, below

_SCREENING = Shape(schemas.Screening, m.Screening, later={"ScreeningOutput"})
_OUTPUT = Shape(
    schemas.ScreeningOutput, m.ScreeningOutput, later={"ScreeningOutputLattice", "ScreeningStrategy"}
)
_LATTICE = Shape(schemas.ScreeningOutputLattice, m.ScreeningOutputLattice)
_STRATEGY = Shape(schemas.ScreeningStrategy, m.ScreeningStrategy, later={"ScreeningStrategyWedge"})
_WEDGE = Shape(schemas.ScreeningStrategyWedge, m.ScreeningStrategyWedge, later={"ScreeningStrategySubWedge"})
_SUB_WEDGE = Shape(schemas.ScreeningStrategySubWedge, m.ScreeningStrategySubWedge)


def _has_wedges() -> ColumnElement[bool]:
    """The screening has an output with a strategy with a wedge: looked up for each screening, where `EXISTS`
    would make MariaDB collect those of all."""
    output, strategy, wedge = m.ScreeningOutput, m.ScreeningStrategy, m.ScreeningStrategyWedge
    first = (
        select(output.screeningOutputId)
        .join(strategy, strategy.screeningOutputId == output.screeningOutputId)
        .join(wedge, wedge.screeningStrategyId == strategy.screeningStrategyId)
        .where(output.screeningId == m.Screening.screeningId)
        .limit(1)
    )
    return first.scalar_subquery().is_not(None)


def _of_collection(scope: Scope) -> ColumnElement[bool]:
    """The screening is one of the data collection asked for, if the caller sees that, or of its group."""
    by_collection, by_group = aliased(m.Screening), aliased(m.Screening)
    one = m.DataCollection.dataCollectionId == COLLECTION, scope.sees(m.DataCollection)
    key, group = (
        select(column).where(*one)
        for column in (m.DataCollection.dataCollectionId, m.DataCollection.dataCollectionGroupId)
    )
    own = union(
        select(by_collection.screeningId.label("id")).where(by_collection.dataCollectionId.in_(key)),
        select(by_group.screeningId).where(by_group.dataCollectionGroupId.in_(group)),
    ).subquery("of_collection")
    found: ColumnElement[bool] = m.Screening.screeningId.in_(select(own.c.id))
    return found


class ScreeningFilters(Filters, frozen=True):
    """What `/processings/screenings` is asked for."""

    dataCollectionId: Annotated[CollectionId, Where(_of_collection)] = None


async def _complete(reader: Rows, screenings: Sequence[schemas.Screening]) -> None:
    """Fill in the outputs that propose something. 5 statements."""
    keys = [row.screeningId for row in screenings]
    key = m.ScreeningOutput.screeningOutputId
    outputs = await below(reader, _OUTPUT, m.ScreeningOutput.screeningId, key, keys)
    await _complete_outputs(reader, [output for some in outputs.values() for output in some])
    for row in screenings:
        row.ScreeningOutput = [one for one in outputs[row.screeningId] if one.ScreeningStrategy]


SCREENINGS = List(_SCREENING, m.Screening, ScreeningFilters, listed=[_has_wedges()], complete=_complete)
"""7 statements a page."""


async def _complete_outputs(reader: Rows, outputs: list[schemas.ScreeningOutput]) -> None:
    """Fill in lattices, and the strategies that have wedges."""
    keys = [output.screeningOutputId for output in outputs]
    lattice, strategy = m.ScreeningOutputLattice, m.ScreeningStrategy
    lattices = await below(
        reader, _LATTICE, lattice.screeningOutputId, lattice.screeningOutputLatticeId, keys
    )
    strategies = await below(
        reader, _STRATEGY, strategy.screeningOutputId, strategy.screeningStrategyId, keys
    )
    wedges = await _wedges(reader, [one.screeningStrategyId for some in strategies.values() for one in some])
    for some in strategies.values():
        for one in some:
            one.ScreeningStrategyWedge = wedges.get(one.screeningStrategyId, [])
    for output in outputs:
        proposed = strategies.get(output.screeningOutputId, [])
        output.ScreeningOutputLattice = lattices.get(output.screeningOutputId, [])
        output.ScreeningStrategy = [one for one in proposed if one.ScreeningStrategyWedge]


async def _wedges(reader: Rows, strategies: list[int]) -> dict[int, list[schemas.ScreeningStrategyWedge]]:
    """Wedges with their parts, by strategy."""
    wedge, part = m.ScreeningStrategyWedge, m.ScreeningStrategySubWedge
    wedges = await below(
        reader, _WEDGE, wedge.screeningStrategyId, wedge.screeningStrategyWedgeId, strategies
    )
    keys = [one.screeningStrategyWedgeId for some in wedges.values() for one in some]
    parts = await below(
        reader, _SUB_WEDGE, part.screeningStrategyWedgeId, part.screeningStrategySubWedgeId, keys
    )
    for some in wedges.values():
        for one in some:
            one.ScreeningStrategySubWedge = parts.get(one.screeningStrategyWedgeId, [])
    return wedges
