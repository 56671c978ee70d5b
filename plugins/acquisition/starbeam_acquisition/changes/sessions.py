"""Sessions: found, and made where there is none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from starbeam.api import Forbidden, Invalid
from starbeam_acquisition import queries
from starbeam_acquisition.record import NO_PROPOSAL, NOT_YOURS, Record, Saved, may_record
from starbeam_ispyb.models import BLSession, Session_has_Person

LOCK = "session"
"""By this name whoever makes a session is alone: nothing else keeps two from being made at once."""
SHIFT = timedelta(hours=8)
COMMENT = 2000


@dataclass(frozen=True)
class NewSession:
    """A session that shall be there."""

    proposal_id: int
    beamline: str
    start: datetime
    end: datetime
    comments: str | None = None
    scheduled: bool = False


async def find_or_make(record: Record, data: NewSession, *, members: bool) -> Saved:
    """The session of a proposal on a beamline that runs now, or that begins on that day; a new one where
    there is none. Run it alone, by `LOCK`. `members` says whether who takes part in the proposal makes any.

    Raises `Missing` for a proposal that the caller does not see, `Forbidden`, and `Invalid` for a beamline
    that there is not."""
    writer = record.writer
    proposal = await writer.first(queries.proposal(), NO_PROPOSAL, key=data.proposal_id)
    beamline = _declared(record, data.beamline)
    by_right = may_record(writer.who, beamline)
    if not by_right and not (members and record.terms.members and (proposal.member or proposal.takes_part)):
        raise Forbidden(NOT_YOURS)
    day = datetime.combine(data.start.date(), datetime.min.time())
    found = await writer.rows(
        queries.sessions_like(),
        proposal_id=data.proposal_id,
        beamline=beamline,
        start=data.start,
        end=data.end,
        day_first=day,
        day_last=day + timedelta(days=1, seconds=-1),
    )
    if found:
        return Saved(await _open(record, found[0][0]), created=False)
    key = await _add(record, data, beamline)
    mine = by_right or await writer.rows(queries.membership(), proposal_id=data.proposal_id)
    if writer.who.person_id and not mine:
        await writer.insert(Session_has_Person, {"sessionId": key, "personId": writer.who.person_id})
    return Saved(await _open(record, key), created=True)


async def _open(record: Record, key: int) -> int:
    """The session, unless the caller's token is limited to others: to those of a person, or of these days."""
    if record.writer.scope.kind.narrowed and not await record.writer.rows(queries.session(), key=key):
        raise Forbidden(NOT_YOURS)
    return key


async def _add(record: Record, data: NewSession, beamline: str) -> int:
    writer = record.writer
    visit = await writer.scalar(queries.last_visit(), proposal_id=data.proposal_id)
    values: dict[str, Any] = {
        "proposalId": data.proposal_id,
        "beamLineName": beamline,
        "startDate": data.start,
        "endDate": data.end,
        "comments": data.comments and data.comments[:COMMENT],
        "scheduled": int(data.scheduled),
        "nbShifts": ceil((data.end - data.start) / SHIFT),
        "visit_number": (visit or 0) + 1,
        "bltimeStamp": record.now,
        "lastUpdate": record.now,
    }
    return int((await writer.create(BLSession, values)).sessionId)


def _declared(record: Record, name: str) -> str:
    """The beamline as the options spell it, where they name any. Raises `Invalid`."""
    groups = record.writer.options.beamline_groups
    names = {line.beamLineName.casefold(): line.beamLineName for group in groups for line in group.beamLines}
    if names and name.casefold() not in names:
        raise Invalid(f"There is no beamline {name}", ["body", "beamLineName"])
    return names.get(name.casefold(), name)
