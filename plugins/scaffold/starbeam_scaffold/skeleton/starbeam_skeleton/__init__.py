"""Notes that people keep for themselves."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from litestar.types import ControllerRouterHandler
from msgspec import Meta
from sqlalchemy.orm import DeclarativeBase

from starbeam.api import Context, Plugin, Section, hookimpl
from starbeam.api.database import Rule
from starbeam_skeleton import queries, routes
from starbeam_skeleton.models import SkeletonNote


class SkeletonSettings(Section, frozen=True):
    """What `[plugin.skeleton]` may hold."""

    longest: Annotated[int, Meta(ge=1, le=4000, description="How many characters a note may have.")] = 500


class SkeletonPlugin(Plugin[SkeletonSettings]):
    """`/skeleton`."""

    name = "skeleton"
    title = "Notes that people keep for themselves"
    Settings = SkeletonSettings

    @hookimpl
    def register_models(self) -> Iterable[type[DeclarativeBase]]:
        """The table of notes."""
        return [SkeletonNote]

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
