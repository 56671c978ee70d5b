"""What new rows may hang on, and which data collections go on: SQL."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, bindparam, or_, select

from starbeam.api.database import NOW, Reader, Scope, seconds_between, statement
from starbeam_ispyb.models import BLSample, BLSession, DataCollection, DataCollectionGroup, Proposal
from starbeam_ispyb.names import is_proposal, proposal_name, session_name
from starbeam_ispyb.running import AFTER


@statement
def proposal(scope: Scope) -> Select[int]:
    """The proposal `key`, if the caller sees it."""
    return select(Proposal.proposalId).where(Proposal.proposalId == bindparam("key"), scope.sees(Proposal))


@statement
def proposal_named(scope: Scope) -> Select[int, str | None]:
    """The proposal that `proposal_value` names, if the caller sees it: its key and its name."""
    return select(Proposal.proposalId, proposal_name()).where(is_proposal(), scope.sees(Proposal))


@statement
def name_of_proposal(scope: Scope) -> Select[str | None]:
    """The name of the proposal `key`, if the caller sees it."""
    return select(proposal_name()).where(Proposal.proposalId == bindparam("key"), scope.sees(Proposal))


class Told(msgspec.Struct):
    """As what listeners are told of a data collection, whether they may be, and what it is called."""

    session: int
    group: int
    goes_on: bool
    proposal: str | None
    visit: str | None
    sample: str | None


def goes_on(one: Any) -> ColumnElement[bool]:
    """Whether values of a data collection's images or maps may still come in: it has no end or a late one."""
    return or_(one.endTime.is_(None), seconds_between(one.endTime, NOW) <= AFTER.total_seconds())


@statement
def _told(scope: Scope) -> Select[*tuple[Any, ...]]:
    one, group = DataCollection, DataCollectionGroup
    names = proposal_name(), session_name(), BLSample.name
    rows = select(group.sessionId, group.dataCollectionGroupId, goes_on(one), *names)
    rows = rows.join(group, group.dataCollectionGroupId == one.dataCollectionGroupId)
    rows = rows.join(BLSession, BLSession.sessionId == group.sessionId)
    rows = rows.join(Proposal, Proposal.proposalId == BLSession.proposalId)
    rows = rows.outerjoin(BLSample, BLSample.blSampleId == group.blSampleId)
    return rows.where(one.dataCollectionId == bindparam("collection"), scope.sees(one))


async def told(reader: Reader, collection: int, missing: str) -> Told:
    """Of a data collection that the caller sees. 1 statement."""
    session, group, running, *names = await reader.first(_told(), missing, collection=collection)
    return Told(session, group, bool(running), *names)
