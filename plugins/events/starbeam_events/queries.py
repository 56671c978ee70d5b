"""The stream: a page of the union of all sources, picked over keys and times, then loaded.

A page of a session, a sample, a proposal is picked from all keys that match. Without such a filter, or where
some thousand events are known to match, the newest part of the tables is looked at first: everything that
starts after a moment that lies some hundred data collections back, then some thousand. A page that is full by
then is exact, since all that is older comes after it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    String,
    and_,
    bindparam,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)

from starbeam.api.database import Cache, Reader, Scope, bound_by, statement
from starbeam.api.lists import Page, Paged, everything, number_of
from starbeam_events.cursors import Position
from starbeam_events.schemas import Event, EventType
from starbeam_events.sources import BEFORE, EventFilters, EventSource, Query, Wanted, in_text
from starbeam_events.sources.blocks import Block, Blocks
from starbeam_ispyb.models import BLSession

if TYPE_CHECKING:
    from starbeam.api.files import Files

DEPTHS = (300, 1_500, 8_000, 80_000)
"""How many data collections deep the newest part of the tables is looked at."""
FEW = 8_000
"""As deep as it is worth it where few rows lead to all: sessions of a member, messages of programs; where a
proposal or a sample is known to have so many events, their newest part is looked at too."""

Sources = tuple[EventSource, ...]
Ask = Literal["keys", "total", "types"]


def _asked(sources: Sources, ask: Ask, scope: Scope, wanted: Wanted) -> Iterator[tuple[str, Query]]:
    for source in sources:
        if (found := getattr(source, ask)(scope, wanted)) is not None:
            yield source.type, found


@statement
def _keys(scope: Scope, sources: Sources, wanted: Wanted) -> Query | None:
    """A page of types, keys and starts as text, in order."""
    found = [
        query.add_columns(literal(type).label("type"))
        for type, query in _asked(sources, "keys", scope, wanted)
    ]
    if not found:
        return None
    events = union_all(*found).subquery("events").c
    order = events.start.desc(), events.type, events.id.desc()
    page = select(events.type, events.id, in_text(events.start).label("start")).order_by(*order)
    if wanted.resumed:
        page = page.where(_after(events))
    return page.limit(bindparam("limit")).offset(bindparam("skip"))


def _after(events: Any) -> ColumnElement[bool]:
    """An event comes after the one at the bound position, in the order of the page; no start comes last."""
    type, id = bindparam("after_type", type_=String()), bindparam("after_id", type_=BigInteger())
    same = or_(events.start == BEFORE, and_(events.start.is_(None), BEFORE.is_(None)))
    tied = and_(same, or_(events.type > type, and_(events.type == type, events.id < id)))
    return or_(events.start < BEFORE, tied, and_(events.start.is_(None), BEFORE.is_not(None)))


@statement
def _total(scope: Scope, sources: Sources, wanted: Wanted) -> Query:
    found = [query.scalar_subquery() for _, query in _asked(sources, "total", scope, wanted)]
    return select(sum(found[1:], found[0]) if found else literal_column("0"))


@statement
def _types(scope: Scope, sources: Sources, wanted: Wanted) -> Query:
    """Kinds of event, in the order of the sources, then by name."""
    found = [
        query.add_columns(literal(place).label("place"))
        for place, (_, query) in enumerate(_asked(sources, "types", scope, wanted))
    ]
    kinds = union_all(*found).subquery("kinds").c
    return select(kinds.eventType, kinds.eventTypeName).order_by(kinds.place, kinds.eventType)


@statement
def _nth(scope: Scope, sources: Sources, wanted: Wanted) -> Query:
    """The `place`-th latest start of what is asked for, the latest of any source."""
    found = (one.nth_start(scope, wanted) for one in sources)
    starts = union_all(*(one.subquery().select() for one in found if one is not None)).subquery("starts").c
    return select(in_text(func.max(starts.start)))


@statement
def _blocks(scope: Scope, sources: Sources) -> Query | None:
    """The blocks of all tables without an index on time, with their types."""
    found = ((one.type, one.blocks(scope)) for one in sources)
    named = [query.add_columns(literal(type).label("type")) for type, query in found if query is not None]
    if not named:
        return None
    blocks = union_all(*named).subquery("blocks").c
    return select(blocks.type, blocks.first, blocks.last, blocks.earliest, blocks.latest)


@statement
def session_seen(scope: Scope) -> Query:
    """The session that is bound as `key`, where the caller sees it."""
    return select(BLSession.sessionId).where(BLSession.sessionId == bindparam("key"), scope.sees(BLSession))


@statement
def _named(scope: Scope, source: EventSource, wanted: Wanted) -> Query | None:
    return source.named(scope, wanted)


def _bound(reader: Reader, query: Query, values: dict[str, Any]) -> list[tuple[str, Any]]:
    """All that a statement binds, by name."""
    given = {**reader.caller, **values}
    return [(name, given[name]) for name in sorted(reader.scope.build(bound_by(query)) & given.keys())]


class Part(msgspec.Struct):
    """A page, and the position of its last event where more may come after it."""

    page: Paged[Event]
    last: Position | None


class Stream:
    """The events of all sources."""

    def __init__(self, sources: Sequence[EventSource], total_age: float) -> None:
        self.sources = tuple(sources)
        self._named = {source.type for source in sources if source.named_by_type}
        self._cache: Cache[Any] = Cache(total_age)

    def wanted(self, filters: EventFilters) -> Wanted:
        """What the statements for these filters depend on."""
        kind = filters.eventType
        source = kind if kind is None or kind in self._named else ""
        given = filters.asked.given - {"eventType"}
        grouped = "dataCollectionGroupId" not in given if filters.group is None else filters.group
        return Wanted(given, filters.status, source, single=not grouped)

    async def page(
        self,
        reader: Reader,
        files: Files,
        page: Page,
        filters: EventFilters,
        after: Position | None = None,
        counted: bool = True,
    ) -> Part:
        """A page of what the caller sees, the latest first: of all, or of what comes `after` an event, from
        which `skip` then counts. The total is that of all; where it is not `counted`, that of the page."""
        wanted, values = self.wanted(filters), filters.values(reader)
        query = reader.scope.build(_total(self.sources, wanted))
        known = self._cache.known(query, _bound(reader, query, values)) if wanted.narrow else None
        many = (known or 0) >= FEW
        keys, more = await self._pick(reader, page, wanted, values, after, many)
        if not counted or (not (more or after) and (keys or not page.skip)):
            total = page.skip + len(keys)
        else:
            total = await self._kept(reader, query, values, lambda one: one.scalar(query, **values))
        results = await self._load(reader, files, [(key.type, key.id) for key in keys], wanted, values)
        shown = Paged(max(total, page.skip + len(keys) if keys else 0), results, page.skip, page.limit)
        return Part(shown, keys[-1] if more else None)

    async def named(
        self, reader: Reader, files: Files, keys: Sequence[str], filters: EventFilters
    ) -> list[Event]:
        """Those of these keys (`g-7`, `robot-5`) that match and that the caller sees, the latest first. One
        statement for each kind, and those of what is found."""
        wanted, values = self.wanted(filters), filters.values(reader)
        found: list[tuple[str, int]] = []
        for source in self.sources:
            kind = "g" if source.type == "dc" else source.type
            parts = (key.rpartition("-") for key in keys)
            ids = [id for type, _, last in parts if type == kind and (id := number_of(last)) is not None]
            query = reader.scope.build(_named(source, wanted)) if ids else None
            rows = [] if query is None else await reader.rows(query, **values, named=ids)
            found += [(source.type, id) for (id,) in rows]
        events = await self._load(reader, files, found, wanted, values)
        return sorted(events, key=lambda one: (one.startTime is not None, one.startTime), reverse=True)

    async def types(self, reader: Reader, filters: EventFilters) -> Paged[EventType]:
        """The kinds of event that the caller sees. 1 statement."""
        values = filters.values(reader)
        query = reader.scope.build(_types(self.sources, self.wanted(filters)))
        rows = await self._kept(reader, query, values, lambda one: one.rows(query, **values))
        return everything([EventType(*row) for row in rows])

    async def _pick(
        self,
        reader: Reader,
        page: Page,
        wanted: Wanted,
        values: dict[str, Any],
        after: Position | None,
        many: bool,
    ) -> tuple[list[Position], bool]:
        """The events of the page in order, and whether others come after them."""
        bound = {**values, "skip": page.skip, "limit": page.limit + 1}
        if after is not None:
            bound |= after.values()
            wanted = msgspec.structs.replace(wanted, resumed=True)
        recent = msgspec.structs.replace(wanted, recent=True)
        for depth in self._depths(reader.scope, page, wanted, after, many):
            near = await self._near(reader, depth, after)
            if near is None:  # fewer rows than that
                break
            found = await self._events(reader, recent, bound | near)
            if len(found) > page.limit:
                return found[: page.limit], True
        found = await self._events(reader, wanted, bound)
        return found[: page.limit], len(found) > page.limit

    async def _events(self, reader: Reader, wanted: Wanted, values: dict[str, Any]) -> list[Position]:
        query = reader.scope.build(_keys(self.sources, wanted))
        rows = [] if query is None else await reader.rows(query, **values)
        return [Position(start, type, id) for type, id, start in rows]

    def _depths(
        self, scope: Scope, page: Page, wanted: Wanted, after: Position | None, many: bool
    ) -> Iterator[int]:
        """How deep to look, before all is looked at."""
        if (wanted.narrow and not many) or (after is not None and after.start is None):
            return
        by_session = not (scope.kind.sees_everything or scope.kind.has_beamlines)
        few = by_session or wanted.narrow or wanted.status == "processerror"
        deepest = FEW if few else DEPTHS[-1]
        yield from (depth for depth in DEPTHS if 1.5 * (page.skip + page.limit) <= depth <= deepest)

    async def _near(self, reader: Reader, depth: int, after: Position | None) -> dict[str, Any] | None:
        """What to bind for what is recent; None when no table is that deep."""
        nth = _nth(self.sources, Wanted(resumed=after is not None))

        async def since(one: Reader, **before: Any) -> str | None:
            start: str | None = await one.scalar(nth, place=depth - 1, **before)
            return start

        if after is None:
            start = await self._cache.get(depth, lambda: since(reader), behind=lambda: reader.apart(since))
        else:
            start = await since(reader, **after.values())
        if start is None:
            return None
        bound = {"since": start}
        for type, blocks in (await self._blocks(reader)).items():
            bound |= {f"first_{type}": blocks.since(start), f"last_{type}": blocks.last}
            if after is not None and after.start is not None:
                bound[f"until_{type}"] = blocks.until(after.start)
        return bound

    async def _blocks(self, reader: Reader) -> dict[str, Blocks]:
        """The blocks of each table without an index on time."""

        async def read(one: Reader) -> dict[str, Blocks]:
            query = one.scope.build(_blocks(self.sources))
            rows = [] if query is None else await one.rows(query)
            found: dict[str, list[Block]] = {source.type: [] for source in self.sources}
            for type, *block in rows:
                found[type].append(tuple(block))
            return {type: Blocks(several) for type, several in found.items()}

        kept: dict[str, Blocks] = await self._cache.get(
            "blocks", lambda: read(reader), behind=lambda: reader.apart(read)
        )
        return kept

    async def _kept(
        self, reader: Reader, query: Query, values: dict[str, Any], work: Callable[[Reader], Awaitable[Any]]
    ) -> Any:
        """What a statement answers, kept by all that it binds: callers who see the same share it."""
        said = _bound(reader, query, values)
        return await self._cache.get(query, lambda: work(reader), said, behind=lambda: reader.apart(work))

    async def _load(
        self,
        reader: Reader,
        files: Files,
        keys: Sequence[tuple[str, int]],
        wanted: Wanted,
        values: dict[str, Any],
    ) -> list[Event]:
        """The events of these keys, in their order. An event that is gone meanwhile is left out."""
        found: dict[tuple[str, int], Event] = {}
        for source in self.sources:
            if ids := [id for type, id in keys if type == source.type]:
                events = await source.load(reader, files, ids, wanted, values)
                found |= {(source.type, id): event for id, event in events.items()}
        return [found[key] for type, id in keys if (key := (type, id)) in found]
