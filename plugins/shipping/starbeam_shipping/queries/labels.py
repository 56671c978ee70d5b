"""What labels say of dewars beyond the operations: the session that they are sent for. SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, bindparam, select

from starbeam.api.database import Rows, Scope, statement
from starbeam_ispyb.models import BLSession, Dewar, Proposal
from starbeam_ispyb.names import session_name


@dataclass(frozen=True)
class For:
    """The session that a dewar is sent for."""

    session: str | None
    beamline: str | None


@statement
def _sessions(scope: Scope) -> Select[int, str | None, str | None]:
    found = select(Dewar.dewarId, session_name(), BLSession.beamLineName)
    found = found.join(BLSession, BLSession.sessionId == Dewar.firstExperimentId)
    found = found.join(Proposal, Proposal.proposalId == BLSession.proposalId)
    return found.where(Dewar.dewarId.in_(bindparam("dewars", expanding=True)), scope.sees(BLSession))


async def sessions_of(reader: Rows, dewars: Sequence[int]) -> Mapping[int, For]:
    """By dewar, where the caller sees the session. 1 statement, none for no dewars."""
    found = await reader.rows(_sessions(), dewars=dewars) if dewars else ()
    return {key: For(*rest) for key, *rest in found}
