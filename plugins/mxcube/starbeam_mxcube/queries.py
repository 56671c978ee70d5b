"""What lists of other plugins have more for MXCuBE, which fails at null; detectors: SQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, func, join

from starbeam.api.database import Scope, Shape
from starbeam.api.lists import Extension, List
from starbeam_datacollections.queries.collections import COLLECTIONS
from starbeam_ispyb.models import (
    BLSample,
    BLSession,
    Crystal,
    DataCollection,
    DataCollectionGroup,
    Detector,
    Proposal,
    Protein,
)
from starbeam_ispyb.names import proposal_name
from starbeam_mxcube import schemas
from starbeam_proposals.queries.proposals import PROPOSALS
from starbeam_proposals.queries.sessions import SESSIONS
from starbeam_samples.queries.samples import SAMPLES
from starbeam_samples.schemas import SampleProtein

DETECTORS = List(Shape(schemas.Detector, Detector), Detector, missing="Detector not found", for_all=True)
"""No secret of anybody's."""
OPEN = "Open"
"""The state of proposals that have none."""
LONG_AGO = datetime(1970, 1, 1)
"""The time of what nobody knows the time of."""
_START = func.coalesce(DataCollection.startTime, DataCollectionGroup.startTime)
_NAMED: Any = case((proposal_name() == bindparam("search"), 0), else_=1)
"""First the proposal that is called as is searched for: MXCuBE takes the first that is found."""
_PLAN = func.coalesce(BLSample.diffractionPlanId, Crystal.diffractionPlanId)
_CRYSTAL = Shape(
    schemas.MxcubeCrystal, Crystal, space_group=Crystal.spaceGroup, Protein=Shape(SampleProtein, Protein)
)


def _title(scope: Scope) -> ColumnElement[Any]:
    """The session's own, else that of its proposal."""
    return func.coalesce(scope.column(BLSession.sessionTitle), Proposal.title, "")


def extensions(unpaged: int) -> list[Extension]:
    """Of proposals, sessions, data collections and samples; so many rows where no page is asked for."""
    return [
        Extension(
            PROPOSALS,
            schemas.MxcubeProposal,
            fields={"title": func.coalesce(Proposal.title, ""), "state": func.coalesce(Proposal.state, OPEN)},
            first={"search": [_NAMED]},
            unpaged=unpaged,
        ),
        Extension(
            SESSIONS,
            schemas.MxcubeSession,
            fields={
                "title": _title,
                "endDate": func.coalesce(BLSession.endDate, BLSession.startDate),
            },
            unpaged=unpaged,
        ),
        Extension(
            COLLECTIONS,
            schemas.MxcubeCollection,
            fields={
                "sessionId": DataCollectionGroup.sessionId,
                "blSampleId": DataCollectionGroup.blSampleId,
                "experimentType": DataCollectionGroup.experimentType,
                "startTime": func.coalesce(_START, LONG_AGO),
                "endTime": func.coalesce(DataCollection.endTime, _START, LONG_AGO),
            },
            joins=join(
                DataCollection,
                DataCollectionGroup,
                DataCollectionGroup.dataCollectionGroupId == DataCollection.dataCollectionGroupId,
            ),
        ),
        Extension(
            SAMPLES,
            schemas.MxcubeSample,
            fields={
                "Crystal": _CRYSTAL,
                "DiffractionPlan": Shape(schemas.MxcubePlan, diffractionPlanId=_PLAN),
            },
            unpaged=unpaged,
        ),
    ]
