"""Tables and columns that the database at hand lacks: the first are empty everywhere, the second are NULL.

So a query may ask for whatever some version of ISPyB has: where it is missing the field is null, a filter by
it finds nothing, and what hangs on a missing table is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import CTE, Subquery, Table
from sqlalchemy.sql.selectable import AliasedReturnsRows

from starbeam.db.texts import HeldTexts

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from starbeam.db.schema import Schema


def fit_to_schema(engine: Engine, tables: frozenset[str], schema: Callable[[], Schema | None]) -> None:
    """Make an engine's statements fit the database: `tables` are the names of those that may be missing."""
    dialect = engine.dialect
    members = {"schema": staticmethod(schema), "tables": tables}
    dialect.statement_compiler = type("Compiler", (_Lacking, HeldTexts, dialect.statement_compiler), members)


class _Lacking:
    """Part of a compiler: writes NULL for a missing column, and an empty table for a missing one."""

    schema: Callable[[], Schema | None]
    tables: frozenset[str]
    preparer: Any

    def visit_column(self, column: Any, *args: Any, **kwargs: Any) -> str:
        """Write a column, or NULL."""
        written: str = super().visit_column(column, *args, **kwargs)  # type: ignore[misc]
        if not kwargs.get("include_table", True) or not self._lacks_column(column):
            return written
        if kwargs.get("within_columns_clause") and not kwargs.get("within_label_clause"):
            return f"NULL AS {self.preparer.quote(column.name)}"
        return "NULL"

    def _lacks_column(self, column: Any) -> bool:
        table, schema = _table_of(column.table), self.schema()
        if table is None or schema is None or not self._may_lack(table):
            return False
        columns = schema.tables.get(table.name.lower())
        return columns is not None and column.name.lower() not in columns

    def visit_table(self, table: Table, *args: Any, **kwargs: Any) -> str:
        """Write a table, or one of its name without rows."""
        written: str = super().visit_table(table, *args, **kwargs)  # type: ignore[misc]
        schema = self.schema()
        if not kwargs.get("asfrom") or kwargs.get("iscrud") or schema is None:
            return written
        if not self._may_lack(table) or table.name.lower() in schema.tables:
            return written
        nothing = ", ".join(f"NULL AS {self.preparer.quote(column.name)}" for column in table.columns)
        empty = f"(SELECT {nothing} LIMIT 0)"
        alias = kwargs.get("enclosing_alias")  # handed on into subqueries, too
        return empty if alias is not None and alias.element is table else f"{empty} AS {written}"

    def _may_lack(self, table: Table) -> bool:
        return isinstance(table, Table) and table.name in self.tables


def _table_of(source: Any) -> Any:
    """The table that a column comes from straight, or by an alias."""
    while isinstance(source, AliasedReturnsRows) and not isinstance(source, Subquery | CTE):
        source = source.element
    return source
