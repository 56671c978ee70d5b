"""What programs integrated, with cell, space group and statistics: SQL."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import Select, bindparam, select

from starbeam.api.database import Reader, Scope, Shape, statement
from starbeam_ispyb.models import (
    AutoProc,
    AutoProcIntegration,
    AutoProcScaling,
    AutoProcScaling_has_Int,
    AutoProcScalingStatistics,
    DataCollection,
)
from starbeam_processing import schemas
from starbeam_processing.queries.links import COLLECTION, below
from starbeam_processing.queries.shells import STATISTICS

_SCALING = Shape(
    schemas.AutoProcScaling,
    AutoProcScaling,
    when=AutoProcScaling.autoProcScalingId,
    AutoProc=Shape(schemas.AutoProc, AutoProc, when=AutoProc.autoProcId),
    later={"AutoProcScalingStatistics"},
)
_INTEGRATION = Shape(
    schemas.AutoProcIntegration,
    AutoProcIntegration,
    DataCollection=Shape(
        schemas.AutoProcIntegrationDataCollection, DataCollection, when=DataCollection.dataCollectionId
    ),
    later={"AutoProcScalingHasInt"},
)
_PROGRAMS: Any = bindparam("programs", expanding=True)
_KEYS = (
    AutoProcIntegration.autoProcProgramId,
    AutoProcIntegration.autoProcIntegrationId,
    AutoProcScaling_has_Int.autoProcScaling_has_IntId,
    AutoProcScaling.autoProcScalingId.label("scaling"),
)


@statement
def _integrations(scope: Scope, by_collection: bool) -> Select[Any]:
    """One row for each scaling of each visible integration."""
    link, wanted = AutoProcScaling_has_Int, _PROGRAMS
    query = (
        select(*_KEYS, *_INTEGRATION.columns(scope), *_SCALING.columns(scope))
        .select_from(AutoProcIntegration)
        .outerjoin(DataCollection, DataCollection.dataCollectionId == AutoProcIntegration.dataCollectionId)
        .outerjoin(link, link.autoProcIntegrationId == AutoProcIntegration.autoProcIntegrationId)
        .outerjoin(AutoProcScaling, AutoProcScaling.autoProcScalingId == link.autoProcScalingId)
        .outerjoin(AutoProc, AutoProc.autoProcId == AutoProcScaling.autoProcId)
        .where(AutoProcIntegration.autoProcProgramId.in_(wanted), scope.sees(AutoProcIntegration))
        .order_by(AutoProcIntegration.autoProcIntegrationId, link.autoProcScaling_has_IntId)
    )
    return query.where(AutoProcIntegration.dataCollectionId == COLLECTION) if by_collection else query


async def integrations(
    reader: Reader, programs: list[int], collection_id: int | None
) -> dict[int, list[schemas.AutoProcIntegration]]:
    """What programs integrated, of one data collection or of all that the caller sees, by program.
    2 statements."""
    if not programs:
        return {}
    query = _integrations(collection_id is not None)
    rows = await reader.rows(query, programs=programs, dataCollectionId=collection_id)
    statistics = await below(
        reader,
        STATISTICS,
        AutoProcScalingStatistics.autoProcScalingId,
        AutoProcScalingStatistics.autoProcScalingStatisticsId,
        {row.scaling for row in rows if row.scaling is not None},
    )
    middle = len(_KEYS) + len(_INTEGRATION.columns(reader.scope))
    found: dict[int, dict[int, schemas.AutoProcIntegration]] = defaultdict(dict)
    for row in rows:
        program, key, link, scaling_id = row[: len(_KEYS)]
        integration = found[program].setdefault(key, _INTEGRATION.make(row[len(_KEYS) : middle]))
        integration.AutoProcScalingHasInt = integration.AutoProcScalingHasInt or []
        if link is not None:
            scaling = _SCALING.make(row[middle:])
            if scaling is not None:
                scaling.AutoProcScalingStatistics = statistics.get(scaling_id, [])
            integration.AutoProcScalingHasInt.append(schemas.AutoProcScalingHasInt(scaling))
    return {program: list(own.values()) for program, own in found.items()}
