"""Expressions that several sources share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Float, bindparam, literal_column, select

from starbeam.api.database import seconds_between
from starbeam_events.sources.base import Wanted
from starbeam_ispyb.models import BLSample, BLSession, Crystal, Proposal
from starbeam_ispyb.names import is_proposal, is_session

_SESSION: dict[str, Callable[[], ColumnElement[bool]]] = {
    "session": is_session,
    "proposal": is_proposal,
    "proposalId": lambda: BLSession.proposalId == bindparam("proposalId"),
    "beamLineName": lambda: BLSession.beamLineName == bindparam("beamLineName"),
}


def of_session(wanted: Wanted, column: Any) -> list[ColumnElement[bool]]:
    """Filters by session, on the column that names it."""
    conditions = [column == bindparam("sessionId")] if "sessionId" in wanted.given else []
    named = [_SESSION[name]() for name in sorted(wanted.given & _SESSION.keys())]
    if named:
        sessions = select(BLSession.sessionId).join(Proposal, Proposal.proposalId == BLSession.proposalId)
        conditions.append(column.in_(sessions.where(*named)))
    return conditions


def of_sample(wanted: Wanted, column: Any) -> list[ColumnElement[bool]]:
    """Filters by sample, on the column that names it."""
    conditions = [column == bindparam("blSampleId")] if "blSampleId" in wanted.given else []
    if "proteinId" in wanted.given:
        samples = select(BLSample.blSampleId).join(Crystal, Crystal.crystalId == BLSample.crystalId)
        conditions.append(column.in_(samples.where(Crystal.proteinId == bindparam("proteinId"))))
    return conditions


def minutes(start: Any, end: Any) -> ColumnElement[Any]:
    """From whole seconds; NULL when a time is missing."""
    return in_minutes(seconds_between(start, end))


def in_minutes(seconds: ColumnElement[Any]) -> ColumnElement[Any]:
    """Seconds as minutes, with all decimals."""
    return seconds / literal_column("6e1", Float())
