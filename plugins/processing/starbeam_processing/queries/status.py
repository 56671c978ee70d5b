"""What came of the processing of many data collections: SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, func, or_, select, union

from starbeam.api.database import Reader, Scope, statement
from starbeam_ispyb.models import (
    CTF,
    AutoProcIntegration,
    AutoProcProgram,
    DataCollection,
    DataCollectionGroup,
    GridInfo,
    MotionCorrection,
    Movie,
    ProcessingJob,
    Screening,
    ScreeningOutput,
)
from starbeam_processing import schemas
from starbeam_processing.models import XrayCentring, XrayCentringResult
from starbeam_processing.queries.links import COLLECTIONS, integrated, status, visible

_CENTRED: dict[str | None, schemas.Status] = {"success": 1, "failure": 0, "failed": 0}
"""What came of a search for the crystal, by what its row says; running otherwise."""
_SUCCESS: dict[int | None, schemas.Status] = {0: 0, 1: 1, 2: 2}

Lists = dict[int, dict[str, list[Any]]]
"""Entries by data collection and program."""


def _below_collections(scope: Scope) -> Scope:
    """The scope of what hangs on visible data collections."""
    return scope.below(DataCollection, DataCollectionGroup, AutoProcIntegration, ProcessingJob)


@statement
def _screenings(scope: Scope) -> Select[Any]:
    """Outputs of screenings of a data collection itself, and of its group."""
    columns = (
        Screening.programVersion.label("program"),
        ScreeningOutput.screeningOutputId.label("id"),
        ScreeningOutput.strategySuccess,
        ScreeningOutput.indexingSuccess,
    )
    with_output = ScreeningOutput.screeningId == Screening.screeningId
    seen = _below_collections(scope).sees(Screening)
    own = select(Screening.dataCollectionId.label("collection"), *columns).join(ScreeningOutput, with_output)
    of_group = (
        select(DataCollection.dataCollectionId, *columns)
        .join(Screening, Screening.dataCollectionGroupId == DataCollection.dataCollectionGroupId)
        .join(ScreeningOutput, with_output)
    )
    found = union(
        own.where(Screening.dataCollectionId.in_(COLLECTIONS), seen),
        of_group.where(DataCollection.dataCollectionId.in_(COLLECTIONS), seen),
    ).subquery("screenings")
    return select(found).order_by(found.c.id)


_PROGRAM = (AutoProcProgram.processingPrograms, status(), AutoProcProgram.autoProcProgramId)


@statement
def _integrations(scope: Scope) -> Select[Any]:
    """Programs that integrated a data collection, each once."""
    collection = AutoProcIntegration.dataCollectionId
    query: Select[Any] = select(collection, *_PROGRAM).join(
        AutoProcProgram, AutoProcProgram.autoProcProgramId == AutoProcIntegration.autoProcProgramId
    )
    seen = _below_collections(scope).sees(AutoProcProgram)
    return query.where(collection.in_(COLLECTIONS), seen).distinct().order_by(*_PROGRAM[-1:])


@statement
def _jobs(scope: Scope) -> Select[Any]:
    """Programs of automatic jobs that integrated nothing."""
    collection = ProcessingJob.dataCollectionId
    query: Select[Any] = select(collection, *_PROGRAM).join(
        AutoProcProgram, AutoProcProgram.processingJobId == ProcessingJob.processingJobId
    )
    automatic = ProcessingJob.automatic == 1, ~integrated()
    seen = _below_collections(scope).sees(AutoProcProgram)
    return query.where(collection.in_(COLLECTIONS), *automatic, seen).order_by(*_PROGRAM[-1:])


@statement
def _centrings(scope: Scope) -> Select[int, str]:
    """Results in a data collection's grids, and those of its group that name no grid. They are reached by
    the search, which is of the group that the grids are in: no index leads from a grid to its results."""
    of_grid = or_(
        XrayCentringResult.gridInfoId.is_(None),
        GridInfo.dataCollectionGroupId == DataCollection.dataCollectionGroupId,
        GridInfo.dataCollectionId == DataCollection.dataCollectionId,
    )
    return (
        select(
            DataCollection.dataCollectionId,
            func.coalesce(XrayCentringResult.status, XrayCentring.status),
        )
        .join(XrayCentring, XrayCentring.dataCollectionGroupId == DataCollection.dataCollectionGroupId)
        .join(XrayCentringResult, XrayCentringResult.xrayCentringId == XrayCentring.xrayCentringId)
        .outerjoin(GridInfo, GridInfo.gridInfoId == XrayCentringResult.gridInfoId)
        .where(DataCollection.dataCollectionId.in_(COLLECTIONS), of_grid)
        .order_by(XrayCentringResult.xrayCentringResultId)
    )


@statement
def _movies(scope: Scope) -> Select[Any]:
    """How many movies, motion corrections and fits of the transfer function there are."""
    keys: Any = Movie.movieId, MotionCorrection.motionCorrectionId, CTF.ctfId
    counts: list[Any] = [func.count(key.distinct()) for key in keys]
    return (
        select(Movie.dataCollectionId, *counts)
        .outerjoin(MotionCorrection, MotionCorrection.movieId == Movie.movieId)
        .outerjoin(CTF, CTF.motionCorrectionId == MotionCorrection.motionCorrectionId)
        .where(Movie.dataCollectionId.in_(COLLECTIONS), _below_collections(scope).sees(Movie))
        .group_by(Movie.dataCollectionId)
    )


async def statuses(reader: Reader, collections: Iterable[int]) -> dict[str, schemas.ProcessingStatuses]:
    """What came of these data collections, by their ids: of those that the caller sees and that have been
    processed. 6 statements."""
    keys = await visible(reader, set(collections))
    if not keys:
        return {}
    scope = reader.scope
    screening = _screened(await reader.rows(_screenings(), collections=keys))
    integration = _programs(await reader.rows(_integrations(), collections=keys))
    processing: Lists = {}
    xrc: Lists = {}
    if scope.has(ProcessingJob):
        processing = _programs(await reader.rows(_jobs(), collections=keys))
    if scope.has(XrayCentringResult, GridInfo.dataCollectionId):
        xrc = _centred(await reader.rows(_centrings(), collections=keys))
    em = {key: _microscopy(*numbers) for key, *numbers in await reader.rows(_movies(), collections=keys)}
    return {
        str(key): schemas.ProcessingStatuses(
            screening=screening.get(key),
            autoIntegration=integration.get(key),
            processing=processing.get(key),
            xrc=xrc.get(key),
            em=em.get(key),
        )
        for key in sorted(keys)
        if any(key in kind for kind in (screening, integration, processing, xrc, em))
    }


def _grouped(entries: Iterable[tuple[int, str | None, Any]]) -> Lists:
    """Entries by data collection and program."""
    found: Lists = defaultdict(lambda: defaultdict(list))
    for key, program, entry in entries:
        found[key][program or ""].append(entry)
    return found


def _screened(rows: Sequence[Any]) -> Lists:
    return _grouped(
        (
            key,
            program,
            schemas.ScreeningProcesingStatus(
                status=_SUCCESS.get(strategy), indexingSuccess=_SUCCESS.get(indexing)
            ),
        )
        for key, program, _, strategy, indexing in rows
    )


def _programs(rows: Sequence[Any]) -> Lists:
    return _grouped(
        (key, program, schemas.ProcessingProcessingStatus(status=status, autoProcProgramId=program_id))
        for key, program, status, program_id in rows
    )


def _centred(rows: Sequence[Any]) -> Lists:
    return _grouped((key, "xrc", schemas.ProcessingStatus(_CENTRED.get(status))) for key, status in rows)


def _microscopy(movies: int, corrections: int, fits: int) -> schemas.EMProcessingStatus:
    return schemas.EMProcessingStatus(movie=movies, motionCorrection=corrections, ctf=fits)
