"""Sessions: SQL, and what follows from the time of day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    bindparam,
    extract,
    false,
    func,
    join,
    or_,
    select,
    union_all,
)

from starbeam.api import Invalid
from starbeam.api.database import NOW, Counts, Reader, Rows, Scope, Shape, counted, statement
from starbeam.api.lists import Asked, BeamLineName, Filters, List, ProposalName, Where, query
from starbeam_ispyb.models import (
    BeamLineSetup,
    BLSession,
    DataCollection,
    DataCollectionGroup,
    Proposal,
    Session_has_Person,
)
from starbeam_ispyb.names import is_session, of_proposal, proposal_name, session_name, session_value
from starbeam_proposals import schemas
from starbeam_proposals.models import SessionType
from starbeam_proposals.queries.groups import beamlines_of, key_of, ui_groups

SOON = timedelta(minutes=20)
"""How long before its start and after its end a session counts as active soon."""


_PERSONS = (
    select(func.count())
    .where(Session_has_Person.sessionId == BLSession.sessionId)
    .select_from(Session_has_Person)
).scalar_subquery()


@statement
def _collected(scope: Scope) -> Select[int, int]:
    """Visible sessions with data collections, and how many."""
    group, below = DataCollectionGroup, scope.below(BLSession)
    mine = DataCollection.dataCollectionGroupId == group.dataCollectionGroupId
    walk = select(group.sessionId, func.count()).join(DataCollection, mine)
    wanted = group.sessionId.in_(bindparam("sessions", expanding=True))
    walk = walk.where(wanted, below.sees(DataCollection)).group_by(group.sessionId)
    # in this order: without statistics MariaDB begins with all data collections
    return walk.prefix_with("STRAIGHT_JOIN", dialect="mysql")


async def _count(reader: Rows, sessions: Sequence[int]) -> Mapping[int, Counts]:
    return {key: (number,) for key, number in await reader.rows(_collected(), sessions=sessions)}


FIELDS: dict[str, Any] = {
    "session": session_name(),
    "proposal": proposal_name(),
    "BeamLineSetup": Shape(schemas.BeamLineSetup, BeamLineSetup, when=BeamLineSetup.beamLineSetupId),
    "metadata": Shape(
        schemas.SessionMetaData,
        persons=_PERSONS,
        later={"datacollections", "active", "active_soon", "sessionTypes", "uiGroups"},
    ),
}
_SHAPE = Shape(schemas.Session, BLSession, **FIELDS)
JOINS = join(BLSession, Proposal, Proposal.proposalId == BLSession.proposalId).outerjoin(
    BeamLineSetup, BeamLineSetup.beamLineSetupId == BLSession.beamLineSetupId
)


def _session_type(scope: Scope) -> ColumnElement[bool]:
    if not scope.has(SessionType):
        return false()
    found: ColumnElement[bool] = BLSession.sessionId.in_(
        select(SessionType.sessionId).where(SessionType.typeName == bindparam("sessionType"))
    )
    return found


def _in_month() -> ColumnElement[bool]:
    dates = BLSession.startDate, BLSession.endDate
    return or_(*(extract("month", date) == bindparam("month") for date in dates))


def _in_year() -> ColumnElement[bool]:
    first: Any = bindparam("year_first")
    last: Any = bindparam("year_last")
    return or_(BLSession.startDate.between(first, last), BLSession.endDate.between(first, last))


def _year(text: str) -> dict[str, datetime]:
    """The first and the last second of a year. Without a year 0 in the calendar, its sessions are none."""
    first = datetime(int(text), 1, 1) if int(text) else datetime(9999, 12, 31)
    return {"year_first": first, "year_last": first.replace(month=12, day=31, hour=23, minute=59, second=59)}


def _on_day() -> ColumnElement[bool]:
    first: Any = bindparam("day_first")
    last: Any = bindparam("day_last")
    return and_(BLSession.startDate <= last, BLSession.endDate >= first)


def _day(year: int, month: int, day: int) -> dict[str, datetime]:
    """The first and the last second of a day. Raises `Invalid` for one that is in no calendar, or lacks month
    or year."""
    try:
        first = datetime(year, month, day)
    except ValueError:
        raise Invalid("Expected a day of the calendar, with month and year", ["query", "day"]) from None
    return {"day_first": first, "day_last": first.replace(hour=23, minute=59, second=59)}


_IN_GROUP = BLSession.beamLineName.in_(bindparam("group_beamlines", expanding=True))


class GroupFilters(Filters, frozen=True):
    """What `/sessions/group` is asked for, and `/sessions` too."""

    beamLineGroup: Annotated[str | None, query("Show sessions for a beamLineGroup"), Where(_IN_GROUP)] = None
    upcoming: Annotated[bool, query("Get the upcoming sessions"), Where(BLSession.endDate >= NOW)] = False
    previous: Annotated[bool, query("Get the recently finished sessions"), Where(BLSession.endDate < NOW)] = (
        False
    )
    sessionType: Annotated[
        str | None, query("Filter by session type, i.e. commissioning, remote"), Where(_session_type)
    ] = None

    def values(self, reader: Rows) -> dict[str, Any]:
        """Of a group, the beamlines that it has at present."""
        return {**super().values(reader), "group_beamlines": beamlines_of(reader, self.beamLineGroup)}


class SessionFilters(GroupFilters, frozen=True):
    """What `/sessions` is asked for."""

    scheduled: Annotated[
        bool | None, query("Get scheduled sessions only"), Where(BLSession.scheduled == 1)
    ] = None
    proposal: Annotated[ProposalName, of_proposal(BLSession.proposalId)] = None
    beamLineName: Annotated[BeamLineName, Where(BLSession.beamLineName == bindparam("beamLineName"))] = None
    month: Annotated[
        str | None,
        query("Month filter by", pattern=r"^\d\d?$"),
        Where(_in_month(), lambda text: {"month": int(text)}),
    ] = None
    year: Annotated[str | None, query("Year filter by", pattern=r"^\d\d\d\d$"), Where(_in_year(), _year)] = (
        None
    )
    day: Annotated[
        str | None,
        query("Day filter by, of the month and year: sessions that touch it", pattern=r"^\d\d?$"),
        Where(_on_day(), lambda text: {}),
    ] = None

    def values(self, reader: Rows) -> dict[str, Any]:
        """With a day, its first and last second."""
        values = super().values(reader)
        if self.day is not None:
            values |= _day(int(self.year or 0), int(self.month or 0), int(self.day))
        return values

    @classmethod
    def conditions(cls, scope: Scope, asked: Asked) -> list[ColumnElement[bool]]:
        """A day says its month and year: a session that touches it may begin and end in others."""
        of_day = {"month", "year"} if "day" in asked.given else set()
        return super().conditions(scope, replace(asked, given=asked.given - of_day))


def _order(scope: Scope, asked: Asked) -> list[Any]:
    """The latest first; what comes next first when asked for what comes."""
    if "upcoming" in asked.given:
        return [BLSession.startDate.asc(), BLSession.sessionId.asc()]
    return [BLSession.startDate.desc(), BLSession.sessionId.desc()]


@statement
def _first_of_each(scope: Scope, asked: Asked, beamlines: int) -> Select[Any]:
    """The first session of each of several beamlines."""
    keys = firsts(scope, asked, beamlines)
    return select(*_SHAPE.columns(scope)).select_from(JOINS.join(keys, keys.c.id == BLSession.sessionId))


def firsts(scope: Scope, asked: Asked, beamlines: int) -> Subquery:
    """The keys of the first session of each of so many beamlines, which are bound as `beamline_0` and so on,
    and all of them as `group_beamlines`."""
    if scope.kind.sees_everything or scope.kind.has_beamlines:
        return _looked_up(scope, asked, beamlines)
    ranked = _ranked(scope, asked)
    return select(ranked.c.id).where(ranked.c.place == 1).subquery("first_of_each")


def _ranked(scope: Scope, asked: Asked) -> Subquery:
    """One pass over all that the caller sees: for members, whose sessions are few."""
    place = func.row_number().over(partition_by=BLSession.beamLineName, order_by=_order(scope, asked))
    ranked = select(BLSession.sessionId.label("id"), place.label("place")).where(
        *SESSIONS.conditions(scope, asked)
    )
    return ranked.subquery("firsts")


def _looked_up(scope: Scope, asked: Asked, beamlines: int) -> Subquery:
    """A short look-up by index for each beamline: for those who see whole beamlines."""
    firsts = []
    others = replace(asked, given=asked.given - {"beamLineGroup"})
    for number in range(beamlines):
        on_beamline = BLSession.beamLineName == bindparam(f"beamline_{number}")
        first = select(BLSession.sessionId.label("id")).where(
            on_beamline, *SESSIONS.conditions(scope, others)
        )
        firsts.append(select(first.order_by(*_order(scope, asked)).limit(1).subquery()))
    return union_all(*firsts).subquery("firsts")


@statement
def _types(scope: Scope) -> Select[int, str]:
    wanted = SessionType.sessionId.in_(bindparam("sessions", expanding=True))
    columns = SessionType.sessionId, SessionType.typeName
    return select(*columns).where(wanted).distinct().order_by(*columns)


async def complete(reader: Rows, sessions: Sequence[schemas.Session]) -> None:
    """Fill in data collections, and what the metadata says beyond counters. 2 statements, and one where a
    beamline's name is new; one less where all numbers are kept."""
    numbers = await counted(reader, _count, [session.sessionId for session in sessions])
    types: dict[int, list[str]] = {}
    if reader.scope.has(SessionType):
        ids = [session.sessionId for session in sessions]
        for session_id, name in await reader.rows(_types(), sessions=ids):
            types.setdefault(session_id, []).append(name)
    groups = await ui_groups(reader, [[session.beamLineName] for session in sessions])
    for session, names in zip(sessions, groups, strict=True):
        metadata = session.metadata
        metadata.uiGroups = names
        (metadata.datacollections,) = numbers.get(session.sessionId, (0,))
        metadata.sessionTypes = types.get(session.sessionId, [])
        metadata.active = _runs(session, reader.now, timedelta())
        metadata.active_soon = _runs(session, reader.now, SOON)


def listed(filters: type[SessionFilters]) -> List[schemas.Session]:
    """The sessions that these filters keep, the latest first. 4 statements a page."""
    return List(
        _SHAPE,
        BLSession,
        filters,
        joins=JOINS,
        order_by=_order,
        complete=complete,
        missing="Session not found",
    )


SESSIONS = listed(SessionFilters)
TITLED = List(
    Shape(schemas.TitledSession, BLSession, title=Proposal.title, **FIELDS),
    BLSession,
    joins=JOINS,
    complete=complete,
    missing=SESSIONS.missing,
)
"""Each with what its proposal is about."""


@statement
def _named(scope: Scope) -> Select[int]:
    rows = select(BLSession.sessionId).join(Proposal, Proposal.proposalId == BLSession.proposalId)
    return rows.where(is_session(), scope.sees(BLSession)).order_by(BLSession.sessionId).limit(1)


async def named(reader: Reader, name: str) -> int | None:
    """The session of this name, `mx1234-1`, if the caller sees it. 1 statement."""
    found: int | None = await reader.scalar(_named(), **session_value(name[:100]))
    return found


def bound(beamlines: Sequence[str]) -> dict[str, Any]:
    """What is bound for the first session of each of these."""
    names = {f"beamline_{number}": name for number, name in enumerate(beamlines)}
    return {**names, "group_beamlines": list(beamlines)}


async def of_group(reader: Reader, filters: GroupFilters) -> list[schemas.Session]:
    """The first session of each beamline of a group, in the order of its beamlines. 3 statements."""
    spelled = beamlines_of(reader, filters.beamLineGroup)
    key = await key_of(reader, ())
    beamlines = {key(name): name for name in spelled}
    if not beamlines:
        return []
    query = _first_of_each(filters.asked, len(beamlines))
    names = bound([*beamlines.values()])
    found = await reader.shaped(_SHAPE, query, **{**filters.values(reader), **names})
    if found:
        await complete(reader, found)
        key = await key_of(reader, [session.beamLineName for session in found])
        order = {one: place for place, one in enumerate(beamlines)}
        found.sort(key=lambda session: order.get(key(session.beamLineName), len(order)))
    return found


def _runs(session: schemas.Session, now: datetime, margin: timedelta) -> bool:
    if session.startDate is None or session.endDate is None:
        return False
    return session.startDate <= now + margin and now - margin <= session.endDate
