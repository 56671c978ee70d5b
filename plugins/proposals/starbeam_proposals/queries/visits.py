"""Sessions by what was collected in them, for pages: SQL."""

from __future__ import annotations

from typing import Annotated

from sqlalchemy import ColumnElement, bindparam, select

from starbeam.api.lists import Where, query
from starbeam_ispyb.models import BLSample, BLSession, Crystal, DataCollectionGroup
from starbeam_proposals.queries.sessions import SessionFilters, listed


def _of_protein() -> ColumnElement[bool]:
    groups = select(DataCollectionGroup.sessionId)
    groups = groups.join(BLSample, BLSample.blSampleId == DataCollectionGroup.blSampleId)
    groups = groups.join(Crystal, Crystal.crystalId == BLSample.crystalId)
    return BLSession.sessionId.in_(groups.where(Crystal.proteinId == bindparam("proteinId")))


_COLLECTED = BLSession.sessionId.in_(select(DataCollectionGroup.sessionId))


class VisitFilters(SessionFilters, frozen=True):
    """What the page of a proposal asks for."""

    collected: Annotated[bool, query("Only those in which something was collected"), Where(_COLLECTED)] = (
        False
    )


class ProteinSessionFilters(SessionFilters, frozen=True):
    """What the page of a protein asks for: sessions in which data were collected of it."""

    proteinId: Annotated[int | None, Where(_of_protein())] = None


VISITS = listed(VisitFilters)
SESSIONS_OF_PROTEIN = listed(ProteinSessionFilters)
