"""What the pipelines made of data collections."""

from __future__ import annotations

from collections.abc import Iterable

from litestar.types import ControllerRouterHandler
from sqlalchemy.orm import DeclarativeBase

from starbeam.api import Context, NoSettings, Plugin, hookimpl
from starbeam.api.models import mapped
from starbeam_processing import models, routes


class ProcessingPlugin(Plugin[NoSettings]):
    """`/processings`."""

    name = "processing"
    title = "What the pipelines made of data collections"
    requires = ("ispyb",)

    @hookimpl
    def register_models(self) -> Iterable[type[DeclarativeBase]]:
        """Parameters of processing jobs, and searches for the crystal by diffraction."""
        return mapped(models.Base)

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operations."""
        return routes.handlers
