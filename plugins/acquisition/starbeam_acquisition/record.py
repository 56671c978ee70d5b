"""One request's record: the transaction, who may record where, and what could not be stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from starbeam.api import ALL_PROPOSALS, Clock, Forbidden
from starbeam_acquisition import queries
from starbeam_acquisition.values import Fitting, Unstored
from starbeam_ispyb.models import BLSession, DataCollection, DataCollectionGroup, EnergyScan

if TYPE_CHECKING:
    from starbeam.api import Principal
    from starbeam.api.database import Writer

RIGHT = "record"
NO_SESSION = "Session not found"
NO_GROUP = "Data collection group not found"
NO_COLLECTION = "Data collection not found"
NO_SCAN = "Energy scan not found"
NO_PROPOSAL = "Proposal not found"
OVER = "Members record in a session from {before} hours before it begins to {after} hours after it has ended"
NOWHERE = "You may not record in any session now"
NOT_YOURS = "You may not record in this session"


@dataclass(frozen=True)
class Terms:
    """Who records by which rules: what a plugin and the configuration say."""

    clock: Clock
    members: bool = False
    """Whether members of a session record in it, while it runs."""
    before_hours: int = 24
    after_hours: int = 24
    paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """A session in which the caller may record."""

    session_id: int
    proposal_id: int
    proposal: str
    number: str
    session: str
    """Its name."""
    beamline: str | None


@dataclass(frozen=True)
class Saved:
    """A row that was stored."""

    key: int
    created: bool
    """Whether it was not there before."""


@dataclass
class Record:
    """What one request records."""

    writer: Writer
    terms: Terms
    unstored: list[Unstored] = field(default_factory=list)

    async def session(self, key: int) -> Place:
        """The session of this key, to which nobody else adds until all is stored. Raises `Missing` where the
        caller does not see it, and `Forbidden`."""
        return await self._place(BLSession.sessionId, queries.session(), NO_SESSION, key)

    async def of_group(self, key: int) -> Place:
        """That of a group, which nobody else changes meanwhile. Raises as `session`."""
        column = DataCollectionGroup.dataCollectionGroupId
        return await self._place(column, queries.of_group(), NO_GROUP, key)

    async def of_collection(self, key: int) -> Place:
        """That of a data collection, which nobody else changes meanwhile. Raises as `session`."""
        column = DataCollection.dataCollectionId
        return await self._place(column, queries.of_collection(), NO_COLLECTION, key)

    async def of_scan(self, key: int) -> Place:
        """That of an energy scan, which nobody else changes meanwhile. Raises as `session`."""
        return await self._place(EnergyScan.energyScanId, queries.of_scan(), NO_SCAN, key)

    async def anywhere(self) -> None:
        """Raises `Forbidden` for who may not record in any session now."""
        who = self.writer.who
        if RIGHT in who.permissions and _is_open(who):
            return
        latest = self.now + timedelta(hours=self.terms.before_hours)
        earliest = self.now - timedelta(hours=self.terms.after_hours)
        members = self.terms.members and _is_open(who)
        query = queries.open_session()
        if not (members and await self.writer.rows(query, earliest=earliest, latest=latest)):
            raise Forbidden(NOWHERE)

    def fit(self, model: type[Any], given: Mapping[str, Any], place: Place) -> dict[str, Any]:
        """What the columns of a model can hold of these values; the rest is noted."""
        return self.fitting.fit(model, given, place)

    @property
    def fitting(self) -> Fitting:
        """How values get the form that the database holds them in."""
        return Fitting(self.writer.scope.schema, self.terms.clock, self.terms.paths, self.unstored)

    @property
    def now(self) -> datetime:
        """The facility's time, to the second."""
        return self.writer.now.replace(microsecond=0)

    async def sample(self, place: Place, key: int | None) -> int | None:
        """The sample, if it is of the session's proposal; else that is noted."""
        return await self.mine(place, "blSampleId", key, queries.sample())

    async def mine(self, place: Place, name: str, key: int | None, query: Any) -> int | None:
        """The row, if this statement finds it for the session's proposal; else that is noted."""
        if key is None or await self.writer.rows(query, key=key, proposal_id=place.proposal_id):
            return key
        self.fitting.say(name, "not found in this proposal")
        return None

    async def _place(self, column: Any, query: Any, missing: str, key: int) -> Place:
        await self.writer.rows(queries.lock(column), key=key)
        found = await self.writer.first(query, missing, key=key)
        self._check(found)
        number, proposal = found.proposalNumber or "", found.proposal or ""
        session = f"{proposal}-{found.visit_number}"
        return Place(found.sessionId, found.proposalId, proposal, number, session, found.beamLineName)

    def _check(self, session: Any) -> None:
        """Raises `Forbidden` for who may not record in a session that they see."""
        if may_record(self.writer.who, session.beamLineName):
            return
        if not (session.member and self.terms.members and _is_open(self.writer.who)):
            raise Forbidden(NOT_YOURS)
        before, after = self.terms.before_hours, self.terms.after_hours
        begins, ends = session.startDate or self.now, session.endDate or self.now
        if not begins - timedelta(hours=before) <= self.now <= ends + timedelta(hours=after):
            raise Forbidden(OVER.format(before=before, after=after))


def may_record(who: Principal, beamline: str | None) -> bool:
    """Whether somebody records on a beamline by right, at any time: its staff, and machines."""
    if RIGHT not in who.permissions or not _is_open(who):
        return False
    if ALL_PROPOSALS in who.permissions or (who.limits is not None and who.limits.all_beamlines):
        return True
    names = {name.casefold() for name in who.beamlines}
    return beamline is not None and beamline.casefold() in names


def _is_open(who: Principal) -> bool:
    """Whether the token that was sent is good for it; a log-in is."""
    return who.limits is None or RIGHT in who.limits.scopes
