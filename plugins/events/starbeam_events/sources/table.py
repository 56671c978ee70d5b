"""A table whose rows are events, each by itself."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    String,
    bindparam,
    case,
    func,
    inspect,
    literal,
    literal_column,
    or_,
    select,
)

from starbeam.api.database import Reader, Scope, Shape, digest, statement
from starbeam.api.lists import askable
from starbeam_events.schemas import Event
from starbeam_events.sources.base import (
    BEFORE,
    NAMED,
    SESSIONS,
    SINCE,
    WATCHED,
    EventSource,
    Query,
    Struct,
    Wanted,
)
from starbeam_events.sources.blocks import blocks
from starbeam_events.sources.conditions import minutes, of_sample, of_session
from starbeam_ispyb.models import BLSample, BLSession, Proposal
from starbeam_ispyb.names import proposal_name, session_name

if TYPE_CHECKING:
    from starbeam.api.files import Files

COLLECTIONS_ONLY = {"dataCollectionId", "dataCollectionGroupId", "blSubSampleId", "blSubSampleType"}
"""Filters that no other kind of event passes."""
OF_SAMPLE = {"blSampleId", "proteinId"}


class TableSource(EventSource):
    """Events that are the rows of one table, which hang on a session and perhaps on a sample.

    `start`, `end`, `session` and `sample` are attributes of `entity`, a mapped class with rules of
    visibility; `shape` makes the item of a row. `by_time` says that the table has an index that begins with
    `start`. `full` makes the item that pages show, if that holds more.
    """

    def __init__(
        self,
        type: str,
        title: str,
        entity: type[Any],
        shape: Shape[Any],
        *,
        start: Any,
        end: Any,
        session: Any,
        sample: Any = None,
        by_time: bool = False,
        full: Shape[Any] | None = None,
    ) -> None:
        self.type, self.title, self.entity, self.by_time = type, title, entity, by_time
        self.entities = (entity,)
        self.key = inspect(entity).attrs[inspect(entity).primary_key[0].key].class_attribute
        self.start, self.end, self.session, self.sample = start, end, session, sample
        self._full = full
        self._make(shape)

    def _make(self, item: Shape[Any]) -> None:
        """Let events have this item."""
        self._item = item
        self.item: Struct = item.struct
        self.shape = Shape(
            Event,
            id=self.key,
            type=literal(self.type),
            startTime=self.start,
            endTime=self.end,
            duration=minutes(self.start, self.end),
            count=literal_column("1", Integer()),
            attachments=literal_column("0", Integer()),
            sessionId=self.session,
            session=session_name(),
            proposal=proposal_name(),
            blSampleId=literal_column("NULL") if self.sample is None else self.sample,
            blSample=literal_column("NULL") if self.sample is None else BLSample.name,
            Item=item,
        )

    def in_full(self) -> TableSource:
        """The same rows, with the item that pages show."""
        if self._full is None:
            return self
        found = copy(self)
        found._make(self._full)
        return found

    def with_status(self, status: str) -> ColumnElement[bool] | None:
        """The condition for a row to have a `status`; None where rows have none."""
        return None

    def _where(self, scope: Scope, wanted: Wanted) -> list[ColumnElement[bool]] | None:
        if wanted.source not in (None, self.type) or wanted.given & COLLECTIONS_ONLY:
            return None
        if not scope.has(self.entity) or (self.sample is None and wanted.given & OF_SAMPLE):
            return None
        filters = [*of_session(wanted, self.session), *of_sample(wanted, self.sample)]
        if wanted.status:
            if (passes := self.with_status(wanted.status)) is None:
                return None
            filters.append(passes)
        return [scope.sees(self.entity), *askable(scope, filters)]

    def keys(self, scope: Scope, wanted: Wanted) -> Query | None:
        """One for each row."""
        if (where := self._where(scope, wanted)) is None:
            return None
        if wanted.recent:
            where += self._lying(wanted)
        return select(self.key.label("id"), self.start.label("start")).where(*where)

    def total(self, scope: Scope, wanted: Wanted) -> Query | None:
        """The number of rows."""
        where = self._where(scope, wanted)
        return None if where is None else select(func.count()).select_from(self.entity).where(*where)

    def types(self, scope: Scope, wanted: Wanted) -> Query | None:
        """The type and title of this source, when there is a row."""
        if (where := self._where(scope, wanted)) is None:
            return None
        columns = literal(self.type).label("eventType"), literal(self.title).label("eventTypeName")
        return select(*columns).where(select(self.key).where(*where).exists())

    async def load(
        self, reader: Reader, files: Files, ids: Sequence[int], wanted: Wanted, values: dict[str, Any]
    ) -> dict[int, Event]:
        """1 statement."""
        return {one.id: one for one in await reader.shaped(self.shape, _rows(self), ids=ids)}

    def told(self, scope: Scope) -> Query | None:
        """One for each row; it succeeded or failed where rows have a status."""
        if not scope.has(self.entity):
            return None
        good, bad = self.with_status("success"), self.with_status("failed")
        nothing = literal_column("NULL", String())
        outcome = nothing if good is None or bad is None else case((good, "success"), (bad, "failed"))
        columns: Any = (
            self.session.label("session"),
            self.key.label("id"),
            self.start.label("start"),
            self.end.label("end"),
            (nothing if self.sample is None else BLSample.name).label("sample"),
            outcome.label("outcome"),
            literal_column("NULL", Float()).label("lasts"),
        )
        found = select(*columns).select_from(self.entity)
        if self.sample is not None:
            found = found.outerjoin(BLSample, BLSample.blSampleId == self.sample)
        visible = scope.below(BLSession).sees(self.entity)
        return found.where(self.session.in_(SESSIONS), self.start.is_not(None), visible)

    def named(self, scope: Scope, wanted: Wanted) -> Query | None:
        """Rows of these keys."""
        where = self._where(scope, wanted)
        return None if where is None else select(self.key.label("id")).where(*where, self.key.in_(NAMED))

    async def watching(self, reader: Reader, since: datetime) -> dict[str, Any]:
        """1 statement: a key below which nothing is watched."""
        if not reader.scope.has(self.entity):
            return {}
        return {f"watched_{self.type}": await reader.scalar(_first(self), watched=since) or 0}

    def watched(self, scope: Scope, wanted: Wanted) -> Query | None:
        """One for each row, with a mark of all that its item holds."""
        if (where := self._where(scope, wanted)) is None:
            return None
        first: Any = bindparam(f"watched_{self.type}")
        shown = (self._full or self._item).columns(scope)
        return select(
            self.key.label("id"),
            self.session.label("session"),
            self.start.label("start"),
            digest(self.start, self.end, *shown).label("mark"),
        ).where(*where, self.key >= first, self._watched)

    @property
    def _watched(self) -> ColumnElement[bool]:
        return or_(self.start >= WATCHED, self.end >= WATCHED)

    def nth_start(self, scope: Scope, wanted: Wanted) -> Query | None:
        """By the index on time, if there is one."""
        return nth(self.start, wanted) if self.by_time and scope.has(self.entity) else None

    def blocks(self, scope: Scope) -> Query | None:
        """One pass over the table."""
        return None if self.by_time or not scope.has(self.entity) else blocks(self.key, self.start)

    def _lying(self, wanted: Wanted) -> list[ColumnElement[bool]]:
        """Where rows of the time that is looked at lie."""
        where = [self.start >= SINCE]
        if not self.by_time:
            where.append(self.key >= bindparam(f"first_{self.type}"))
        if wanted.resumed:
            where.append(self.start <= BEFORE)
            if not self.by_time:
                early: Any = bindparam(f"until_{self.type}")
                new: Any = bindparam(f"last_{self.type}")
                where.append(or_(self.key <= early, self.key > new))
        return where


def nth(start: Any, wanted: Wanted) -> Query:
    """The `place`-th latest start, counted from 0."""
    place: Any = bindparam("place")
    found = select(start.label("start")).order_by(start.desc()).limit(1).offset(place)
    return found.where(start <= BEFORE) if wanted.resumed else found


@statement
def _first(scope: Scope, source: TableSource) -> Query:
    """The first key that is watched; where there is none, the last key."""
    watched = func.min(case((source._watched, source.key)))
    return select(func.coalesce(watched, func.max(source.key)))


@statement
def _rows(scope: Scope, source: TableSource) -> Query:
    table = inspect(source.entity).local_table
    joins = table.join(BLSession, BLSession.sessionId == source.session)
    joins = joins.join(Proposal, Proposal.proposalId == BLSession.proposalId)
    if source.sample is not None:
        joins = joins.outerjoin(BLSample, BLSample.blSampleId == source.sample)
    wanted = source.key.in_(bindparam("ids", expanding=True))
    return select(*source.shape.columns(scope)).select_from(joins).where(wanted)
