"""The read path: statements on an AUTOCOMMIT connection, rows to Structs.

A handler reads lists (`starbeam.db.lists`) and statements (`starbeam.db.scope`) through the request's
`Reader`, which builds them for its own scope and binds who calls.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Executable

from starbeam import logs
from starbeam.access import Principal
from starbeam.db import counts
from starbeam.db.lists import Filters, List, Listing
from starbeam.db.prepared import Prepared
from starbeam.db.rows import Rows
from starbeam.db.scope import Recipe, Scope
from starbeam.options import Options
from starbeam.paging import LARGEST, Page, Paged
from starbeam.refusals import Missing

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from starbeam.db.connection import ReadConnection

log = logs.get("starbeam.db")

S = TypeVar("S", bound=Struct)
T = TypeVar("T")


class Lists(Rows):
    """Rows, and pages of lists."""

    async def page(
        self,
        what: List[S] | Recipe[Listing[S]] | Listing[S],
        page: Page,
        filters: Filters | None = None,
        /,
        **values: Any,
    ) -> Paged[S]:
        """One page of a list."""
        if filters is not None:
            values |= filters.values(self)
        what = self.scope.extended(what)
        page = _unpaged(what, page)
        listing = self.scope.build(_page_of(what, filters))
        results = await self.shaped(listing.shape, listing.rows, skip=page.skip, limit=page.limit, **values)
        shown = page.skip + len(results) if results else 0
        total = await self.total(listing.total, page, len(results), **values)
        if isinstance(what, List) and what.complete and results:
            await what.complete(self, results)
        found = Paged(total, results, page.skip, page.limit).holding(
            self.scope.extended(listing.shape).struct
        )
        if page.unpaged and total > shown:
            log.warning("list cut", rows=shown, total=total, list=listing.shape.struct.__name__)
            return found.cut()
        return found

    async def total(self, query: Executable | Prepared, page: Page, number: int, /, **values: Any) -> int:
        """How many rows there are, on a page of which there are this many. It is asked for only where the
        page itself does not tell it."""
        shown = page.skip + number if number else 0
        if 0 < number < page.limit or (not number and not page.skip):
            return shown
        return max(await counts.total(self, query, values), shown)

    async def get(self, what: List[S], key: int, **values: Any) -> S:
        """The row of a list that has this key. Raises `Missing` where the caller sees none."""
        what = self.scope.extended(what)
        can_be = -LARGEST - 1 <= key <= LARGEST
        found = await self.one(what.shape, what.one(), key=key, **values) if can_be else None
        if found is None:
            raise Missing(what.missing.format(key=key))
        if what.complete:
            await what.complete(self, [found])
        return found


class Reader(Lists):
    """One request's reads; from the first statement on it has a connection."""

    keeps = True

    def __init__(
        self, connection: ReadConnection, scope: Scope, who: Principal, now: datetime, options: Options
    ) -> None:
        super().__init__(scope, who, now, options)
        self._connection = connection

    async def apart(self, ask: Callable[[Any], Awaitable[T]]) -> T:
        """What this finds on a connection of its own, for the same caller, after the request too."""
        connection = self._connection.another()
        try:
            return await ask(Reader(connection, self.scope, self.who, self.now, self.options))
        finally:
            await connection.close()

    async def rest(self) -> None:
        """Let others have the connection: for who now waits for something else. The next statement opens
        another."""
        await self._connection.close()

    async def fetch(
        self, query: Executable | Prepared, values: dict[str, Any]
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """All rows, read by the request's connection."""
        return await self._connection.fetch(query, values)


Reads = Callable[[Principal], AbstractAsyncContextManager[Reader]]
"""From who reads to a reader, for as long as the context is open."""


def _unpaged(what: Any, page: Page) -> Page:
    """Where no page was asked for: as many rows as the list gives then."""
    if isinstance(what, List) and what.unpaged and page.unpaged:
        return Page(0, what.unpaged, unpaged=True)
    return replace(page, unpaged=False)


def _page_of(
    what: List[S] | Recipe[Listing[S]] | Listing[S], filters: Filters | None
) -> Recipe[Listing[S]] | Listing[S]:
    if not isinstance(what, List):
        return what
    return what.page() if filters is None else what.page(filters.asked)
