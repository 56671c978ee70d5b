"""The stream: a page of the union of all sources, picked over keys and times, then loaded.

A page of a session, a sample, a proposal is picked from all keys that match. Without such a filter the newest
part of the tables is looked at first: everything that starts after a moment that lies some hundred data
collections back, then some thousand. A page that is full by then is exact, since all that is older comes
after it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from sqlalchemy import bindparam, func, literal, literal_column, select, union_all
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BindParameter

from starbeam.cache import Cache
from starbeam.db.reader import Reader
from starbeam.db.scope import Scope, statement
from starbeam.paging import Page, Paged, everything
from starbeam_events.schemas import Event, EventType
from starbeam_events.sources import EventFilters, EventSource, Query, Wanted

if TYPE_CHECKING:
    from starbeam.files import Files

DEPTHS = (300, 1_500, 8_000, 80_000)
"""How many data collections deep the newest part of the tables is looked at."""
FEW = 8_000
"""As deep as it is worth it where few rows lead to all: sessions of a member, messages of programs."""

Sources = tuple[EventSource, ...]
Ask = Literal["keys", "total", "types"]


def _asked(sources: Sources, ask: Ask, scope: Scope, wanted: Wanted) -> Iterator[tuple[str, Query]]:
    for source in sources:
        if (found := getattr(source, ask)(scope, wanted)) is not None:
            yield source.type, found


@statement
def _keys(scope: Scope, sources: Sources, wanted: Wanted) -> Query | None:
    """A page of types and keys, in order."""
    found = [
        query.add_columns(literal(type).label("type"))
        for type, query in _asked(sources, "keys", scope, wanted)
    ]
    if not found:
        return None
    events = union_all(*found).subquery("events").c
    order = events.start.desc(), events.type, events.id.desc()
    page = select(events.type, events.id).order_by(*order)
    return page.limit(bindparam("limit")).offset(bindparam("skip"))


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
def _newest(scope: Scope, sources: Sources) -> Query:
    """The `place`-th latest start, the latest of any source, and the first key of each source from there."""
    nth = [found.subquery().select() for one in sources if (found := one.nth_start(scope)) is not None]
    starts = union_all(*nth).subquery("starts").c
    since = select(func.max(starts.start).label("since")).subquery("newest")
    firsts = {one.type: one.first_key(scope, since.c.since) for one in sources}
    columns = [first.label(f"first_{type}") for type, first in firsts.items() if first is not None]
    return select(since.c.since, *columns).where(since.c.since.is_not(None))


@statement
def _bound(scope: Scope, query: Query) -> frozenset[str]:
    """Names of all that a statement binds."""
    return frozenset(one.key for one in visitors.iterate(query) if isinstance(one, BindParameter))


class Stream:
    """The events of all sources."""

    def __init__(self, sources: Sequence[EventSource], total_age: float) -> None:
        self.sources = tuple(sources)
        self._named = {source.type for source in sources if source.named_by_type}
        self._cache: Cache[Any] = Cache(total_age)

    def _wanted(self, filters: EventFilters) -> Wanted:
        kind = filters.eventType
        source = kind if kind is None or kind in self._named else ""
        return Wanted(filters.asked.given - {"eventType"}, filters.status, source)

    async def page(self, reader: Reader, files: Files, page: Page, filters: EventFilters) -> Paged[Event]:
        """A page of what the caller sees, the latest first."""
        wanted, values = self._wanted(filters), filters.values(reader)
        keys, complete = await self._pick(reader, page, wanted, values)
        if complete and (keys or not page.skip):
            total = page.skip + len(keys)
        else:
            query = reader.scope.build(_total(self.sources, wanted))
            total = await self._kept(reader, query, values, lambda one: one.scalar(query, **values))
        results = await self._load(reader, files, keys, wanted, values)
        return Paged(max(total, page.skip + len(keys) if keys else 0), results, page.skip, page.limit)

    async def types(self, reader: Reader, filters: EventFilters) -> Paged[EventType]:
        """The kinds of event that the caller sees. 1 statement."""
        values = filters.values(reader)
        query = reader.scope.build(_types(self.sources, self._wanted(filters)))
        rows = await self._kept(reader, query, values, lambda one: one.rows(query, **values))
        return everything([EventType(*row) for row in rows])

    async def _pick(
        self, reader: Reader, page: Page, wanted: Wanted, values: dict[str, Any]
    ) -> tuple[list[tuple[str, int]], bool]:
        """Types and keys of the page in order, and whether nothing comes after them."""
        bound = {**values, "skip": page.skip, "limit": page.limit}
        for depth in self._depths(reader.scope, page, wanted):
            newest = await self._since(reader, depth)
            if not newest:  # fewer rows than that
                break
            recent = msgspec.structs.replace(wanted, recent=True)
            query = reader.scope.build(_keys(self.sources, recent))
            if query is None:
                return [], True
            keys = await reader.rows(query, **bound, **newest)
            if len(keys) == page.limit:
                return list(keys), False
        query = reader.scope.build(_keys(self.sources, wanted))
        keys = [] if query is None else await reader.rows(query, **bound)
        return list(keys), len(keys) < page.limit

    def _depths(self, scope: Scope, page: Page, wanted: Wanted) -> Iterator[int]:
        """How deep to look, before all is looked at."""
        if wanted.narrow:
            return
        by_session = not (scope.kind.sees_everything or scope.kind.has_beamlines)
        deepest = FEW if by_session or wanted.status == "processerror" else DEPTHS[-1]
        yield from (depth for depth in DEPTHS if 1.5 * (page.skip + page.limit) <= depth <= deepest)

    async def _since(self, reader: Reader, depth: int) -> dict[str, Any]:
        """What to bind for what is recent; empty when no table is that deep."""

        async def work(one: Reader) -> dict[str, Any]:
            rows = await one.rows(_newest(self.sources), place=depth - 1)
            return dict(rows[0]._asdict()) if rows else {}

        found: dict[str, Any] = await self._cache.get(
            depth, lambda: work(reader), behind=lambda: reader.apart(work)
        )
        return found

    async def _kept(
        self, reader: Reader, query: Query, values: dict[str, Any], work: Callable[[Reader], Awaitable[Any]]
    ) -> Any:
        """What a statement answers, kept by all that it binds: callers who see the same share it."""
        given = {**reader.caller, **values}
        names = sorted(reader.scope.build(_bound(query)) & given.keys())
        said = [(name, given[name]) for name in names]
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
