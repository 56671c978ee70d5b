"""Sessions: SQL, and what follows from the time of day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Subquery,
    bindparam,
    extract,
    false,
    func,
    join,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from starbeam.db.lists import Listing
from starbeam.db.reader import Reader
from starbeam.db.scope import Scope, statement
from starbeam.db.shape import Shape
from starbeam.options import BeamLineGroup
from starbeam.paging import Page, Paged
from starbeam_ispyb.models import (
    BeamLineSetup,
    BLSession,
    DataCollection,
    DataCollectionGroup,
    Proposal,
    Session_has_Person,
)
from starbeam_ispyb.names import is_proposal, proposal_name, proposal_value, session_name
from starbeam_proposals import schemas
from starbeam_proposals.models import SessionType
from starbeam_proposals.queries.groups import beamlines_of, ui_groups

SOON = timedelta(minutes=20)
"""How long before its start and after its end a session counts as active soon."""


class Filters(msgspec.Struct, frozen=True):
    """What `/sessions` is asked for."""

    beamLineGroup: str | None = None
    scheduled: bool = False
    upcoming: bool = False
    previous: bool = False
    sessionType: str | None = None
    proposal: str | None = None
    beamLineName: str | None = None
    month: str | None = None
    year: str | None = None


_PERSONS = (
    select(func.count())
    .where(Session_has_Person.sessionId == BLSession.sessionId)
    .select_from(Session_has_Person)
).scalar_subquery()


def _datacollections(scope: Scope) -> ColumnElement[int]:
    """Data collections of a visible session."""
    group = aliased(DataCollectionGroup)
    below = scope.given(BLSession)
    return (
        select(func.count())
        .select_from(DataCollection)
        .join(group, group.dataCollectionGroupId == DataCollection.dataCollectionGroupId)
        .where(group.sessionId == BLSession.sessionId, below.sees(DataCollection))
        .scalar_subquery()
    )


_SHAPE = Shape(
    schemas.Session,
    BLSession,
    session=session_name(),
    proposal=proposal_name(),
    BeamLineSetup=Shape(schemas.BeamLineSetup, BeamLineSetup, when=BeamLineSetup.beamLineSetupId),
    metadata=Shape(
        schemas.SessionMetaData,
        persons=_PERSONS,
        datacollections=_datacollections,
        later={"active", "active_soon", "sessionTypes", "uiGroups"},
    ),
)
_JOINS = join(BLSession, Proposal, Proposal.proposalId == BLSession.proposalId).outerjoin(
    BeamLineSetup, BeamLineSetup.beamLineSetupId == BLSession.beamLineSetupId
)


def _proposal(scope: Scope) -> ColumnElement[bool]:
    found: ColumnElement[bool] = BLSession.proposalId.in_(select(Proposal.proposalId).where(is_proposal()))
    return found


def _session_type(scope: Scope) -> ColumnElement[bool]:
    if not scope.has(SessionType):
        return false()
    found: ColumnElement[bool] = BLSession.sessionId.in_(
        select(SessionType.sessionId).where(SessionType.typeName == bindparam("sessionType"))
    )
    return found


def _in_month(scope: Scope) -> ColumnElement[bool]:
    return or_(
        *(extract("month", date) == bindparam("month") for date in (BLSession.startDate, BLSession.endDate))
    )


def _in_year(scope: Scope) -> ColumnElement[bool]:
    first: Any = bindparam("year_first")
    last: Any = bindparam("year_last")
    return or_(BLSession.startDate.between(first, last), BLSession.endDate.between(first, last))


_CONDITIONS = {
    "beamLineGroup": lambda scope: BLSession.beamLineName.in_(bindparam("group_beamlines", expanding=True)),
    "scheduled": lambda scope: BLSession.scheduled == 1,
    "upcoming": lambda scope: BLSession.endDate >= bindparam("now"),
    "previous": lambda scope: BLSession.endDate < bindparam("now"),
    "sessionType": _session_type,
    "proposal": _proposal,
    "beamLineName": lambda scope: BLSession.beamLineName == bindparam("beamLineName"),
    "month": _in_month,
    "year": _in_year,
}
"""Each filter as a condition on a session, by its name in `Filters`."""


def _values(groups: Sequence[BeamLineGroup], filters: Filters, now: datetime) -> dict[str, Any]:
    """What to bind for the filters."""
    year = int(filters.year or 0)
    first = datetime(year, 1, 1) if year else datetime(9999, 12, 31)
    return {
        "now": now,
        "group_beamlines": beamlines_of(groups, filters.beamLineGroup),
        "sessionType": filters.sessionType,
        "beamLineName": filters.beamLineName,
        "month": int(filters.month or 0),
        "year_first": first,
        "year_last": first.replace(month=12, day=31, hour=23, minute=59, second=59),
        **(proposal_value(filters.proposal) if filters.proposal else {}),
    }


def _given(filters: Filters) -> frozenset[str]:
    return frozenset(name for name in _CONDITIONS if getattr(filters, name) not in (None, False))


def _order(given: Iterable[str]) -> list[Any]:
    """The latest first; what comes next first when asked for what comes."""
    if "upcoming" in given:
        return [BLSession.startDate.asc(), BLSession.sessionId.asc()]
    return [BLSession.startDate.desc(), BLSession.sessionId.desc()]


def _where(scope: Scope, given: Iterable[str]) -> list[ColumnElement[bool]]:
    return [scope.sees(BLSession), *(_CONDITIONS[name](scope) for name in sorted(given))]


@statement
def _page(scope: Scope, given: frozenset[str]) -> Listing[schemas.Session]:
    return Listing(scope, _SHAPE, BLSession, where=_where(scope, given), order_by=_order(given), joins=_JOINS)


@statement
def _one(scope: Scope) -> Select[Any]:
    wanted = BLSession.sessionId == bindparam("session_id")
    return select(*_SHAPE.columns(scope)).select_from(_JOINS).where(wanted, scope.sees(BLSession))


@statement
def _first_of_each(scope: Scope, given: frozenset[str], beamlines: int) -> Select[Any]:
    """The first session of each of several beamlines."""
    of_few = not (scope.kind.sees_everything or scope.kind.has_beamlines)
    keys = _ranked(scope, given) if of_few else _looked_up(scope, given, beamlines)
    joins = _JOINS.join(keys, keys.c.id == BLSession.sessionId)
    return select(*_SHAPE.columns(scope)).select_from(joins).where(keys.c.place == 1)


def _ranked(scope: Scope, given: frozenset[str]) -> Subquery:
    """One pass over all that the caller sees: for members, whose sessions are few."""
    place = func.row_number().over(partition_by=BLSession.beamLineName, order_by=_order(given))
    ranked = select(BLSession.sessionId.label("id"), place.label("place")).where(*_where(scope, given))
    return ranked.subquery("firsts")


def _looked_up(scope: Scope, given: frozenset[str], beamlines: int) -> Subquery:
    """A short look-up by index for each beamline: for those who see whole beamlines."""
    firsts = []
    for number in range(beamlines):
        on_beamline = BLSession.beamLineName == bindparam(f"beamline_{number}")
        first = select(BLSession.sessionId.label("id"), literal_column("1", Integer()).label("place"))
        first = first.where(on_beamline, *_where(scope, given - {"beamLineGroup"}))
        firsts.append(select(first.order_by(*_order(given)).limit(1).subquery()))
    return union_all(*firsts).subquery("firsts")


@statement
def _types(scope: Scope) -> Select[int, str]:
    wanted = SessionType.sessionId.in_(bindparam("sessions", expanding=True))
    columns = SessionType.sessionId, SessionType.typeName
    return select(*columns).where(wanted).distinct().order_by(*columns)


async def page(
    reader: Reader, groups: Sequence[BeamLineGroup], page: Page, filters: Filters
) -> Paged[schemas.Session]:
    """A page of the sessions that the caller sees. 3 statements."""
    values = _values(groups, filters, reader.now)
    found = await reader.page(_page(reader.scope, _given(filters)), page, **values)
    await _complete(reader, groups, found.results)
    return found


async def of_group(
    reader: Reader, groups: Sequence[BeamLineGroup], filters: Filters
) -> list[schemas.Session]:
    """The first session of each beamline of a group, in the order of its beamlines. 2 statements."""
    beamlines = beamlines_of(groups, filters.beamLineGroup)
    if not beamlines:
        return []
    names = {f"beamline_{number}": name for number, name in enumerate(beamlines)}
    query = _first_of_each(reader.scope, _given(filters), len(beamlines))
    found = await reader.shaped(_SHAPE, query, **names, **_values(groups, filters, reader.now))
    order = {name.lower(): number for number, name in enumerate(beamlines)}
    found.sort(key=lambda session: order.get((session.beamLineName or "").rstrip().lower(), len(order)))
    await _complete(reader, groups, found)
    return found


async def one(reader: Reader, groups: Sequence[BeamLineGroup], session_id: int) -> schemas.Session | None:
    """One session, if the caller sees it. 2 statements."""
    found = await reader.one(_SHAPE, _one(reader.scope), session_id=session_id)
    if found is not None:
        await _complete(reader, groups, [found])
    return found


async def _complete(
    reader: Reader, groups: Sequence[BeamLineGroup], sessions: Sequence[schemas.Session]
) -> None:
    """Fill in what the metadata says beyond counters."""
    types: dict[int, list[str]] = {}
    if sessions and reader.scope.has(SessionType):
        ids = [session.sessionId for session in sessions]
        for session_id, name in await reader.rows(_types(reader.scope), sessions=ids):
            types.setdefault(session_id, []).append(name)
    for session in sessions:
        metadata = session.metadata
        metadata.sessionTypes = types.get(session.sessionId, [])
        metadata.uiGroups = ui_groups(groups, [session.beamLineName])
        metadata.active = _runs(session, reader.now, timedelta())
        metadata.active_soon = _runs(session, reader.now, SOON)


def _runs(session: schemas.Session, now: datetime, margin: timedelta) -> bool:
    if session.startDate is None or session.endDate is None:
        return False
    return session.startDate - margin <= now <= session.endDate + margin
