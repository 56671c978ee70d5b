"""The routes of the older Java service for electron microscopy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from starbeam.api import Context, NoSettings, Plugin, hookimpl

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler
    from sqlalchemy.orm import DeclarativeBase

    from starbeam.api.web import Pages


class EmLegacyPlugin(Plugin[NoSettings]):
    """`/legacy/em`: movies, their images, statistics and classification."""

    name = "em_legacy"
    title = "The routes of the Java server for electron microscopy"
    requires = ("ispyb", "legacy")

    @hookimpl
    def register_models(self) -> Iterable[type[DeclarativeBase]]:
        """Particles and their classes."""
        from starbeam.api.models import mapped
        from starbeam_em_legacy import models

        return mapped(models.Base)

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operations."""
        from starbeam_em_legacy import routes

        return routes.handlers

    @hookimpl
    def register_pages(self, ctx: Context) -> Iterable[Pages]:
        """Movies and particle classes."""
        from starbeam_em_legacy import pages

        return [pages.pages()]
