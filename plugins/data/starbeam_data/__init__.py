"""Detector images and HDF5 files.

What serves HTTP is imported when a server is built: reader processes import this package too, and start three
times as fast without.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property, partial
from typing import TYPE_CHECKING

from starbeam.api import Context, Plugin, hookimpl
from starbeam_data import landlock
from starbeam_data.settings import DataSettings

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler

    from starbeam.api import Check, Lifespan
    from starbeam.api.web import Pages
    from starbeam_data.readers import Readers

UNLOCKED = "This kernel has no Landlock, which keeps what reads files to the folders of files.roots."


class DataPlugin(Plugin[DataSettings]):
    """`/data`: pixels, headers and histograms of detector images, and every node of HDF5 files."""

    name = "data"
    title = "Detector images and HDF5 files"
    requires = ("ispyb",)
    Settings = DataSettings

    @cached_property
    def _readers(self) -> Readers:
        from starbeam_data.readers import Readers

        return Readers(self.settings)

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operations."""
        from starbeam_data import routes

        self._readers.count_in(ctx.figures)
        return [routes.router(self._readers, self.settings.meta_form)]

    @hookimpl
    def register_pages(self, ctx: Context) -> Iterable[Pages]:
        """The pages."""
        from starbeam_data import pages

        return [pages.pages(self._readers, self.settings.h5web)]

    @hookimpl
    def register_lifespan(self, ctx: Context) -> Iterable[Lifespan]:
        """The processes that read files."""
        return [partial(self._readers.running, ctx.settings.files)]

    @hookimpl
    def register_checks(self, ctx: Context) -> Iterable[Check]:
        """Whether what reads files can open nothing else."""
        from starbeam.api import Check

        return [Check("landlock", _locked_in, essential=False)]


async def _locked_in() -> str | None:
    """What is wrong where the kernel cannot keep processes to some files."""
    return None if landlock.version() else UNLOCKED
