"""Who wrote what: every write of core and of all plugins, with what was there before and after.

The parts are imported when a hook asks for them: lists of plugins and of commands import this, and no more.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from starbeam.api import Check, Context, Lifespan, Permission, Plugin, hookimpl
from starbeam.api.settings import ISPYB, NONE
from starbeam_audit.settings import AuditSettings

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler
    from sqlalchemy.orm import DeclarativeBase

    from starbeam.api.database import Listener


class AuditPlugin(Plugin[AuditSettings]):
    """`/admin/audit`, and what it shows."""

    name = "audit"
    title = "Who wrote what, with what was there before"
    Settings = AuditSettings

    @property
    def _has_table(self) -> bool:
        return self.settings.tables != NONE

    @property
    def _is_beside(self) -> bool:
        return self.settings.tables not in (ISPYB, NONE)

    @hookimpl
    def register_database(self) -> Iterable[str]:
        """The second database, where the table is in one."""
        return [self.settings.tables] if self._is_beside else []

    @hookimpl
    def register_models(self) -> Iterable[type[DeclarativeBase]]:
        """The record's table."""
        from starbeam.api.models import mapped
        from starbeam_audit import models

        return mapped(models.Base) if self._has_table else []

    @hookimpl
    def register_migrations(self) -> Iterable[Path]:
        """The revisions that make it."""
        return [Path(__file__).parent / "migrations"] if self._has_table else []

    @hookimpl
    def register_permissions(self) -> Iterable[Permission]:
        """Who may read it."""
        return [Permission("view_audit", "see who wrote what, in all tables")] if self._has_table else []

    @hookimpl
    def register_listeners(self, ctx: Context) -> Iterable[Listener]:
        """What records each write."""
        from starbeam_audit import record

        return [record.IntoTable(ctx.own) if self._has_table else record.IntoFile(self.settings.file)]

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operation that shows it."""
        from starbeam_audit.routes import router

        return [router(ctx.own)] if self._has_table else []

    @hookimpl
    def register_lifespan(self, ctx: Context) -> Iterable[Lifespan]:
        """Forgetting what is old."""
        from starbeam_audit.keeping import Keeping

        return [Keeping(ctx, self.settings.days).running] if self._has_table else []

    @hookimpl
    def register_checks(self, ctx: Context) -> Iterable[Check]:
        """Where the record is."""
        from starbeam_audit import record

        if self._has_table:
            where = "a second database, once they are done" if self._is_beside else "the ISPyB database"
            says = f"writes are recorded in a table of {where}"
            return [Check("record", record.always_there, essential=False, says=says)]
        into = record.IntoFile(self.settings.file)
        return [Check("record", into.trouble, essential=False, says=f"writes are recorded in {into.name}")]
