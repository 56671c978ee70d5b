"""What programs made of several data collections at once: SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from statistics import median
from typing import Any

import msgspec
from sqlalchemy import Select, select

from starbeam.api.database import Reader, Scope, Shape, statement
from starbeam_ispyb.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcProgram,
    AutoProcScaling,
    AutoProcScaling_has_Int,
    AutoProcScalingStatistics,
    ProcessingJob,
)
from starbeam_processing import schemas
from starbeam_processing.queries.integrations import STATISTICS
from starbeam_processing.queries.links import COLLECTIONS, status

CC_HALF, COMPLETENESS = 0.3, 90
"""The best result is the one of highest resolution whose outer shell correlates so well (a fraction), and
which is so complete (in per cent)."""


class Run(msgspec.Struct):
    """A run of a program."""

    autoProcProgramId: int
    processingPrograms: str | None
    processingStatus: schemas.Status
    processingMessage: str | None
    processingStartTime: datetime | None


class Result(msgspec.Struct):
    """A scaling that a program made, or a run without one. R values and correlations are fractions."""

    run: Run
    crystal: schemas.AutoProc | None
    overall: schemas.AutoProcScalingStatistics | None = None
    innerShell: schemas.AutoProcScalingStatistics | None = None
    outerShell: schemas.AutoProcScalingStatistics | None = None


_RUN = Shape(Run, AutoProcProgram, processingStatus=status())
_CRYSTAL = Shape(schemas.AutoProc, AutoProc, when=AutoProc.autoProcId)
_KEYS = (
    AutoProcIntegration.dataCollectionId,
    AutoProcProgram.autoProcProgramId,
    AutoProcScaling.autoProcScalingId,
    AutoProcScalingStatistics.autoProcScalingStatisticsId,
)


@statement
def _results(scope: Scope) -> Select[Any]:
    """One row for each shell of each scaling of each visible integration."""
    program, link, scaling = AutoProcProgram, AutoProcScaling_has_Int, AutoProcScaling
    shell = AutoProcScalingStatistics
    columns = (*_RUN.columns(scope), *_CRYSTAL.columns(scope), *STATISTICS.columns(scope))
    seen = scope.below(ProcessingJob, AutoProcIntegration).sees(program)
    return (
        select(*_KEYS, *columns)
        .select_from(AutoProcIntegration)
        .join(program, program.autoProcProgramId == AutoProcIntegration.autoProcProgramId)
        .outerjoin(link, link.autoProcIntegrationId == AutoProcIntegration.autoProcIntegrationId)
        .outerjoin(scaling, scaling.autoProcScalingId == link.autoProcScalingId)
        .outerjoin(AutoProc, AutoProc.autoProcId == scaling.autoProcId)
        .outerjoin(shell, shell.autoProcScalingId == scaling.autoProcScalingId)
        .where(AutoProcIntegration.dataCollectionId.in_(COLLECTIONS))
        .where(scope.sees(AutoProcIntegration), seen)
        .order_by(*_KEYS)
    )


async def results(reader: Reader, collections: Collection[int]) -> dict[int, list[Result]]:
    """The results of these data collections, as far as the caller sees them. 1 statement."""
    found: dict[int, dict[tuple[int, int | None], Result]] = defaultdict(dict)
    run, crystal = (len(shape.columns(reader.scope)) for shape in (_RUN, _CRYSTAL))
    for collection, program, scaling, shell_id, *values in await reader.rows(
        _results(), collections=list(collections)
    ):
        result = found[collection].get((program, scaling))
        if result is None:
            result = Result(_RUN.make(values), _CRYSTAL.make(values[run:]))
            found[collection][program, scaling] = result
        if shell_id is not None:
            shell = STATISTICS.make(values[run + crystal :])
            if shell.scalingStatisticsType:
                setattr(result, shell.scalingStatisticsType, shell)
    _make_fractions([one for some in found.values() for one in some.values()])
    return {collection: list(some.values()) for collection, some in found.items()}


def _make_fractions(results: list[Result]) -> None:
    """Sites store fractions or per cent: whichever the inner shells say."""
    inner = [one.innerShell for one in results if one.innerShell]
    for name in ("rMeasAllIPlusIMinus", "ccHalf"):
        values = [value for shell in inner if (value := getattr(shell, name)) is not None]
        if values and median(values) > 1:
            for shell in (shell for one in results for shell in _shells(one)):
                if (value := getattr(shell, name)) is not None:
                    setattr(shell, name, value / 100)


def _shells(result: Result) -> list[schemas.AutoProcScalingStatistics]:
    return [one for one in (result.overall, result.innerShell, result.outerShell) if one]


def best(results: Iterable[Result]) -> Result | None:
    """The good enough result of highest resolution; without a correlation completeness alone counts."""
    good = [(limit, one) for one in results if (limit := _good_to(one)) is not None]
    return min(good, key=lambda found: found[0])[1] if good else None


def _good_to(result: Result) -> float | None:
    """The resolution of a result that is good enough."""
    overall, outer = result.overall, result.outerShell
    if overall is None or overall.completeness is None or overall.completeness < COMPLETENESS:
        return None
    if outer is not None and outer.ccHalf is not None and outer.ccHalf < CC_HALF:
        return None
    return overall.resolutionLimitHigh
