"""Notes that people keep for themselves.

The parts are imported when a hook asks for them: lists of plugins and of commands import this, and no more.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from starbeam.api import Context, Plugin, hookimpl
from starbeam_skeleton.settings import SkeletonSettings

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler
    from sqlalchemy.orm import DeclarativeBase

    from starbeam.api.database import Rule


class SkeletonPlugin(Plugin[SkeletonSettings]):
    """`/skeleton`."""

    name = "skeleton"
    title = "Notes that people keep for themselves"
    Settings = SkeletonSettings

    @hookimpl
    def register_models(self) -> Iterable[type[DeclarativeBase]]:
        """The table of notes."""
        from starbeam.api.models import mapped
        from starbeam_skeleton import models

        return mapped(models.Base)

    @hookimpl
    def register_migrations(self) -> Iterable[Path]:
        """The revisions that make it."""
        return [Path(__file__).parent / "migrations"]

    @hookimpl
    def register_visibility(self, ctx: Context) -> Iterable[Rule]:
        """Everybody sees their own notes."""
        from starbeam_skeleton import queries

        return queries.RULES

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operations."""
        from starbeam_skeleton import routes

        return [routes.router(self.settings.longest)]
