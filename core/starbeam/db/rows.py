"""Rows of statements, as they come and as Structs: what reading and writing have in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from msgspec import Struct
from sqlalchemy import Executable

from starbeam.access import Principal
from starbeam.db.prepared import Prepared
from starbeam.db.scope import Recipe, Scope, caller_values
from starbeam.options import Options
from starbeam.refusals import Missing

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from starbeam.db.shape import Shape

S = TypeVar("S", bound=Struct)
T = TypeVar("T")
Query = Executable | Prepared | Recipe[Any]
"""A statement, or how to build one for the scope of whoever runs it."""


class Rows:
    """One request's view of the database: its scope, its caller, its time. `fetch` runs a statement."""

    keeps: ClassVar[bool] = False
    """Whether large numbers may be some seconds old (`starbeam.db.counts`): not for who sees what they have
    just written."""

    def __init__(self, scope: Scope, who: Principal, now: datetime, options: Options) -> None:
        self.scope = scope
        self.who = who
        self.options = options
        self.now = now
        """The facility's local time at which the request began."""
        self.caller = caller_values(who, now)
        """What is bound for the caller in every statement."""

    async def fetch(
        self, query: Executable | Prepared, values: dict[str, Any]
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """All rows of a statement that is built, with exactly these values bound."""
        raise NotImplementedError

    async def apart(self, ask: Callable[[Rows], Awaitable[T]]) -> T:
        """What this finds on a connection of its own, for the same caller, after the request too."""
        raise NotImplementedError

    async def rows(self, query: Query, **values: Any) -> Sequence[Row[*tuple[Any, ...]]]:
        """All rows of a statement, with these values and the caller bound."""
        statement: Any = self.scope.build(query)
        return await self.fetch(statement, {**self.caller, **values})

    async def once(
        self,
        query: Query,
        values: Mapping[str, Any],
        kind: Any,
        seconds: float,
        work: Callable[[], Awaitable[T]],
        worth: Callable[[T], bool] = lambda found: True,
    ) -> T:
        """What `work` finds by this statement with these values; where servers share, what another found by
        it in the last so many seconds (`starbeam.shared.Shared.once`)."""
        statement = self.scope.build(query)
        if self.scope.shared is None or not self.keeps or not isinstance(statement, Prepared):
            return await work()
        said = statement.call({**self.caller, **values})
        return await self.scope.shared.once(said, kind, seconds, work, worth)

    async def first(self, query: Query, missing: str, **values: Any) -> Row[*tuple[Any, ...]]:
        """The first row. Raises `Missing` with this sentence where there is none."""
        rows = await self.rows(query, **values)
        if not rows:
            raise Missing(missing)
        return rows[0]

    async def scalar(self, query: Query, **values: Any) -> Any:
        """The first column of the first row, or None."""
        rows = await self.rows(query, **values)
        return rows[0][0] if rows else None

    async def one(self, shape: Shape[S], query: Query, **values: Any) -> S | None:
        """The first row as a Struct, or None."""
        rows = await self.rows(query, **values)
        return self.scope.extended(shape).make(rows[0]) if rows else None

    async def shaped(self, shape: Shape[S], query: Query, **values: Any) -> list[S]:
        """All rows as Structs."""
        make = self.scope.extended(shape).make
        return [make(row) for row in await self.rows(query, **values)]
