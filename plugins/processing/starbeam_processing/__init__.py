"""What the pipelines made of data collections."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from starbeam.api import Context, NoSettings, Plugin, hookimpl

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler
    from sqlalchemy.orm import DeclarativeBase


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
