"""Beamlines: what runs on them, what comes, and what was there last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Select, bindparam, select, union_all

from starbeam.api.database import NOW, Reader, Scope, statement
from starbeam.api.lists import Asked
from starbeam_ispyb.models import BLSession, Proposal
from starbeam_ispyb.names import beamline_names
from starbeam_proposals.queries.calendar import VISIT, Visit
from starbeam_proposals.queries.groups import key_of
from starbeam_proposals.queries.sessions import GroupFilters, bound, firsts

NEAR = 3
"""How many sessions that come, and that were there, a beamline's page says."""


class Beamline(msgspec.Struct):
    """A beamline, with the session that runs or comes next."""

    name: str
    session: Visit | None = None

    def runs(self, now: datetime) -> bool:
        """Whether its session runs."""
        return self.session is not None and self.session.startDate <= now


_UPCOMING = GroupFilters(beamLineGroup="", upcoming=True).asked
"""Of beamlines that are bound as those of a group."""


@statement
def _next(scope: Scope, asked: Asked, beamlines: int) -> Select[Any]:
    keys = firsts(scope, asked, beamlines)
    return _visits(scope).join(keys, keys.c.id == BLSession.sessionId)


def _visits(scope: Scope) -> Select[Any]:
    return select(*VISIT.columns(scope)).join(Proposal, Proposal.proposalId == BLSession.proposalId)


@statement
def _running(scope: Scope) -> Select[Any]:
    runs = BLSession.startDate <= NOW, BLSession.endDate >= NOW, BLSession.beamLineName.is_not(None)
    order = BLSession.beamLineName, BLSession.startDate, BLSession.sessionId
    return _visits(scope).where(scope.sees(BLSession), *runs).order_by(*order).limit(bindparam("limit"))


@statement
def _near(scope: Scope) -> Select[Any]:
    """The next sessions of a beamline and the last ones."""
    start, on_it = BLSession.startDate, BLSession.beamLineName == bindparam("beamLineName")
    seen = select(BLSession.sessionId.label("id")).where(scope.sees(BLSession), on_it, start.is_not(None))
    next_ones = seen.where(BLSession.endDate >= NOW).order_by(start, BLSession.sessionId)
    last = seen.where(BLSession.endDate < NOW).order_by(start.desc(), BLSession.sessionId.desc())
    keys = union_all(*(select(one.limit(NEAR).subquery()) for one in (next_ones, last))).subquery("near")
    found = _visits(scope).join(keys, keys.c.id == BLSession.sessionId)
    return found.order_by(start, BLSession.sessionId)


async def of(reader: Reader, names: Sequence[str]) -> list[Beamline]:
    """These beamlines, each once and in order, with what runs or comes next there. 1 statement, and one where
    a name is new."""
    key = await key_of(reader, names)
    spelled = {key(name): name for name in reversed(names)}
    lines = [Beamline(spelled[one]) for one in dict.fromkeys(key(name) for name in names)]
    if lines:
        query = _next(_UPCOMING, len(lines))
        sessions = await reader.shaped(VISIT, query, **bound([line.name for line in lines]))
        key = await key_of(reader, [*names, *(one.beamLineName for one in sessions)])
        by_key = {key(one.beamLineName): one for one in sessions if one.startDate}
        for line in lines:
            line.session = by_key.get(key(line.name))
    return lines


async def running(reader: Reader, most: int) -> list[Beamline]:
    """Beamlines on which a session runs that the caller sees. 1 statement, and one where a name is new."""
    sessions = await reader.shaped(VISIT, _running(), limit=most)
    key = await key_of(reader, [one.beamLineName for one in sessions])
    found = {key(one.beamLineName): Beamline(one.beamLineName or "", one) for one in reversed(sessions)}
    return [*reversed(found.values())]


async def names(reader: Reader) -> list[str]:
    """All beamlines: those of groups, and those of sessions that the caller sees. 1 statement."""
    groups = [line.beamLineName for group in reader.options.beamline_groups for line in group.beamLines]
    return [*groups, *(name for (name,) in await reader.rows(beamline_names()))]


async def near(reader: Reader, name: str) -> list[Visit]:
    """The next sessions of a beamline and the last ones, by start. 1 statement."""
    return await reader.shaped(VISIT, _near(), beamLineName=name)
