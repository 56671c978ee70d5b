"""What the pipelines made of data collections."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from starbeam.api import Context, Plugin, hookimpl
from starbeam_processing.settings import ProcessingSettings

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler
    from sqlalchemy.orm import DeclarativeBase

    from starbeam.api.web import Pages
    from starbeam_processing.rule import Rule


class ProcessingPlugin(Plugin[ProcessingSettings]):
    """`/processings`."""

    name = "processing"
    title = "What the pipelines made of data collections"
    requires = ("ispyb",)
    Settings = ProcessingSettings

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

        return [routes.router(self._rule())]

    @hookimpl(optionalhook=True)
    def register_signs(self, ctx: Context) -> Iterable[Any]:
        """A data collection changes when it was characterised."""
        from starbeam_processing.queries.signs import screened

        return [screened]

    @hookimpl
    def register_pages(self, ctx: Context) -> Iterable[Pages]:
        """Results of programs, where pages show data collections."""
        from starbeam_processing import pages

        return [pages.pages(self._rule())]

    def _rule(self) -> Rule:
        from starbeam_processing.rule import Rule

        return Rule(self.settings.best_completeness, self.settings.best_cc_half)
