"""Data collections: an event for each group, or for each of one group."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    String,
    Subquery,
    and_,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    union,
)
from sqlalchemy.orm import aliased

from starbeam.api import NotHeld
from starbeam.api.database import Reader, Scope, Shape, digest, seconds_between, statement
from starbeam.api.lists import askable
from starbeam.api.models import WholeSeconds
from starbeam_events import full, schemas
from starbeam_events.sources.base import BEFORE, NAMED, SESSIONS, SINCE, WATCHED, EventSource, Query, Wanted
from starbeam_events.sources.conditions import in_minutes, of_sample, of_session
from starbeam_events.sources.grids import add_grids
from starbeam_events.sources.signs import Sign, processed
from starbeam_events.sources.table import nth
from starbeam_events.sources.tables import succeeded
from starbeam_ispyb.models import (
    AutoProcIntegration,
    AutoProcProgram,
    AutoProcProgramMessage,
    BLSample,
    BLSession,
    BLSubSample,
    DataCollection,
    DataCollectionFileAttachment,
    DataCollectionGroup,
    ProcessingJob,
    Proposal,
    Workflow,
)
from starbeam_ispyb.names import proposal_name, session_name

if TYPE_CHECKING:
    from starbeam.api.files import Files

SUCCESSFUL = ("1", "SUCCESS")
"""How flavours spell the status of a program that succeeded."""
LASTING = timedelta(days=7)
"""How long before what is watched data collections may have begun that end while it is."""
SNAPSHOTS = {
    "1": DataCollection.xtalSnapshotFullPath1,
    "2": DataCollection.xtalSnapshotFullPath2,
    "3": DataCollection.xtalSnapshotFullPath3,
    "4": DataCollection.xtalSnapshotFullPath4,
    "analysis": DataCollection.imageQualityIndicatorsPlotPath,
}
"""The column of the path behind each flag."""


NO_MESSAGES = "This database has no messages of processing programs (AutoProcProgramMessage)."


def _of_group(scope: Scope, wanted: Wanted, group: Any) -> list[ColumnElement[bool]]:
    """Filters that a whole group passes or not."""
    where = [*of_session(wanted, group.sessionId), *of_sample(wanted, group.blSampleId)]
    if wanted.source == "":
        where.append(group.experimentType == bindparam("eventType"))
    return askable(scope, where)


def _of_collection(
    scope: Scope, wanted: Wanted, one: Any, among_few: bool = True
) -> list[ColumnElement[bool]]:
    """Filters that a data collection passes by itself. Messages of programs are looked for from each row
    where rows are few, and lead to the rows otherwise."""
    names = ("dataCollectionId", "dataCollectionGroupId", "blSubSampleId")
    where = [getattr(one, name) == bindparam(name) for name in names if name in wanted.given]
    if "blSubSampleType" in wanted.given:
        of_type = select(BLSubSample.blSubSampleId).where(BLSubSample.type == bindparam("blSubSampleType"))
        where.append(one.blSubSampleId.in_(of_type))
    if wanted.status in ("success", "failed"):
        where.append(succeeded(one.runStatus, wanted.status))
    elif wanted.status == "processed":
        where.append(one.dataCollectionId.in_(_processed()))
    elif wanted.status == "processerror":
        if not scope.has(AutoProcProgramMessage):
            raise NotHeld(NO_MESSAGES)
        complained = _complained(scope)
        if among_few:
            where.append(or_(*(one.dataCollectionId.in_(found) for found in complained)))
        else:
            where.append(one.dataCollectionId.in_(select(union(*complained).subquery("complained"))))
    return askable(scope, where)


def _processed() -> Query:
    program = AutoProcIntegration.autoProcProgramId == AutoProcProgram.autoProcProgramId
    found = select(AutoProcIntegration.dataCollectionId).join(AutoProcProgram, program)
    return found.where(cast(AutoProcProgram.processingStatus, String()).in_(SUCCESSFUL))


def _complained(scope: Scope) -> list[Query]:
    """Data collections with a warning or an error of a program that integrated them, or that a job ran."""
    bad = AutoProcProgramMessage.severity.in_(("WARNING", "ERROR"))
    message, program = AutoProcProgramMessage, AutoProcProgram
    found = select(AutoProcIntegration.dataCollectionId).where(bad)
    integrated = found.join(message, message.autoProcProgramId == AutoProcIntegration.autoProcProgramId)
    if not scope.has(ProcessingJob, AutoProcProgram.processingJobId):
        return [integrated]
    asked = select(ProcessingJob.dataCollectionId).where(bad, ProcessingJob.dataCollectionId.is_not(None))
    ran = asked.join(program, program.processingJobId == ProcessingJob.processingJobId)
    return [integrated, ran.join(message, message.autoProcProgramId == program.autoProcProgramId)]


def _where(scope: Scope, wanted: Wanted, one: Any) -> list[ColumnElement[bool]]:
    """A data collection matches, and the caller may see it."""
    where = [scope.sees(one), *_of_collection(scope, wanted, one, wanted.recent or wanted.narrow)]
    group = aliased(DataCollectionGroup)
    if of_group := _of_group(scope, wanted, group):
        groups = select(group.dataCollectionGroupId).where(*of_group)
        where.append(one.dataCollectionGroupId.in_(groups))
    return where


def _since(one: Any, wanted: Wanted) -> list[ColumnElement[bool]]:
    """What lies in the time that is looked at."""
    return [one.startTime >= SINCE, *([one.startTime <= BEFORE] if wanted.resumed else [])]


class DataCollections(EventSource):
    """One event for each group, of its data collections that match, or one for each of them."""

    type = "dc"
    item = schemas.DataCollection
    entities = (DataCollection, DataCollectionGroup)
    named_by_type = False

    def __init__(self, signs: Sequence[Sign] = ()) -> None:
        """With what shows that a data collection has changed, beside its row and its processing."""
        self._signs = (processed, *signs)
        self._whole = False

    def in_full(self) -> DataCollections:
        """Of data collections that say what microscopes do."""
        found = copy(self)
        found._whole = True
        return found

    def keys(self, scope: Scope, wanted: Wanted) -> Query | None:
        """The highest key and the earliest start of each group."""
        if wanted.source:
            return None
        one = aliased(DataCollection)
        where = _where(scope, wanted, one)
        if wanted.single:
            if wanted.recent:
                where += _since(one, wanted)
            return select(one.dataCollectionId.label("id"), one.startTime.label("start")).where(*where)
        start = func.min(one.startTime)
        grouped = select(func.max(one.dataCollectionId).label("id"), start.label("start"))
        grouped = grouped.group_by(one.dataCollectionGroupId)
        if wanted.recent:
            late = aliased(DataCollection)
            touched = select(late.dataCollectionGroupId).where(*_since(late, wanted))
            where.append(one.dataCollectionGroupId.in_(touched))
            grouped = grouped.having(start >= SINCE)
        return grouped.where(*where)

    def total(self, scope: Scope, wanted: Wanted) -> Query | None:
        """Groups, or data collections of one."""
        if wanted.source:
            return None
        one = aliased(DataCollection)
        counted = one.dataCollectionId if wanted.single else one.dataCollectionGroupId.distinct()
        return select(func.count(counted)).where(*_where(scope, wanted, one))

    def types(self, scope: Scope, wanted: Wanted) -> Query | None:
        """Types of experiments, of groups with or without data collections."""
        group = aliased(DataCollectionGroup)
        kind = group.experimentType
        where = [scope.sees(group), *_of_group(scope, wanted, group), kind.is_not(None), kind != ""]
        return select(kind.label("eventType"), kind.label("eventTypeName")).where(*where).distinct()

    async def load(
        self, reader: Reader, files: Files, ids: Sequence[int], wanted: Wanted, values: dict[str, Any]
    ) -> dict[int, schemas.Event]:
        """2 statements: the rows, and their grids."""
        rows = await reader.rows(_rows(wanted, self._whole), **values, ids=ids)
        shape = _FULL if self._whole else _SHAPE
        found = {event.id: event for event in map(shape.make, rows)}
        await add_grids(reader, [event.Item for event in found.values()])
        paths = [path for row in rows for path in row[-len(SNAPSHOTS) :]]
        there = iter(await files.exist(paths))
        for event in found.values():
            flags = {name: next(there) for name in SNAPSHOTS}
            event.Item.metadata = schemas.DataCollectionMetaData(flags)
        return found

    def told(self, scope: Scope) -> Query | None:
        """One for each data collection."""
        one, group = DataCollection, DataCollectionGroup
        columns: Any = (
            group.sessionId.label("session"),
            one.dataCollectionId.label("id"),
            one.startTime.label("start"),
            one.endTime.label("end"),
            BLSample.name.label("sample"),
            one.runStatus.label("outcome"),
            (one.numberOfImages * one.exposureTime).label("lasts"),
        )
        found = select(*columns).join(group, group.dataCollectionGroupId == one.dataCollectionGroupId)
        found = found.outerjoin(BLSample, BLSample.blSampleId == group.blSampleId)
        visible = scope.below(BLSession).sees(one)
        return found.where(group.sessionId.in_(SESSIONS), one.startTime.is_not(None), visible)

    def named(self, scope: Scope, wanted: Wanted) -> Query | None:
        """The highest key of each of these groups."""
        if wanted.source:
            return None
        one = aliased(DataCollection)
        group = one.dataCollectionGroupId
        found = select(func.max(one.dataCollectionId).label("id")).where(
            *_where(scope, wanted, one), group.in_(NAMED)
        )
        return found.group_by(group)

    async def watching(self, reader: Reader, since: datetime) -> dict[str, Any]:
        """1 statement: those that began in the week before, and had not ended by then."""
        found = await reader.rows(_lasting(), watched=since, earliest=since - LASTING)
        return {"lasting": [key for (key,) in found]}

    def watched(self, scope: Scope, wanted: Wanted) -> Query | None:
        """One for each group, of its data collections that match."""
        if wanted.source:
            return None
        one, group = aliased(DataCollection), aliased(DataCollectionGroup)
        lasting: Any = bindparam("lasting", expanding=True)
        shown = [one.startTime, one.endTime, one.runStatus, one.numberOfImages, *_pictures(one)]
        signs = [sign for make in self._signs if (sign := make(scope, one)) is not None]
        return (
            select(
                group.dataCollectionGroupId.label("id"),
                group.sessionId.label("session"),
                func.min(one.startTime).label("start"),
                func.sum(digest(one.dataCollectionId, *shown, *signs)).label("mark"),
            )
            .join(group, group.dataCollectionGroupId == one.dataCollectionGroupId)
            .where(
                *_where(scope, wanted, one), or_(one.startTime >= WATCHED, one.dataCollectionId.in_(lasting))
            )
            .group_by(group.dataCollectionGroupId, group.sessionId)
        )

    def nth_start(self, scope: Scope, wanted: Wanted) -> Query | None:
        """By the index on time."""
        return nth(DataCollection.startTime, wanted)


def _pictures(one: Any) -> list[ColumnElement[Any]]:
    return [getattr(one, f"xtalSnapshotFullPath{number}") for number in range(1, 5)]


@statement
def _lasting(scope: Scope) -> Query:
    earliest: Any = bindparam("earliest", type_=DateTime())
    one = DataCollection
    began = one.startTime >= earliest, one.startTime < WATCHED
    return select(one.dataCollectionId).where(*began, or_(one.endTime.is_(None), one.endTime >= WATCHED))


_MEMBERS = "members"


def _member(name: str, type: Any = None) -> ColumnElement[Any]:
    """A column of the derived table that sums up the members of each event."""
    return literal_column(f"{_MEMBERS}.{name}", type)


def _shape(item: type[schemas.DataCollection]) -> Shape[schemas.Event]:
    """Of events with this item."""
    return Shape(
        schemas.Event,
        id=DataCollection.dataCollectionId,
        type=literal(DataCollections.type),
        startTime=_member("start", WholeSeconds),
        endTime=_member("finish", WholeSeconds),
        duration=_member("duration"),
        count=_member("number"),
        attachments=_member("attachments"),
        sessionId=BLSession.sessionId,
        session=session_name(),
        proposal=proposal_name(),
        blSampleId=DataCollectionGroup.blSampleId,
        blSample=BLSample.name,
        Item=Shape(
            item,
            DataCollection,
            DataCollectionGroup=Shape(
                schemas.DataCollectionGroup,
                DataCollectionGroup,
                Workflow=Shape(schemas.Workflow, Workflow, when=Workflow.workflowId),
            ),
            later={"GridInfo", "_metadata"},
        ),
    )


_SHAPE = _shape(schemas.DataCollection)
_FULL = _shape(full.DataCollection)


def _summed(scope: Scope, wanted: Wanted) -> Subquery:
    """What the members of each event come to. The group itself matches and is visible already."""
    one, other, file = aliased(DataCollection), aliased(DataCollection), aliased(DataCollectionFileAttachment)
    below = scope.below(DataCollectionGroup)
    chosen: Any = bindparam("ids", expanding=True)
    of_event = one.dataCollectionId.in_(chosen)
    if not wanted.single:
        groups = select(other.dataCollectionGroupId).where(other.dataCollectionId.in_(chosen))
        of_event = one.dataCollectionGroupId.in_(groups)
    files = select(func.count()).select_from(file).where(file.dataCollectionId == one.dataCollectionId)
    files = files.where(below.below(DataCollection).sees(file))
    columns = (
        func.max(one.dataCollectionId).label("id"),
        func.min(one.startTime).label("start"),
        func.max(one.endTime).label("finish"),
        in_minutes(func.sum(seconds_between(one.startTime, one.endTime))).label("duration"),
        func.count().label("number"),
        func.sum(files.scalar_subquery()).label("attachments"),
    )
    where = [of_event, below.sees(one), *_of_collection(scope, wanted, one)]
    key = one.dataCollectionId if wanted.single else one.dataCollectionGroupId
    return select(*columns).where(and_(*where)).group_by(key).subquery(_MEMBERS)


@statement
def _rows(scope: Scope, wanted: Wanted, whole: bool) -> Query:
    members = _summed(scope, wanted)
    group, collection = DataCollectionGroup, DataCollection
    paths = [scope.column(path) for path in SNAPSHOTS.values()]
    rows = (
        select(*(_FULL if whole else _SHAPE).columns(scope), *paths)
        .select_from(members)
        .join(collection, collection.dataCollectionId == members.c.id)
        .join(group, group.dataCollectionGroupId == collection.dataCollectionGroupId)
        .join(BLSession, BLSession.sessionId == group.sessionId)
        .join(Proposal, Proposal.proposalId == BLSession.proposalId)
        .outerjoin(BLSample, BLSample.blSampleId == group.blSampleId)
    )
    if scope.has(Workflow, group.workflowId):
        rows = rows.outerjoin(Workflow, Workflow.workflowId == group.workflowId)
    return rows
