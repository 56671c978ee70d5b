"""What the pipelines made of data collections."""

from __future__ import annotations

from collections.abc import Iterable

from litestar.types import ControllerRouterHandler
from sqlalchemy.orm import DeclarativeBase

from starbeam.api import Context, NoSettings, Plugin, hookimpl
from starbeam_processing import models, routes


class ProcessingPlugin(Plugin[NoSettings]):
    """`/processings`."""

    name = "processing"
    title = "What the pipelines made of data collections"
    requires = ("ispyb",)

    @hookimpl
    def register_models(self) -> Iterable[type[DeclarativeBase]]:
        """Parameters of processing jobs, and searches for the crystal by diffraction."""
        return [mapper.class_ for mapper in models.Base.registry.mappers]

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operations."""
        return routes.handlers
