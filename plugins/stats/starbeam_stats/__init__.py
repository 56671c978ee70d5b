"""Where the beam time went."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from starbeam.api import Context, NoSettings, Plugin, hookimpl

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler
    from sqlalchemy.orm import DeclarativeBase

    from starbeam.api.database import Rule
    from starbeam.api.web import Pages


class StatsPlugin(Plugin[NoSettings]):
    """`/stats`."""

    name = "stats"
    title = "Where the beam time went"
    requires = ("ispyb",)

    @hookimpl
    def register_models(self) -> Iterable[type[DeclarativeBase]]:
        """Faults and runs."""
        from starbeam.api.models import mapped
        from starbeam_stats import models

        return mapped(models.Base)

    @hookimpl
    def register_visibility(self, ctx: Context) -> Iterable[Rule]:
        """A fault is visible with its session."""
        from starbeam.api.database import Allow, through
        from starbeam_ispyb.models import BLSession
        from starbeam_stats import models

        return [Allow(models.BF_fault, through(BLSession, "sessionId"))]

    @hookimpl
    def register_pages(self, ctx: Context) -> Iterable[Pages]:
        """The pages of statistics."""
        from starbeam_stats import pages

        return [pages.pages()]

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operations."""
        from starbeam_stats import routes

        return routes.handlers
