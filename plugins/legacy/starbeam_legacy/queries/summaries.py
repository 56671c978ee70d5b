"""What is counted over a session: SQL, and the memory that spares counting at each request."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from sqlalchemy import CompoundSelect, Select, and_, case, func, literal, outerjoin, select, union_all
from sqlalchemy.orm import aliased

from starbeam.api.database import Cache, Reader, Recipe, Scope, statement
from starbeam_ispyb.models import DataCollection, DataCollectionGroup, EnergyScan, XFEFluorescenceSpectrum
from starbeam_legacy.models import Experiment
from starbeam_legacy.queries.rows import Row, flat

_EXPERIMENTS = {"hplcCount": "HPLC", "sampleChangerCount": "STATIC", "calibrationCount": "CALIBRATION"}
_NOTHING: Row = {
    "energyScanCount": 0,
    "sampleCount": 0,
    "imagesCount": None,
    "testDataCollectionGroupCount": 0,
    "dataCollectionGroupCount": 0,
    "EMdataCollectionGroupCount": 0,
    "xrfSpectrumCount": 0,
    "hplcCount": 0,
    "sampleChangerCount": 0,
    "calibrationCount": 0,
    "lastExperimentDataCollectionGroup": None,
    "lastEndTimeDataCollectionGroup": None,
}
"""The counts of a session in which nothing happened."""

MOST = 200_000
"""Sessions whose counts are kept."""
Keys = Recipe[Select[Any] | None]
"""How to build a statement for the keys of some sessions; None: of all."""


@statement
def _collected(scope: Scope, keys: Keys) -> Select[Any]:
    """Data collections and their groups, in one pass."""
    group, last, permitted = DataCollectionGroup, aliased(DataCollectionGroup), scope.permitted()
    images = DataCollection.numberOfImages
    summed = select(
        group.sessionId,
        func.count(group.blSampleId.distinct()).label("sampleCount"),
        func.sum(images).label("imagesCount"),
        func.count(case((images < 5, 1))).label("testDataCollectionGroupCount"),
        func.count(case((images > 4, 1))).label("dataCollectionGroupCount"),
        func.count(case((group.experimentType == "EM", DataCollection.dataCollectionId))).label(
            "EMdataCollectionGroupCount"
        ),
        func.max(group.dataCollectionGroupId).label("last"),
    )
    collected = DataCollection.dataCollectionGroupId == group.dataCollectionGroupId
    source = outerjoin(group, DataCollection, and_(collected, permitted.sees(DataCollection)))
    summed = summed.select_from(source).where(permitted.sees(group))
    if (some := keys.made(scope)) is not None:
        summed = summed.where(group.sessionId.in_(some))
    found = summed.group_by(group.sessionId).subquery("summed")
    counts = [column for column in found.c if column.name != "last"]
    latest = (
        last.experimentType.label("lastExperimentDataCollectionGroup"),
        last.endTime.label("lastEndTimeDataCollectionGroup"),
    )
    return select(*counts, *latest).join(last, last.dataCollectionGroupId == found.c.last)


@statement
def _others(scope: Scope, keys: Keys) -> CompoundSelect[Any]:
    """Rows of other tables: the key of a count, a session, and how many."""

    some = keys.made(scope)

    def counted(key: str, entity: Any, *where: Any) -> Select[Any]:
        of_keys = [] if some is None else [entity.sessionId.in_(some)]
        count = select(literal(key).label("key"), entity.sessionId, func.count().label("rows_"))
        return count.where(entity.sessionId.is_not(None), *where, *of_keys).group_by(entity.sessionId)

    parts = [
        counted("energyScanCount", EnergyScan, scope.permitted().sees(EnergyScan)),
        counted("xrfSpectrumCount", XFEFluorescenceSpectrum, scope.permitted().sees(XFEFluorescenceSpectrum)),
    ]
    if scope.has(Experiment):
        for key, kind in _EXPERIMENTS.items():
            parts.append(counted(key, Experiment, Experiment.experimentType == kind))
    return union_all(*parts)


class Summaries:
    """The counts of sessions, kept for some seconds."""

    def __init__(self, age: float) -> None:
        self._cache: Cache[Row] = Cache(age, MOST)

    async def of(
        self, reader: Reader, sessions: Sequence[int], keys: Keys, **values: Any
    ) -> Mapping[int, Row]:
        """The counts of these sessions, which `keys` selects. 2 statements, none while all are kept. Where
        plugins restrict what is counted, they are kept for each caller."""
        caller = reader.who if reader.scope.restricts else None

        async def count(one: Reader) -> Mapping[Hashable, Row]:
            counted = await self._count(one, sessions, keys, **values)
            return {(caller, session): counts for session, counts in counted.items()}

        named = [(caller, session) for session in sessions]
        kept = await self._cache.many(named, lambda: count(reader), lambda: reader.apart(count))
        return {session: kept[caller, session] for session in sessions}

    async def _count(
        self, reader: Reader, sessions: Sequence[int], keys: Keys, **values: Any
    ) -> Mapping[int, Row]:
        found: dict[int, Row] = {key: dict(_NOTHING) for key in sessions}
        for row in await reader.rows(_collected(keys), **values):
            counts = flat(row)
            found.get(counts.pop("sessionId"), {}).update(counts)
        for key, session, count in await reader.rows(_others(keys), **values):
            found.get(session, {})[key] = count
        return found
