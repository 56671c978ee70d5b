"""The write path: what a request changes, all of it or nothing.

A handler hands its work to the request's `Write`, which runs it in one transaction with a `Writer`:

    async def add(writer: Writer, data: DewarCreate) -> Dewar:
        await writer.get(SHIPPINGS, data.shippingId)
        with refusing("Could not create dewar"):
            row = await writer.create(models.Dewar, sent(data))
        return await writer.get(DEWARS, row.dewarId)

    return await write(dewars.add, data)
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from msgspec import UNSET, Struct
from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Delete,
    Executable,
    Update,
    delete,
    insert,
    update,
)
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from starbeam.db.limits import by_limit
from starbeam.db.prepared import Prepared
from starbeam.db.reader import Lists
from starbeam.db.services import Service, service
from starbeam.db.trouble import SchemaChanged, can_be_repeated
from starbeam.db.written import Written, noted
from starbeam.refusals import Refusal, Refused

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncSession

    from starbeam.access import Principal
    from starbeam.db.engine import Database
    from starbeam.db.scope import Scope
    from starbeam.options import Options

M = TypeVar("M", bound=Any)
P = ParamSpec("P")
R = TypeVar("R")

TRIES = 3
"""How often work is begun when other transactions are in its way, its connection is lost before the commit,
or the schema changed."""


class Writer(Lists):
    """One transaction: what it reads is what it will have written. Raise anything, and nothing is written."""

    def __init__(
        self,
        session: AsyncSession,
        scope: Scope,
        who: Principal,
        now: datetime,
        options: Options,
        beside: str = "",
    ) -> None:
        super().__init__(scope, who, now, options)
        self.session = session
        """For statements that no method here has."""
        self.beside = beside
        """The plugin whose second database is written; empty for ISPyB's."""
        self.written: list[Written] = []
        """What was written, where anybody listens."""
        self.committed: list[Callable[[], Awaitable[None]]] = []
        """What to do once all is committed."""

    async def fetch(
        self, query: Executable | Prepared, values: dict[str, Any]
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """All rows, as this transaction sees them."""
        if not isinstance(query, Prepared):
            return (await self.session.execute(query, values)).all()
        sql, parameters = query.call(values)
        await self.session.flush()
        connection = await self.session.connection()
        return query.rows((await connection.exec_driver_sql(sql, tuple(parameters))).all())

    async def create(self, model: type[M], values: Mapping[str, Any]) -> M:
        """Add a row, with those of these columns that this database has. Raises IntegrityError or DataError
        where it is refused."""
        values = self._present(model, values)
        row: M = await _services(model, self.session).create(dict(values))
        return row

    async def update(self, model: type[M], key: Any, values: Mapping[str, Any]) -> M:
        """Set those of these columns that this database has, of the row that has this key. Raises
        IntegrityError or DataError where it is refused."""
        values = self._present(model, values)
        row: M = await _services(model, self.session).update(dict(values), key)
        return row

    async def insert(self, model: type[Any], values: Mapping[str, Any]) -> None:
        """Add a row whose key nobody needs to know, such as a link. Raises IntegrityError or DataError."""
        values = self._present(model, values)
        await self.session.execute(insert(model).values(dict(values)))

    async def change(self, model: type[Any], values: Mapping[str, Any], *where: ColumnElement[bool]) -> int:
        """Set columns of all rows for which these conditions hold. How many there were."""
        values = self._present(model, values)
        statement = update(model).where(*where).values(dict(values))
        return await self._count(statement)

    async def delete(self, model: type[Any], *where: ColumnElement[bool]) -> int:
        """Delete all rows for which these conditions hold. How many there were."""
        return await self._count(delete(model).where(*where))

    async def save(self, rows: Iterable[Any]) -> None:
        """Write instances of models that are new, or whose attributes were set."""
        self.session.add_all(rows)
        await self.session.flush()

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """What is written inside is undone where it raises, and nothing else is. Raises what it raises."""
        before = len(self.written)
        try:
            async with self.session.begin_nested():
                yield
        except BaseException:
            del self.written[before:]
            raise

    async def _count(self, statement: Update | Delete) -> int:
        unsynchronized = statement.execution_options(synchronize_session=False)
        result = cast("CursorResult[Any]", await self.session.execute(unsynchronized))
        return result.rowcount

    def _present(self, model: Any, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: values[name] for name in self.scope.schema.columns_of(model, values)}


Listener = Callable[[Writer], Awaitable[None]]
"""Told what was written (`Writer.written`), in the same transaction; what it raises undoes all. What it
writes itself, nobody is told."""


Begin = Callable[[Writer], Awaitable[None]]
"""What comes first in a transaction, and no listener is told of."""


class Write:
    """Runs the changes of one caller."""

    def __init__(
        self,
        database: Database,
        scope: Scope,
        who: Principal,
        now: datetime,
        options: Options,
        listeners: Sequence[Listener] = (),
        begin: Begin | None = None,
        beside: str = "",
    ) -> None:
        self._database = database
        self._scope = scope
        self._about = who, now, options
        self._listeners = listeners
        self._begin = begin
        self._beside = beside

    async def __call__(
        self, work: Callable[Concatenate[Writer, P], Awaitable[R]], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Do work in one transaction; from its beginning again when others were in the way, the connection
        was lost before the commit, or the schema is another than was known. Raises `Undecided`."""
        return await self.alone(None, work, *args, **kwargs)

    async def alone(
        self,
        name: str | None,
        work: Callable[Concatenate[Writer, P], Awaitable[R]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """The same; of all that say they are alone by one name, one runs at a time, in all workers."""
        for tries_left in reversed(range(TRIES)):
            try:
                return await self._once(name, work, *args, **kwargs)
            except (DBAPIError, Refusal, SchemaChanged) as error:
                if not (tries_left and (can_be_repeated(error) or await self._has_changed(error))):
                    raise
        raise AssertionError("the last try raises")

    async def _once(
        self,
        name: str | None,
        work: Callable[Concatenate[Writer, P], Awaitable[R]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        async with self.opened(name) as writer:
            return await work(writer, *args, **kwargs)

    @asynccontextmanager
    async def opened(self, name: str | None = None) -> AsyncIterator[Writer]:
        """One transaction, for work that is no function: it is not begun again."""
        async with self._database.transaction(alone=name) as session:
            writer = Writer(session, self._scope, *self._about, self._beside)
            if self._begin:
                await self._begin(writer)
            with noted(session, writer.written) if self._listeners else nullcontext():
                yield writer
                await session.flush()
            for listen in self._listeners:
                await listen(writer)
        for then in writer.committed:
            await then()

    async def _has_changed(self, error: Exception) -> bool:
        """Whether the schema is another than work was refused for; by a limit: as it is at this moment."""
        if by_limit(error):
            await self._database.look_again()
        if self._database.schema is self._scope.schema:
            return False
        self._scope = replace(self._scope, schema=self._database.schema, statements={})
        return True


Writes = Callable[["Principal"], Awaitable[Write]]
"""From who calls to what runs their changes. Raises what the database raises while it is away."""


def sent(data: Struct, *names: str) -> dict[str, Any]:
    """What was sent of these fields of a body; of all without names."""
    fields = names or data.__struct_fields__
    return {name: value for name in fields if (value := getattr(data, name)) is not UNSET}


@contextmanager
def refusing(sentence: str) -> Iterator[None]:
    """Raise `Refused` with this sentence when the database refuses what is written inside."""
    try:
        yield
    except (IntegrityError, DataError):
        raise Refused(sentence) from None


def _services(model: Any, session: AsyncSession) -> Service[Any]:
    return _service_of(model)(session)


@cache
def _service_of(model: Any) -> type[Service[Any]]:
    return service(model)
