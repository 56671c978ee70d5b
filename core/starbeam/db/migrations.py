"""Tables that a plugin brings of its own, which no ISPyB database has: Alembic revisions.

A plugin names folders of revisions with `register_migrations`; ``starbeam db upgrade`` applies those that a
database lacks. Each plugin counts its revisions in a table of its own, ``starbeam_<plugin>_version``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Table, event

from starbeam.db.essential import ISPYB
from starbeam.db.mariadb import TABLE_OPTIONS

_TOUCHED = re.compile(
    r"\b(?:(?:CREATE|ALTER|DROP|TRUNCATE|RENAME)\s+(?:TEMPORARY\s+)?TABLE|INSERT\s+INTO|UPDATE|DELETE\s+FROM"
    r"|(?:CREATE|DROP)\s+(?:UNIQUE\s+)?INDEX\b.*?\bON)\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?[`\"]?(\w+)",
    re.IGNORECASE | re.DOTALL,
)


class NotItsTable(Exception):
    """A revision of a plugin would touch a table that is ISPyB's or another plugin's."""


class NewerTables(Exception):
    """A plugin's tables were made by a newer version of it."""


class Migrations:
    """The revisions of one plugin."""

    def __init__(self, plugin: str, folders: Sequence[Path], foreign: frozenset[str] = frozenset()) -> None:
        """`foreign` are tables of other plugins, which the revisions must not touch either."""
        self.plugin = plugin
        self.version_table = f"starbeam_{plugin}_version"
        self._script = ScriptDirectory(str(folders[0]), version_locations=[str(one) for one in folders])
        self._foreign = {table.lower() for table in (*ISPYB, *foreign)}

    def newer(self, connection: Connection) -> str | None:
        """What to say of a database whose tables are of a newer version of the plugin; None for others."""
        known = {one.revision for one in self._script.walk_revisions()}
        if unknown := [one for one in self._applied(connection) if one not in known]:
            return f"{self.plugin}: its tables are of a newer version, {', '.join(unknown)}"
        return None

    def pending(self, connection: Connection) -> list[str]:
        """What the database lacks, in the order in which it is applied: `revision: title`. Nothing where its
        tables are newer."""
        if self.newer(connection):
            return []
        heads = self._applied(connection)
        lacking = self._script.iterate_revisions("heads", heads)
        return [f"{one.revision}: {one.doc}" for one in reversed(list(lacking)) if one.revision not in heads]

    def upgrade(self, connection: Connection) -> list[str]:
        """Apply what the database lacks, and say what that was. Raises `NotItsTable`, and `NewerTables`."""
        if newer := self.newer(connection):
            raise NewerTables(newer)
        lacking = self.pending(connection)

        def steps(revision: Any, context: Any) -> Any:
            return self._script._upgrade_revs("heads", revision)

        environment = EnvironmentContext(Config(), self._script, fn=steps)
        with environment, self._guarded(connection):
            environment.configure(connection=connection, version_table=self.version_table)
            with environment.begin_transaction():
                environment.run_migrations()
        return lacking

    def _applied(self, connection: Connection) -> tuple[str, ...]:
        options = {"version_table": self.version_table}
        return MigrationContext.configure(connection, opts=options).get_current_heads()

    @contextmanager
    def _guarded(self, connection: Connection) -> Iterator[None]:
        """Refuse statements that touch tables of others, and let new tables hold every text: that is no
        default of ISPyB's databases."""

        def look(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            for table in _TOUCHED.findall(statement):
                if table.lower() in self._foreign:
                    raise NotItsTable(f"the revisions of {self.plugin} would touch the table {table}")

        def hold_every_text(table: Table, *rest: Any, **more: Any) -> None:
            for option, value in TABLE_OPTIONS.items():
                table.dialect_kwargs.setdefault(option, value)

        event.listen(Table, "before_create", hold_every_text)
        event.listen(connection, "before_cursor_execute", look)
        try:
            yield
        finally:
            event.remove(connection, "before_cursor_execute", look)
            event.remove(Table, "before_create", hold_every_text)
