"""Images, attachments, quality indicators and workflows of data collections."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from starbeam.api import Context, NoSettings, Plugin, hookimpl

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler
    from sqlalchemy.orm import DeclarativeBase

    from starbeam.api.database import Rule
    from starbeam.api.web import Pages


class DataCollectionsPlugin(Plugin[NoSettings]):
    """Images, attachments, quality indicators and workflows of data collections."""

    name = "datacollections"
    title = "Images, attachments, quality indicators and workflows of data collections"
    requires = ("ispyb",)

    @hookimpl
    def register_models(self) -> Iterable[type[DeclarativeBase]]:
        """The quality indicators of images."""
        from starbeam.api.models import mapped
        from starbeam_datacollections import models

        return mapped(models.Base)

    @hookimpl
    def register_visibility(self, ctx: Context) -> Iterable[Rule]:
        """Quality indicators are seen by whoever sees their data collection."""
        from starbeam.api.database import Allow, through
        from starbeam_datacollections import models
        from starbeam_ispyb.models import DataCollection

        return [Allow(models.ImageQualityIndicators, through(DataCollection, "dataCollectionId"))]

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operations."""
        from starbeam_datacollections import routes

        return routes.handlers

    @hookimpl(optionalhook=True)
    def register_signs(self, ctx: Context) -> Iterable[Any]:
        """A data collection changes when one of its images has been looked at."""
        from starbeam_datacollections.queries.signs import looked_at

        return [looked_at]

    @hookimpl
    def register_pages(self, ctx: Context) -> Iterable[Pages]:
        """Pictures, plots and files of data collections, where pages show these."""
        from starbeam_datacollections import pages

        return [pages.pages()]
