"""What the pipelines made of data collections."""

from __future__ import annotations

import msgspec

from starbeam_processing import schemas
from support.expected import Cost, Route, everybody, found_by, totals
from support.world import FIRST

EACH = totals(session_member=1, proposal_member=2, staff=1, administrator=3)
"""A list with one row for each session."""
OF_A_SESSION = f"sessionId={FIRST + 1}&limit=100"

ROUTES = {
    "GET /processings/status": Route(
        everybody(), "/processings/status?dataCollectionIds=%5B1%2C2%2C3%5D", open=True
    ),
    "GET /processings/screenings": Route(EACH, cost=Cost(statements=7, reads=100)),
    "GET /processings": Route(EACH, cost=Cost(statements=5, reads=100)),
    "GET /processings/auto-integrations": Route(EACH, cost=Cost(statements=7, reads=100)),
    "GET /processings/results": Route(
        totals(session_member=1, proposal_member=1, administrator=1),
        "/processings/results?sessionId=1",
        cost=Cost(statements=2, reads=100, one=OF_A_SESSION, hundred=OF_A_SESSION, rows=1),
    ),
    "GET /processings/messages": Route(EACH, cost=Cost(statements=2, reads=100)),
    "GET /processings/messages/status": Route(
        everybody(), "/processings/messages/status?dataCollectionIds=%5B1%2C2%2C3%5D", open=True
    ),
    "GET /processings/attachments": Route(
        totals(session_member=2, proposal_member=4, staff=2, administrator=6),
        cost=Cost(statements=2, reads=100),
    ),
    "GET /processings/attachments/{autoProcProgramAttachmentId}": Route(
        found_by("session_member", "proposal_member", "administrator"), "/processings/attachments/1"
    ),
}


def _fields(*structs: type[msgspec.Struct]) -> set[str]:
    return {f"{struct.__name__}.{name}" for struct in structs for name in struct.__struct_encode_fields__}


EMPTY = {
    "community": {  # it has no jobs, messages or searches for the crystal
        *_fields(schemas.AutoProcProgram, schemas.ProcessingJob, schemas.ProcessingJobParameter),
        *_fields(schemas.AutoProcProgramMessage, schemas.AutoProcProgramMessageStatus),
        *_fields(schemas.AutoProcProgramMessageStatuses, schemas.ProcessingStatus),
        *(f"Paginated_AutoProcProgram_.{name}" for name in ("total", "results")),
        *(f"Paginated_AutoProcProgramMessage_.{name}" for name in ("total", "results")),
        *("ProcessingStatuses.processing", "ProcessingStatuses.xrc"),
        *("AutoProcProgramMetadata.autoProcProgramMessages", "AutoProcProgramMetadata.imageSweepCount"),
        "AutoProcProgramIntegration.ProcessingJob",
        "AutoProcProgramAttachment.importanceRank",
        "AutoProcScalingStatistics.resIOverSigI2",
    },
}
