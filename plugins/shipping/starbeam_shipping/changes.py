"""What a request changes: one transaction, in which everything that it names is visible to the caller."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from litestar.di import NamedDependency
from msgspec import UNSET, Struct
from sqlalchemy import Row, Select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from starbeam.access import Principal
from starbeam.db.scope import Scope, caller_values
from starbeam.db.shape import Shape
from starbeam.refusals import Missing, Refused
from starbeam.runtime import Runtime

S = TypeVar("S", bound=Struct)


class Change:
    """One request's transaction, and who makes the change."""

    def __init__(self, session: AsyncSession, scope: Scope, who: Principal, now: datetime) -> None:
        self.session = session
        self.scope = scope
        self.now = now
        self._caller = caller_values(who)

    async def rows(self, query: Select[*tuple[Any, ...]], **values: Any) -> Sequence[Row[*tuple[Any, ...]]]:
        """The rows of a statement in this transaction, with these values and the caller bound."""
        found = await self.session.execute(query, {**self._caller, **values})
        rows: Sequence[Row[*tuple[Any, ...]]] = found.all()
        return rows

    async def found(
        self, query: Select[*tuple[Any, ...]], missing: str, **values: Any
    ) -> Row[*tuple[Any, ...]]:
        """The first row of a statement. Raises Missing with the sentence `missing` without one."""
        rows = await self.rows(query, **values)
        if not rows:
            raise Missing(missing)
        return rows[0]

    async def shown(self, one: tuple[Shape[S], Select[Any]], key: int, missing: str) -> S:
        """The row `key` as a GET shows it. Raises Missing with `missing` where it shows none."""
        shape, query = one
        return shape.make(await self.found(query, missing, key=key))


async def begin(
    transaction: NamedDependency[AsyncSession],
    who: NamedDependency[Principal],
    runtime: NamedDependency[Runtime],
) -> Change:
    """The dependency `change`."""
    return Change(transaction, await runtime.scope(who), who, runtime.clock.now())


def sent(data: Struct, *names: str) -> dict[str, Any]:
    """What was sent of these fields; of all without names."""
    fields = names or data.__struct_fields__
    return {name: value for name in fields if (value := getattr(data, name)) is not UNSET}


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """Answer 400 with this sentence when the database refuses what is written inside."""
    try:
        yield
    except (IntegrityError, DataError):
        raise Refused(what) from None
