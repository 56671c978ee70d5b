"""What programs made of several data collections at once: SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Select, bindparam, select, true
from sqlalchemy.orm import InstrumentedAttribute

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
from starbeam_processing.queries.links import status
from starbeam_processing.queries.shells import STATISTICS, as_fractions, units


class Run(msgspec.Struct):
    """A run of a program."""

    autoProcProgramId: int
    processingPrograms: str | None
    processingStatus: schemas.Status
    processingMessage: str | None
    processingStartTime: datetime | None
    processingEndTime: datetime | None
    recordTimeStamp: datetime | None


class Result(msgspec.Struct):
    """A scaling that a program made, or a run without one. R values and correlations are fractions."""

    run: Run
    crystal: schemas.AutoProc | None
    overall: schemas.AutoProcScalingStatistics | None = None
    innerShell: schemas.AutoProcScalingStatistics | None = None
    outerShell: schemas.AutoProcScalingStatistics | None = None


_RUN = Shape(Run, AutoProcProgram, processingStatus=status())
_CRYSTAL = Shape(schemas.AutoProc, AutoProc, when=AutoProc.autoProcId)
_WANTED: Any = bindparam("wanted", expanding=True)
_KEYS = (
    AutoProcIntegration.dataCollectionId,
    AutoProcProgram.autoProcProgramId,
    AutoProcScaling.autoProcScalingId,
    AutoProcScalingStatistics.autoProcScalingStatisticsId,
)


@statement
def _results(scope: Scope, column: InstrumentedAttribute[Any]) -> Select[Any]:
    """One row for each shell of each scaling of each visible integration that has one of the keys in this
    column."""
    program, link, scaling = AutoProcProgram, AutoProcScaling_has_Int, AutoProcScaling
    shell, unit = AutoProcScalingStatistics, units()
    columns = (*_RUN.columns(scope), *_CRYSTAL.columns(scope), *STATISTICS.columns(scope))
    seen = scope.below(ProcessingJob, AutoProcIntegration).sees(program)
    return (
        select(*_KEYS, unit.c.r, unit.c.cc, *columns)
        .select_from(AutoProcIntegration)
        .join(program, program.autoProcProgramId == AutoProcIntegration.autoProcProgramId)
        .outerjoin(link, link.autoProcIntegrationId == AutoProcIntegration.autoProcIntegrationId)
        .outerjoin(scaling, scaling.autoProcScalingId == link.autoProcScalingId)
        .outerjoin(AutoProc, AutoProc.autoProcId == scaling.autoProcId)
        .outerjoin(shell, shell.autoProcScalingId == scaling.autoProcScalingId)
        .join(unit, true())
        .where(column.in_(_WANTED))
        .where(scope.sees(AutoProcIntegration), seen)
        .order_by(*_KEYS)
    )


async def results(reader: Reader, collections: Collection[int]) -> dict[int, list[Result]]:
    """The results of these data collections, as far as the caller sees them. 1 statement."""
    found = await _read(reader, AutoProcIntegration.dataCollectionId, collections)
    return {collection: list(some.values()) for collection, some in found.items()}


async def of_program(reader: Reader, program: int) -> list[Result]:
    """What a run of a program made, of one data collection or of several. 1 statement."""
    found = await _read(reader, AutoProcIntegration.autoProcProgramId, [program])
    scalings = {key: one for some in found.values() for key, one in some.items()}
    return list(scalings.values())


async def _read(
    reader: Reader, column: InstrumentedAttribute[Any], wanted: Collection[int]
) -> dict[int, dict[tuple[int, int | None], Result]]:
    """Results by data collection, and by program and scaling."""
    found: dict[int, dict[tuple[int, int | None], Result]] = defaultdict(dict)
    run, crystal = (len(shape.columns(reader.scope)) for shape in (_RUN, _CRYSTAL))
    rows = await reader.rows(_results(column), wanted=list(wanted))
    for collection, program, scaling, shell_id, r, cc, *values in rows:
        result = found[collection].get((program, scaling))
        if result is None:
            result = Result(_RUN.make(values), _CRYSTAL.make(values[run:]))
            found[collection][program, scaling] = result
        if shell_id is not None:
            shell = as_fractions(STATISTICS.make(values[run + crystal :]), float(r), float(cc))
            if shell.scalingStatisticsType:
                setattr(result, shell.scalingStatisticsType, shell)
    return found
