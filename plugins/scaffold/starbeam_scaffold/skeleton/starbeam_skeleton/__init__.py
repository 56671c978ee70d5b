"""Notes that people keep for themselves."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from litestar.types import ControllerRouterHandler
from sqlalchemy.orm import DeclarativeBase

from starbeam.api import Context, Plugin, hookimpl
from starbeam.api.database import Rule
from starbeam.api.models import mapped
from starbeam_skeleton import models, queries, routes
from starbeam_skeleton.settings import SkeletonSettings


class SkeletonPlugin(Plugin[SkeletonSettings]):
    """`/skeleton`."""

    name = "skeleton"
    title = "Notes that people keep for themselves"
    Settings = SkeletonSettings

    @hookimpl
    def register_models(self) -> Iterable[type[DeclarativeBase]]:
        """The table of notes."""
        return mapped(models.Base)

    @hookimpl
    def register_migrations(self) -> Iterable[Path]:
        """The revisions that make it."""
        return [Path(__file__).parent / "migrations"]

    @hookimpl
    def register_visibility(self, ctx: Context) -> Iterable[Rule]:
        """Everybody sees their own notes."""
        return queries.RULES

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operations."""
        return [routes.router(self.settings.longest)]
