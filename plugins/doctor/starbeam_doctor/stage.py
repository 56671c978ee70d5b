"""A database that is not there: it notes what statements name, and answers with rows that are made up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Column, Delete, Insert, SelectBase, Table, Update, inspect, select
from sqlalchemy.engine import Result
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.sql import visitors

from starbeam.api.database import Written, noting, rows_of
from starbeam_doctor.madeup import Row, World

_VERBS = {Insert: "INSERT", Update: "UPDATE", Delete: "DELETE"}


@dataclass
class Use:
    """What is read, as `Table` and `Table.column`, and what is written: verbs (`INSERT` …) by table."""

    reads: set[str] = field(default_factory=set)
    writes: dict[str, set[str]] = field(default_factory=dict)
    is_known: bool = True
    """Whether the operation could be tried: else there may be more."""

    @property
    def names(self) -> set[str]:
        """All of it: `Table`, `Table.column`, `INSERT Table` …."""
        return self.reads | {f"{verb} {table}" for table, verbs in self.writes.items() for verb in verbs}

    def write(self, verb: str, table: str, columns: Iterable[str] = ()) -> None:
        """Note that these columns of a table are written."""
        self.writes.setdefault(table, set()).add(verb)
        self.reads |= {table, *(f"{table}.{column}" for column in columns)}


class Stage:
    """Stands in for the database and for its connections."""

    def __init__(self) -> None:
        self.use = Use()
        """Where statements are noted."""
        self.enter("full")
        self._statements: dict[int, _Statement] = {}
        self._engine = create_async_engine("sqlite+aiosqlite://")  # never connected: it says which dialect

    def enter(self, world: World) -> None:
        """From now on this is what there is."""
        self._world, self._asked = world, False

    def answer(self, query: Any, values: Any) -> Result[Any]:
        """Note a statement, and make up what it answers."""
        if id(query) not in self._statements:
            self._statements[id(query)] = _Statement(query)
        found = self._statements[id(query)]
        self.use.reads |= found.names
        if found.verb:
            self.use.write(found.verb, query.table.name)
            return _Changed(self._world in ("full", "new"))
        is_there = self._world != "empty" and (self._asked or self._world != "new")
        if self._world == "free" and query.get_execution_options().get("obstacle"):
            is_there = False
        self._asked = True
        rows = [row.of(self._world, values or {}) for row in found.rows if is_there]
        return IteratorResult(found.keys, iter(rows))

    async def fetch(self, query: Any, values: Mapping[str, Any]) -> Sequence[Any]:
        """All rows of a statement."""
        return self.answer(query, values).all()

    def another(self) -> Stage:
        """Itself."""
        return self

    async def close(self) -> None:
        """Keep everything."""

    @asynccontextmanager
    async def transaction(self, alone: str | None = None) -> AsyncIterator[AsyncSession]:
        """A session that writes nothing."""
        yield _AsyncSession(self._engine, sync_session_class=_Session, info={"stage": self})


class _Statement:
    def __init__(self, query: Any) -> None:
        self._query = query  # kept, or another one might get its id
        self.names = frozenset(_names(query))
        self.verb = next((verb for kind, verb in _VERBS.items() if isinstance(query, kind)), None)
        answers = isinstance(query, SelectBase)  # SQL as text says nothing of its columns
        self.rows = [Row(one) for one in getattr(query, "selects", [query])] if answers else []
        self.keys = SimpleResultMetaData(list(query.selected_columns.keys()) if answers else [])


def _names(statement: Any) -> Iterator[str]:
    """`Table` and `Table.column` for all that a statement names."""
    for part in visitors.iterate(statement):
        if isinstance(part, Table):
            yield part.name
        elif isinstance(part, Column):
            for column in part.base_columns:  # itself, or what it is in a table, where it is an alias's
                if isinstance(column, Column) and isinstance(column.table, Table):
                    yield from (column.table.name, f"{column.table.name}.{column.name}")


class _Changed(IteratorResult[Any]):
    """What a statement answers that writes: how many rows it changed."""

    def __init__(self, rowcount: int) -> None:
        super().__init__(SimpleResultMetaData([]), iter(()))
        self.rowcount = rowcount


class _Session(Session):
    """Sends nothing: what it would read is made up, what it would write is noted."""

    @cached_property
    def _stage(self) -> Stage:
        stage: Stage = self.info["stage"]
        return stage

    def execute(self, statement: Any, params: Any = None, **options: Any) -> Any:
        found = self._stage.answer(statement, params)
        if isinstance(found, _Changed):
            self._note(statement.table)
            return found
        rows = [tuple(map(self._held, row)) for row in found.all()]
        return IteratorResult(SimpleResultMetaData(list(found.keys())), iter(rows))

    def scalars(self, statement: Any, params: Any = None, **options: Any) -> Any:
        return self.execute(statement, params).scalars()

    def scalar(self, statement: Any, params: Any = None, **options: Any) -> Any:
        return self.execute(statement, params).scalar()

    def get(self, entity: Any, ident: Any, **options: Any) -> Any:
        (key,) = inspect(entity).primary_key
        return self.scalar(select(entity).where(key == ident))

    def _held(self, value: Any) -> Any:
        """An instance as the session knows it."""
        if not hasattr(value, "__mapper__"):
            return value
        known = self.identity_map.get(inspect(value).key)
        if known is None:
            self.add(value)
            return value
        for name in inspect(value).dict:  # it was found by more than before
            if getattr(known, name) is None:
                set_committed_value(known, name, getattr(value, name))
        return known

    def flush(self, objects: Any = None) -> None:
        for verb, rows in (("INSERT", self.new), ("UPDATE", self.dirty), ("DELETE", self.deleted)):
            for row in list(rows):
                self._write(verb, row)

    def _write(self, verb: str, row: Any) -> None:
        mapper = inspect(row).mapper
        changed = [one for one in mapper.column_attrs if inspect(row).attrs[one.key].history.has_changes()]
        if changed or verb != "UPDATE":
            names = [one.columns[0].name for one in changed]
            self._stage.use.write(verb, mapper.local_table.name, names)
            self._note(mapper.local_table)
        self.expunge(row)
        if verb == "INSERT":
            _give_key(row)
            make_transient_to_detached(row)

    def _note(self, table: Any) -> None:
        """What is read to tell listeners of a write, and that there is something to tell."""
        if (into := noting(self)) is not None:
            self._stage.use.reads |= {*_names(rows_of(table, []))}
            into.append(Written("update", table.name, 1, []))

    def refresh(self, *args: Any, **options: Any) -> None:
        pass


def _give_key(row: Any) -> None:
    """What the database would: the number of the row, where it has none."""
    mapper = inspect(row).mapper
    for column in mapper.primary_key:
        name = mapper.get_property_by_column(column).key
        if getattr(row, name) is None:
            setattr(row, name, 1)


class _AsyncSession(AsyncSession):
    async def connection(self, *args: Any, **options: Any) -> Any:
        return _Connection()


class _Connection:
    async def run_sync(self, ask: Any, *args: Any) -> Any:
        """Whatever is asked of the connection itself, the answer is yes."""
        return True
