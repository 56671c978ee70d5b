"""The differences between MariaDB and SQLite, in one place: SQL constructs that compile to either."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import BigInteger, ColumnElement, DateTime, Integer, Select, String, literal
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


class Spelled(GenericFunction[Any]):
    """A function that the databases spell differently, with `{0}` and `{1}` for what it is given."""

    inherit_cache = True
    on_mariadb: ClassVar[str]
    on_sqlite: ClassVar[str]


@compiles(Spelled)
def _spell(element: Spelled, compiler: SQLCompiler, **kw: Any) -> str:
    spelling = element.on_sqlite if compiler.dialect.name == "sqlite" else element.on_mariadb
    return spelling.format(*(compiler.process(part, **kw) for part in element.clauses))


class seconds_ago(Spelled):  # named as SQL functions are
    """The database's own present time, some seconds earlier, as its `current_timestamp` writes it."""

    type = DateTime()
    inherit_cache = True
    on_mariadb = "(NOW() - INTERVAL {0} SECOND)"
    on_sqlite = "datetime('now', 'localtime', '-' || {0} || ' seconds')"

    def __init__(self, seconds: float) -> None:
        super().__init__(literal(int(seconds), Integer()))


class as_datetime(Spelled):
    """A text as the database reads it as a date with a time of day, by default midnight; NULL for others."""

    type = DateTime()
    inherit_cache = True
    on_mariadb = "CAST({0} AS DATETIME)"
    on_sqlite = "as_datetime({0})"


class seconds_between(Spelled):
    """Whole seconds from one time to another: negative when the other comes first, NULL without both."""

    type = Integer()
    inherit_cache = True
    on_mariadb = "TIMESTAMPDIFF(SECOND, {0}, {1})"
    on_sqlite = "(strftime('%s', {1}) - strftime('%s', {0}))"


class whole(Spelled):
    """A number that is not negative, without its fraction."""

    type = Integer()
    inherit_cache = True
    on_mariadb = "CAST(FLOOR({0}) AS SIGNED)"
    on_sqlite = "CAST({0} AS INTEGER)"


class digest(GenericFunction[Any]):
    """A whole number for some values, NULL among them; nearly always another one for others."""

    type = BigInteger()
    inherit_cache = True


@compiles(digest, "mysql")
@compiles(digest, "mariadb")
def _digest_mysql(element: digest, compiler: SQLCompiler, **kw: Any) -> str:
    parts = (f"IFNULL(CAST({compiler.process(part, **kw)} AS BINARY), '~')" for part in element.clauses)
    return f"CRC32(CONCAT_WS('|', {', '.join(parts)}))"


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
