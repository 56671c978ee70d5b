"""The database of the table: the small world of the tests, 300 sessions of a member, and a crowd.

The crowd is two proposals of 100 sessions with 1,000 data collections each, two in a group; every fifth group
is of one sample. Added through the models, so that every flavour and database has the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from starbeam_datacollections.models import ImageQualityIndicators
from starbeam_ispyb import models as m
from starbeam_testing.app import TestDatabase
from support import world

FIRST = 2_000_001
"""The first key of the crowd, of every table."""
SESSIONS = 200
COLLECTIONS = 1_000
"""Of each session."""
SAMPLES = 2_000
CHUNK = 5_000
"""Rows of one INSERT."""
BEGAN = datetime(2026, 6, 1)
"""After all that is in the small world: keys follow times, as they do in a facility's tables."""
STEP = timedelta(seconds=90)
"""From a data collection to the next."""

Row = dict[str, Any]


async def fill(db: TestDatabase, folder: Path, size: int) -> None:
    """Add everything, with this many data collections in each session of the crowd."""
    await world.build(db, folder)
    await world.multiply(db, world.REGULARS)
    for model, rows in _tables(size):
        while chunk := list(islice(rows, CHUNK)):
            await db.add(model, *chunk)
    if db.url.startswith("mysql"):
        tables = await db.sql("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'")
        await db.sql("ANALYZE TABLE " + ", ".join(f"`{name}`" for name, _ in tables))
    else:
        await db.sql("ANALYZE")


def _tables(size: int) -> Iterator[tuple[type[Any], Iterator[Row]]]:
    """Rows by model, parents first."""
    collections = SESSIONS * size
    groups = collections // 2
    yield m.Proposal, ({"proposalId": FIRST + n, **_proposal(n)} for n in range(2))
    yield m.BLSession, (_session(n) for n in range(SESSIONS))
    yield from _samples()
    yield m.Workflow, ({"workflowId": FIRST + n, "workflowType": "MXPressA"} for n in range(groups // 50))
    yield (
        m.WorkflowStep,
        ({"workflowStepId": FIRST + n, "workflowId": FIRST + n // 2} for n in range(groups // 25)),
    )
    yield m.DataCollectionGroup, (_group(n, size // 2, groups) for n in range(groups))
    yield m.DataCollection, (_collection(n) for n in range(collections))
    yield from _beside(collections, size)
    yield from _processed(collections)
    yield from _movies()


def _proposal(n: int) -> Row:
    return {"personId": 1, "title": "Crowd", "proposalCode": "mx", "proposalNumber": str(9001 + n)}


def _session(n: int) -> Row:
    start = BEGAN + n * timedelta(hours=25)
    return {
        "sessionId": FIRST + n,
        "proposalId": FIRST + n % 2,
        "visit_number": 1 + n // 2,
        "beamLineName": f"id{n % 8:02d}",
        "startDate": start,
        "endDate": start + timedelta(hours=25),
        "scheduled": 1,
    }


def _samples() -> Iterator[tuple[type[Any], Iterator[Row]]]:
    proteins, boxes = 100, SAMPLES // 10
    yield (
        m.Protein,
        (
            {"proteinId": FIRST + n, "proposalId": FIRST + n % 2, "name": f"protein{n}", "acronym": f"P{n}"}
            for n in range(proteins)
        ),
    )
    yield m.Crystal, ({"crystalId": FIRST + n, "proteinId": FIRST + n} for n in range(proteins))
    yield (
        m.Shipping,
        ({"shippingId": FIRST + n, "proposalId": FIRST + n % 2, "shippingName": f"s{n}"} for n in range(20)),
    )
    yield m.Dewar, ({"dewarId": FIRST + n, "shippingId": FIRST + n // 2, "code": f"d{n}"} for n in range(40))
    yield (
        m.Container,
        ({"containerId": FIRST + n, "dewarId": FIRST + n // 5, "code": f"c{n}"} for n in range(boxes)),
    )
    yield (
        m.BLSample,
        (
            {
                "blSampleId": FIRST + n,
                "crystalId": FIRST + n % proteins,
                "containerId": FIRST + n // 10,
                "name": f"sample{n}",
                "location": str(1 + n % 10),
            }
            for n in range(SAMPLES)
        ),
    )


def _group(n: int, each: int, groups: int) -> Row:
    """Every fifth is of the first sample."""
    return {
        "dataCollectionGroupId": FIRST + n,
        "sessionId": FIRST + n // each,
        "blSampleId": FIRST if n % 5 == 0 else FIRST + n % SAMPLES,
        "workflowId": FIRST + n // 50 if n % 50 == 0 else None,
        "experimentType": ("OSC", "Mesh", "SAD")[n % 3],
        "startTime": BEGAN + 2 * n * STEP,
        "endTime": BEGAN + (2 * n + 2) * STEP,
    }


def _collection(n: int) -> Row:
    return {
        "dataCollectionId": FIRST + n,
        "dataCollectionGroupId": FIRST + n // 2,
        "dataCollectionNumber": 1 + n % 2,
        "startTime": BEGAN + n * STEP,
        "endTime": BEGAN + n * STEP + STEP / 2,
        "runStatus": "DataCollection Successful" if n % 20 else "DataCollection Failed",
        "numberOfImages": 3600,
        "wavelength": 0.9 + n % 100 / 500,
        "exposureTime": 0.02,
        "resolution": 1.1 + n % 20 / 10,
        "imageDirectory": "/data/crowd",
        "fileTemplate": "crowd_master.h5",
    }


def _beside(collections: int, size: int) -> Iterator[tuple[type[Any], Iterator[Row]]]:
    """Files, quality, and what else happens in sessions."""
    yield (
        m.DataCollectionFileAttachment,
        (
            {
                "dataCollectionFileAttachmentId": FIRST + n,
                "dataCollectionId": FIRST + 4 * n,
                "fileFullPath": "/x",
            }
            for n in range(collections // 4)
        ),
    )
    yield (
        ImageQualityIndicators,
        (
            {
                "imageQualityIndicatorsId": FIRST + n,
                "dataCollectionId": FIRST + n // 100,
                "imageNumber": 1 + n % 100,
                "autoProcProgramId": 1,
            }
            for n in range(collections // 4)
        ),
    )
    yield (
        m.RobotAction,
        (
            {
                "robotActionId": FIRST + n,
                "blsessionId": FIRST + 4 * n // size,
                "actionType": "LOAD",
                "status": "SUCCESS" if n % 20 else "ERROR",
                "startTimestamp": BEGAN + (4 * n) * STEP,
                "endTimestamp": BEGAN + (4 * n) * STEP + STEP / 3,
            }
            for n in range(collections // 4)
        ),
    )
    for model, key in (
        (m.EnergyScan, "energyScanId"),
        (m.XFEFluorescenceSpectrum, "xfeFluorescenceSpectrumId"),
    ):
        yield (
            model,
            (
                {key: FIRST + n, "sessionId": FIRST + 40 * n // size, "startTime": BEGAN + 40 * n * STEP}
                for n in range(collections // 40)
            ),
        )
    yield (
        m.Screening,
        ({"screeningId": FIRST + n, "dataCollectionId": FIRST + 20 * n} for n in range(collections // 20)),
    )


def _processed(collections: int) -> Iterator[tuple[type[Any], Iterator[Row]]]:
    """One data collection in ten is processed, one in a thousand with an error."""
    programs = range(collections // 10)
    yield (
        m.ProcessingJob,
        ({"processingJobId": FIRST + n, "dataCollectionId": FIRST + 10 * n} for n in programs),
    )
    yield (
        m.AutoProcProgram,
        (
            {
                "autoProcProgramId": FIRST + n,
                "processingJobId": FIRST + n,
                "processingPrograms": "xia2",
                "processingStatus": "1",
            }
            for n in programs
        ),
    )
    yield (
        m.AutoProcIntegration,
        (
            {
                "autoProcIntegrationId": FIRST + n,
                "dataCollectionId": FIRST + 10 * n,
                "autoProcProgramId": FIRST + n,
            }
            for n in programs
        ),
    )
    yield (
        m.AutoProcProgramAttachment,
        (
            {"autoProcProgramAttachmentId": FIRST + n, "autoProcProgramId": FIRST + n, "fileName": "a.log"}
            for n in programs
        ),
    )
    yield (
        m.AutoProcProgramMessage,
        (
            {"autoProcProgramMessageId": FIRST + n, "autoProcProgramId": FIRST + 100 * n, "severity": "ERROR"}
            for n in range(len(programs) // 100)
        ),
    )
    yield from _scaled(programs)


def _scaled(programs: range) -> Iterator[tuple[type[Any], Iterator[Row]]]:
    keys = [FIRST + n for n in programs]
    yield m.AutoProc, ({"autoProcId": key, "spaceGroup": "P1"} for key in keys)
    yield m.AutoProcScaling, ({"autoProcScalingId": key, "autoProcId": key} for key in keys)
    yield (
        m.AutoProcScaling_has_Int,
        ({"autoProcIntegrationId": key, "autoProcScalingId": key} for key in keys),
    )
    yield (
        m.AutoProcScalingStatistics,
        (
            {"autoProcScalingStatisticsId": key, "autoProcScalingId": key, "scalingStatisticsType": "overall"}
            for key in keys
        ),
    )


def _movies() -> Iterator[tuple[type[Any], Iterator[Row]]]:
    """A thousand movies of the first data collection."""
    movies = range(FIRST, FIRST + 1_000)
    yield m.Movie, ({"movieId": n, "dataCollectionId": FIRST, "movieNumber": n - FIRST} for n in movies)
    yield m.MotionCorrection, ({"motionCorrectionId": n, "movieId": n} for n in movies)
    yield m.CTF, ({"ctfId": n, "motionCorrectionId": n} for n in movies)
