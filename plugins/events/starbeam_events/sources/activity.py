"""What sessions are at: their newest event, and how much was collected when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import DateTime, Select, bindparam, func, literal, select, union_all

from starbeam.api.database import Reader, Scope, seconds_between, statement, whole
from starbeam_events.sources.base import SESSIONS, EventSource, Query
from starbeam_ispyb.models import BLSession, DataCollection, DataCollectionGroup
from starbeam_ispyb.running import runs

QUARTER = timedelta(minutes=15)
QUARTERS = 24
"""How many quarters of an hour are looked back."""


class Newest(msgspec.Struct):
    """The newest event of a session."""

    session: int
    id: int
    start: datetime
    end: datetime | None
    sample: str | None
    outcome: str | None
    lasts: float | None
    """The seconds that it should take."""
    type: str
    """That of its source."""

    def runs(self, now: datetime) -> bool:
        """Whether it is a data collection that is not over."""
        return self.type == "dc" and runs(self.start, self.end, self.outcome, self.lasts, now)


@statement
def _newest(scope: Scope, sources: tuple[EventSource, ...]) -> Query | None:
    told = [
        query.add_columns(literal(source.type).label("type"))
        for source in sources
        if (query := source.told(scope)) is not None
    ]
    if not told:
        return None
    each = union_all(*told).subquery("told").c
    order = each.start.desc(), each.type, each.id.desc()
    place = func.row_number().over(partition_by=each.session, order_by=order).label("place")
    ranked = select(*each, place).subquery("ranked").c
    return select(*(column for column in ranked if column.key != "place")).where(ranked.place == 1)


@statement
def _collected(scope: Scope) -> Select[Any]:
    """Session, quarter of an hour from `since` on, and how many data collections began in it."""
    one, group = DataCollection, DataCollectionGroup
    since: Any = bindparam("since", type_=DateTime())
    place = whole(seconds_between(since, one.startTime) / QUARTER.total_seconds())
    found = select(group.sessionId.label("session"), place.label("place"))
    found = found.join(group, group.dataCollectionGroupId == one.dataCollectionGroupId)
    during = one.startTime >= since, one.startTime < bindparam("until", type_=DateTime())
    visible = scope.below(BLSession).sees(one)
    each = found.where(group.sessionId.in_(SESSIONS), *during, visible).subquery("each").c
    return select(each.session, each.place, func.count()).group_by(each.session, each.place)


async def newest(
    reader: Reader, sources: tuple[EventSource, ...], sessions: Sequence[int]
) -> Mapping[int, Newest]:
    """The newest event of each of these sessions, which the caller sees. 1 statement."""
    query = reader.scope.build(_newest(sources))
    rows = [] if query is None else await reader.rows(query, sessions=list(sessions))
    return {row[0]: Newest(*row) for row in rows}


async def collected(reader: Reader, sessions: Sequence[int]) -> tuple[datetime, Mapping[int, list[int]]]:
    """How many data collections began in each of the last quarters of an hour, this one too, by session; and
    when the first of these began. 1 statement."""
    now = reader.now
    until = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0) + QUARTER
    since = until - QUARTERS * QUARTER
    found: dict[int, list[int]] = defaultdict(lambda: [0] * QUARTERS)
    for session, place, number in await reader.rows(
        _collected(), sessions=list(sessions), since=since, until=until
    ):
        found[session][place] = number
    return since, found
