"""What shows that a data collection was characterised."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from starbeam.api.database import Scope, digest
from starbeam_ispyb import models as m


def screened(scope: Scope, one: Any) -> ColumnElement[Any] | None:
    """Screenings of a data collection or of its group, and what they found and propose; None where only a
    pass over all screenings would tell."""
    keys = [
        (column, getattr(one, column.key))
        for column in (m.Screening.dataCollectionId, m.Screening.dataCollectionGroupId)
        if scope.schema.is_keyed(column)
    ]
    found = [_found(scope, column.key, value) for column, value in keys]
    return digest(*found) if found else None


def _found(scope: Scope, name: str, value: Any) -> ColumnElement[Any]:
    """A number made of the screenings where this column has the value."""
    screening, output, lattice = aliased(m.Screening), aliased(m.ScreeningOutput), m.ScreeningOutputLattice
    strategy, wedge, part = m.ScreeningStrategy, m.ScreeningStrategyWedge, m.ScreeningStrategySubWedge
    rows = (
        *(screening.screeningId, output.screeningOutputId, output.indexingSuccess, output.strategySuccess),
        *(lattice.screeningOutputLatticeId, strategy.screeningStrategyId, wedge.screeningStrategyWedgeId),
        part.screeningStrategySubWedgeId,
    )
    return (
        select(func.sum(digest(*rows)))
        .select_from(screening)
        .outerjoin(output, output.screeningId == screening.screeningId)
        .outerjoin(lattice, lattice.screeningOutputId == output.screeningOutputId)
        .outerjoin(strategy, strategy.screeningOutputId == output.screeningOutputId)
        .outerjoin(wedge, wedge.screeningStrategyId == strategy.screeningStrategyId)
        .outerjoin(part, part.screeningStrategyWedgeId == wedge.screeningStrategyWedgeId)
        .where(getattr(screening, name) == value, scope.below(m.DataCollection).sees(screening))
        .scalar_subquery()
    )
