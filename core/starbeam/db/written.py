"""What a transaction writes, noted where it passes the session: no way to write goes around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, Table, event, func, inspect, select, tuple_
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction

from starbeam.db.essential import SECRET
from starbeam.db.limits import CheckedSession
from starbeam.settings.secrets import is_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

Key = tuple[Any, ...]
Found = dict[Key, dict[str, Any]]

LISTED = 100
"""How many rows of one write are told of one by one."""
_INTO, _BEFORE = "written", "found before"


@dataclass(frozen=True)
class RowWritten:
    """A row: its key, and of each column that changed what it held. There is no `before` of a new row, no
    `after` of one that is gone, and no secret in either."""

    key: Key
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Written:
    """Rows of one table that were written at once."""

    verb: str
    """`insert`, `update` or `delete`."""
    table: str
    count: int
    rows: Sequence[RowWritten]
    """At most the first `LISTED` of them, by key."""
    first: Key = ()
    last: Key = ()
    """The smallest key and the largest."""


@contextmanager
def noted(session: Any, into: list[Written]) -> Iterator[None]:
    """Note all that a session writes meanwhile."""
    session.info[_INTO] = into
    try:
        yield
    finally:
        del session.info[_INTO]


def noting(session: Any) -> list[Written] | None:
    """Where what this session writes is noted."""
    into: list[Written] | None = session.info.get(_INTO)
    return into


def rows_of(table: Table, where: Iterable[ColumnElement[bool]]) -> Select[Any]:
    """The rows that are about to be written, or were: their keys, and all that is no secret."""
    columns = [*table.primary_key, *(one for one in table.columns if not (one.primary_key or _hides(one)))]
    return select(*columns).where(*where).order_by(*table.primary_key).limit(LISTED)


def _hides(column: Any) -> bool:
    """Whether it is a `secret_column()`, or has the name of one."""
    return SECRET in column.info or is_secret(column.name)


def _before(
    session: Session, table: Table, where: Iterable[ColumnElement[bool]], values: Any = None
) -> Found:
    """The rows as nobody else can change them any more."""
    return _read(session, table, rows_of(table, where).with_for_update(), values)


def _after(session: Session, table: Table, keys: Iterable[Key]) -> Found:
    return _read(session, table, rows_of(table, _having(table, keys)))


def _read(session: Session, table: Table, query: Select[Any], values: Any = None) -> Found:
    size = len(table.primary_key)
    names = [str(column.name) for column in query.selected_columns][size:]
    rows = session.execute(query, values)
    return {tuple(row[:size]): dict(zip(names, row[size:], strict=True)) for row in rows}


def _having(table: Table, keys: Iterable[Key]) -> list[ColumnElement[bool]]:
    """The condition for rows of these keys."""
    columns = list(table.primary_key)
    if len(columns) == 1:
        return [columns[0].in_([key for (key,) in keys])]
    return [tuple_(*columns).in_(list(keys))]


def _told(
    verb: str, table: Table, before: Found, after: Found, count: int, ends: Sequence[Key] = ()
) -> list[Written]:
    """The rows of one table, where there are any that were not the same before."""
    keys = list(before or after)
    rows = [_changed(key, before.get(key), after.get(key)) for key in keys]
    if verb == "update":
        rows = [row for row in rows if row.after]
    if count <= LISTED and keys:
        count = len(rows)
    first, last = ends or keys[:1] + keys[-1:] or ((), ())
    return [Written(verb, str(table.name), count, rows, first, last)] if count else []


def _changed(key: Key, before: dict[str, Any] | None, after: dict[str, Any] | None) -> RowWritten:
    old, new = before or {}, after or {}
    names = [name for name in old or new if old.get(name) != new.get(name)]
    return RowWritten(
        key,
        {name: old[name] for name in names} if before is not None else {},
        {name: new[name] for name in names} if after is not None else {},
    )


@event.listens_for(CheckedSession, "do_orm_execute")
def _note_statement(run: ORMExecuteState) -> Any:
    if (into := noting(run.session)) is None or not (run.is_insert or run.is_update or run.is_delete):
        return None
    statement: Any = run.statement
    table: Table = statement.table
    if run.is_insert:
        add = _all_added if isinstance(run.parameters, list) else _added
        answer, added = add(run, table)
        into += added
        return answer
    where = [] if statement.whereclause is None else [statement.whereclause]
    before = _before(run.session, table, where, run.parameters)
    ends = _ends(run, table, where) if len(before) == LISTED else ()
    result: Any = run.invoke_statement()
    after = _after(run.session, table, before) if run.is_update and before else {}
    count = len(before) if len(before) < LISTED else result.rowcount
    into += _told("update" if run.is_update else "delete", table, before, after, count, ends)
    return result


def _added(run: ORMExecuteState, table: Table) -> tuple[Any, list[Written]]:
    """Add a row."""
    result: Any = run.invoke_statement()
    key = tuple(result.inserted_primary_key)
    after = _after(run.session, table, [key])
    return result, _told("insert", table, {}, after, 1, (key, key))


def _all_added(run: ORMExecuteState, table: Table) -> tuple[Any, list[Written]]:
    """Add many rows. MariaDB before 10.5 does not say which keys it gave them: then their number is known."""
    statement: Any = run.statement
    if not run.session.get_bind().dialect.insert_executemany_returning or statement.exported_columns:
        count = len(run.parameters or ())
        return run.invoke_statement(), _told("insert", table, {}, {}, count)
    result: Any = run.invoke_statement(statement=statement.returning(*table.primary_key))
    keys = sorted(tuple(row) for row in result)
    after = _after(run.session, table, keys[:LISTED])
    return result, _told("insert", table, {}, after, len(keys), (keys[0], keys[-1]))


def _ends(run: ORMExecuteState, table: Table, where: Sequence[Any]) -> Sequence[Key]:
    """The smallest and the largest key of many rows: of the first column, where a key has several."""
    column = next(iter(table.primary_key))
    query = select(func.min(column), func.max(column)).where(*where)
    low, high = run.session.execute(query, run.parameters).one()
    return (low,), (high,)


@event.listens_for(CheckedSession, "before_flush")
def _before_flush(session: Session, _context: UOWTransaction, _instances: Any) -> None:
    if noting(session) is not None:
        changed = [*(row for row in session.dirty if session.is_modified(row)), *session.deleted]
        tables = _by_table(changed)
        session.info[_BEFORE] = {
            table: _before(session, table, _having(table, keys)) for table, keys in tables
        }


@event.listens_for(CheckedSession, "after_flush")
def _after_flush(session: Session, _context: UOWTransaction) -> None:
    if (into := noting(session)) is None:
        return
    found: dict[Table, Found] = session.info.pop(_BEFORE)
    dirty = [row for row in session.dirty if session.is_modified(row)]
    for verb, rows in (("insert", session.new), ("update", dirty), ("delete", session.deleted)):
        for table, keys in _by_table(rows):
            before = {key: found[table][key] for key in keys if key in found.get(table, {})}
            after = {} if verb == "delete" else _after(session, table, keys)
            ends = min(keys), max(keys)
            into += _told(verb, table, before, after, len(keys), ends)


def _by_table(rows: Iterable[Any]) -> list[tuple[Table, list[Key]]]:
    """Keys of instances, by table."""
    keys: dict[Table, list[Key]] = {}
    for row in rows:
        mapper = inspect(row).mapper
        keys.setdefault(mapper.local_table, []).append(tuple(mapper.primary_key_from_instance(row)))
    return list(keys.items())
