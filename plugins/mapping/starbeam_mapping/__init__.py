"""X-ray fluorescence maps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from starbeam.api import Context, NoSettings, Plugin, hookimpl

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler
    from sqlalchemy.orm import DeclarativeBase

    from starbeam.api.database import Rule
    from starbeam.api.web import Pages


class MappingPlugin(Plugin[NoSettings]):
    """`/mapping`."""

    name = "mapping"
    title = "X-ray fluorescence maps"
    requires = ("ispyb",)

    @hookimpl
    def register_models(self) -> Iterable[type[DeclarativeBase]]:
        """Maps and their regions of interest."""
        from starbeam.api.models import mapped
        from starbeam_mapping import models

        return mapped(models.Base)

    @hookimpl
    def register_visibility(self, ctx: Context) -> Iterable[Rule]:
        """The session rule for maps, the proposal rule for regions of interest."""
        from starbeam_mapping import visibility

        return visibility.RULES

    @hookimpl(optionalhook=True)
    def register_signs(self, ctx: Context) -> Iterable[Any]:
        """A data collection changes when one of its maps has other values."""
        from starbeam_mapping.queries import measured

        return [measured]

    @hookimpl
    def register_pages(self, ctx: Context) -> Iterable[Pages]:
        """The maps of a session and of a sample."""
        from starbeam_mapping import pages

        return [pages.pages()]

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operations."""
        from starbeam_mapping import routes

        return routes.handlers
