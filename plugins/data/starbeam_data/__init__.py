"""Detector images and HDF5 files."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from litestar.types import ControllerRouterHandler

from starbeam import Context, Plugin, hookimpl
from starbeam.lifespan import Lifespan
from starbeam_data import routes
from starbeam_data.readers import Readers
from starbeam_data.settings import DataSettings


class DataPlugin(Plugin[DataSettings]):
    """`/data`: pixels, headers and histograms of detector images, and every node of HDF5 files."""

    name = "data"
    title = "Detector images and HDF5 files"
    requires = ("ispyb",)
    Settings = DataSettings

    def __init__(self, settings: DataSettings) -> None:
        super().__init__(settings)
        self._readers = Readers(settings)

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operations."""
        return [routes.router(self._readers)]

    @hookimpl
    def register_lifespan(self, ctx: Context) -> Iterable[Lifespan]:
        """The processes that read files."""
        return [partial(self._readers.running, ctx.settings.files)]
