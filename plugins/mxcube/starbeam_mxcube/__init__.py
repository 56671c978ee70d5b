"""What MXCuBE asks and records: its REST client works with the root of the API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from starbeam.api import Context, Plugin, hookimpl
from starbeam_mxcube.settings import MxcubeSettings

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler

    from starbeam.api.http import Alias
    from starbeam.api.lists import Extension
    from starbeam_mxcube.recording import Recording
    from starbeam_samples.changes.samples import More


class MxcubePlugin(Plugin[MxcubeSettings]):
    """What MXCuBE writes, and more of the lists that it reads."""

    name = "mxcube"
    title = "What MXCuBE asks and records"
    requires = ("ispyb", "acquisition", "proposals", "datacollections", "samples", "tokens")
    Settings = MxcubeSettings

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operations."""
        from starbeam_mxcube import routes

        return [routes.router(self._recording(ctx), self.settings.prefix)]

    @hookimpl
    def register_aliases(self) -> Iterable[Alias]:
        """What others answer, below the prefix."""
        from starbeam_mxcube import routes

        return routes.aliases(self.settings.prefix)

    @hookimpl
    def register_extensions(self, ctx: Context) -> Iterable[Extension]:
        """What proposals, sessions, data collections and samples have more."""
        from starbeam_mxcube.queries import extensions

        most = ctx.settings.server.max_limit
        wanted = self.settings.unpaged_limit
        return extensions(min(wanted, most) if most else wanted)

    @hookimpl
    def register_sample_changes(self, ctx: Context) -> Iterable[More]:
        """Where a sample was centred."""
        from starbeam_acquisition.record import RIGHT
        from starbeam_samples.changes.samples import More

        return [More(self._recording(ctx).sample, RIGHT)]

    def _recording(self, ctx: Context) -> Recording:
        from starbeam_acquisition import terms_of
        from starbeam_mxcube.recording import Recording

        return Recording(terms_of(ctx), self.settings)
