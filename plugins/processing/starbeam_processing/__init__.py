"""What the pipelines made of data collections."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from starbeam.api import Context, NoSettings, Plugin, hookimpl

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler
    from sqlalchemy.orm import DeclarativeBase

    from starbeam.api.web import Pages


class ProcessingPlugin(Plugin[NoSettings]):
    """`/processings`."""

    name = "processing"
    title = "What the pipelines made of data collections"
    requires = ("ispyb",)

    @hookimpl
    def register_models(self) -> Iterable[type[DeclarativeBase]]:
        """Parameters of processing jobs, and searches for the crystal by diffraction."""
        from starbeam.api.models import mapped
        from starbeam_processing import models

        return mapped(models.Base)

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operations."""
        from starbeam_processing import routes

        return routes.handlers

    @hookimpl
    def register_pages(self, ctx: Context) -> Iterable[Pages]:
        """Results of programs, where pages show data collections."""
        from starbeam_processing import pages

        return [pages.pages()]
