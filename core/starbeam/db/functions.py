"""The differences between MariaDB and SQLite, in one place: SQL constructs that compile to either."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, DateTime, Integer, Select, String, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from starbeam.db.sqlite import COLLATION
from starbeam.db.texts import columns_of

ESCAPE = "!"


def contains(column: Any, pattern: Any) -> ColumnElement[bool]:
    """`column` contains the text that `pattern` was made of by `containing`, in any case."""
    condition: ColumnElement[bool] = column.like(pattern, escape=ESCAPE)
    return condition


def containing(text: str) -> str:
    """The value to bind for `contains`: `%`, `_` and `\\` in `text` stand for themselves."""
    for special in (ESCAPE, "%", "_"):
        text = text.replace(special, ESCAPE + special)
    return f"%{text}%"


def found_for_row(key: Select[Any]) -> ColumnElement[bool]:
    """The rows for which this subquery finds a key. It finds one at most, and refers to the row.

    MariaDB runs it for each row of the page. Of `IN` and `EXISTS` it makes joins, and sorts the whole table.
    """
    return key.scalar_subquery().is_not(None)


class seconds_ago(GenericFunction[Any]):  # named as SQL functions are
    """The database's own present time, some seconds earlier, as its `current_timestamp` writes it."""

    type = DateTime()
    inherit_cache = True

    def __init__(self, seconds: float) -> None:
        super().__init__(literal(int(seconds), Integer()))


@compiles(seconds_ago, "mysql")
@compiles(seconds_ago, "mariadb")
def _seconds_ago_mysql(element: seconds_ago, compiler: SQLCompiler, **kw: Any) -> str:
    return f"(NOW() - INTERVAL {compiler.process(element.clauses.clauses[0], **kw)} SECOND)"


@compiles(seconds_ago, "sqlite")
def _seconds_ago_sqlite(element: seconds_ago, compiler: SQLCompiler, **kw: Any) -> str:
    seconds = compiler.process(element.clauses.clauses[0], **kw)
    return f"datetime('now', 'localtime', '-' || {seconds} || ' seconds')"


class as_datetime(GenericFunction[Any]):
    """A text as the database reads it as a date with a time of day, by default midnight; NULL for others."""

    type = DateTime()
    inherit_cache = True


@compiles(as_datetime, "mysql")
@compiles(as_datetime, "mariadb")
def _as_datetime_mysql(element: as_datetime, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **kw)} AS DATETIME)"


@compiles(as_datetime, "sqlite")
def _as_datetime_sqlite(element: as_datetime, compiler: SQLCompiler, **kw: Any) -> str:
    return f"as_datetime({compiler.process(element.clauses, **kw)})"


class joined(GenericFunction[Any]):
    """Texts and numbers put together without a separator; NULL when one of them is."""

    type = String()
    inherit_cache = True


@compiles(joined, "mysql")
@compiles(joined, "mariadb")
def _joined_mysql(element: joined, compiler: SQLCompiler, **kw: Any) -> str:
    parts = [compiler.process(part, **kw) for part in element.clauses]
    if _is_mixed(element, compiler):
        parts = [f"CONVERT({part} USING utf8mb4)" for part in parts]
    return f"CONCAT({', '.join(parts)})"


def _is_mixed(element: joined, compiler: Any) -> bool:
    """Whether the columns have several collations: MariaDB joins only what it can compare (1271)."""
    schema = compiler.schema() if hasattr(compiler, "schema") else None
    return schema is not None and len(schema.collations(columns_of(element))) > 1


@compiles(joined, "sqlite")
def _joined_sqlite(element: joined, compiler: SQLCompiler, **kw: Any) -> str:
    parts = " || ".join(compiler.process(part, **kw) for part in element.clauses)
    return f"(({parts}) COLLATE {COLLATION})"  # an expression has no collation of its own


class seconds_between(GenericFunction[int]):
    """Whole seconds from one time to another: negative when the other comes first, NULL without both."""

    type = Integer()
    inherit_cache = True


@compiles(seconds_between, "mysql")
@compiles(seconds_between, "mariadb")
def _seconds_between_mysql(element: seconds_between, compiler: SQLCompiler, **kw: Any) -> str:
    return f"TIMESTAMPDIFF(SECOND, {compiler.process(element.clauses, **kw)})"


@compiles(seconds_between, "sqlite")
def _seconds_between_sqlite(element: seconds_between, compiler: SQLCompiler, **kw: Any) -> str:
    start, end = (compiler.process(part, **kw) for part in element.clauses)
    return f"(strftime('%s', {end}) - strftime('%s', {start}))"


class whole(GenericFunction[int]):
    """A number that is not negative, without its fraction."""

    type = Integer()
    inherit_cache = True


@compiles(whole, "mysql")
@compiles(whole, "mariadb")
def _whole_mysql(element: whole, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST(FLOOR({compiler.process(element.clauses, **kw)}) AS SIGNED)"


@compiles(whole, "sqlite")
def _whole_sqlite(element: whole, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **kw)} AS INTEGER)"
