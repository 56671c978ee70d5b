"""What happened in a session: an example of a plugin with a table of its own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click
from litestar.types import ControllerRouterHandler
from sqlalchemy.orm import DeclarativeBase

from starbeam.api import Context, Index, NoSettings, Permission, Plugin, hookimpl
from starbeam.api.database import Allow, Rule, through
from starbeam.api.demo import DemoData
from starbeam.api.settings import Option
from starbeam_ispyb.models import BLSession
from starbeam_shiftlog import commands, demo, routes
from starbeam_shiftlog.models import ShiftlogEntry


class ShiftlogPlugin(Plugin[NoSettings]):
    """`/sessions/{sessionId}/shiftlog`."""

    name = "shiftlog"
    title = "What happened in a session"
    requires = ("ispyb",)

    @hookimpl
    def register_models(self) -> Iterable[type[DeclarativeBase]]:
        """The table of entries."""
        return [ShiftlogEntry]

    @hookimpl
    def register_migrations(self) -> Iterable[Path]:
        """The revisions that make it."""
        return [Path(__file__).parent / "migrations"]

    @hookimpl
    def register_indexes(self) -> Iterable[Index]:
        """What the list is read by; the first revision makes it, but a database may have lost it."""
        return [Index("ShiftlogEntry", ("sessionId",), "the log of a session")]

    @hookimpl
    def register_visibility(self, ctx: Context) -> Iterable[Rule]:
        """Whoever sees a session sees its log."""
        return [Allow(ShiftlogEntry, through(BLSession, "sessionId"))]

    @hookimpl
    def register_permissions(self) -> Iterable[Permission]:
        """What removing an entry needs."""
        return [Permission("edit_shiftlog", "remove entries from the logs of visible sessions")]

    @hookimpl
    def register_options(self) -> Iterable[Option]:
        """What administrators may switch."""
        return [Option("shiftlog_closed", bool, False, "Shift Log Closed", "Nobody can add to the logs")]

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operations."""
        return routes.handlers

    @hookimpl
    def register_commands(self, cli: click.Group) -> None:
        """``starbeam shiftlog``."""
        cli.add_command(commands.shiftlog)

    @hookimpl
    def register_demo_data(self, ctx: Context) -> Iterable[DemoData]:
        """An entry for each session of the demo."""
        return [demo.DATA]
