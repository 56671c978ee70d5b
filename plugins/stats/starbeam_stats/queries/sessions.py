"""The sessions whose time is told."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, select

from starbeam.api.database import Rows, Scope, statement
from starbeam_ispyb.models import BLSession, Proposal
from starbeam_ispyb.names import proposal_name, session_name
from starbeam_stats.queries.extent import Extent, where
from starbeam_stats.queries.spans import since_epoch


@statement
def _sessions(scope: Scope, given: frozenset[str]) -> Select[Any]:
    columns: Any = BLSession.sessionId, since_epoch(BLSession.startDate), since_epoch(BLSession.endDate)
    order = BLSession.startDate.desc(), BLSession.sessionId.desc()
    return select(*columns).where(*where(scope, given)).order_by(*order)


async def measured(reader: Rows, extent: Extent) -> list[tuple[int, int | None, int | None]]:
    """Key, start and end of the sessions that are meant, in seconds since `spans.EPOCH`, the latest first. 1
    statement."""
    rows = await reader.rows(_sessions(extent.given), **extent.values)
    return [(key, start, end) for key, start, end in rows]


@statement
def _names(scope: Scope, given: frozenset[str]) -> Select[Any]:
    columns: Any = BLSession.sessionId, func.coalesce(session_name(), proposal_name())
    return (
        select(*columns)
        .where(*where(scope, given))
        .join(Proposal, Proposal.proposalId == BLSession.proposalId)
    )


async def names(reader: Rows, extent: Extent) -> dict[int, str | None]:
    """The names of the sessions that are meant, by key; that of its proposal for one without a number. 1
    statement."""
    rows = await reader.rows(_names(extent.given), **extent.values)
    return {row[0]: row[1] for row in rows}
