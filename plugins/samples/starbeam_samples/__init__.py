"""Proteins, samples, sub samples and sample images."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import TYPE_CHECKING, ClassVar

from starbeam.api import Context, NoSettings, Plugin, hookimpl
from starbeam_samples import hookspecs

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler
    from sqlalchemy.orm import DeclarativeBase

    from starbeam.api.database import Rule
    from starbeam.api.web import Pages


class SamplesPlugin(Plugin[NoSettings]):
    """`/proteins` and `/samples`."""

    name = "samples"
    title = "Proteins, samples, sub samples and sample images"
    requires = ("ispyb",)
    hookspecs: ClassVar[ModuleType] = hookspecs

    @hookimpl
    def register_models(self) -> Iterable[type[DeclarativeBase]]:
        """Pictures of samples, kinds of components, samples that wait, structure files."""
        from starbeam.api.models import mapped
        from starbeam_samples import models

        return mapped(models.Base)

    @hookimpl
    def register_pages(self, ctx: Context) -> Iterable[Pages]:
        """The pages."""
        from starbeam_samples import pages

        return [pages.pages()]

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operations."""
        from starbeam_samples import routes

        more = [one for _, found in ctx.collect("register_sample_changes") for one in found]
        return [*routes.handlers, routes.changing(more)]

    @hookimpl
    def register_visibility(self, ctx: Context) -> Iterable[Rule]:
        """A picture is visible where its sample is."""
        from starbeam.api.database import Allow, through
        from starbeam_ispyb.models import BLSample
        from starbeam_samples import models

        return [Allow(models.BLSampleImage, through(BLSample, "blSampleId"))]
