"""The stream of data collections, robot actions, energy scans and fluorescence spectra."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

from starbeam.api import Context, Index, Plugin, hookimpl
from starbeam_events import hookspecs
from starbeam_events.indexes import INDEXES
from starbeam_events.settings import EventsSettings

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler

    from starbeam_events.sources import EventSource, TableSource

__all__ = ["EventSource", "EventsPlugin", "EventsSettings", "TableSource"]


def __getattr__(name: str) -> Any:
    """What plugins build on that bring events: imported when one does."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from starbeam_events import sources

    return getattr(sources, name)


class EventsPlugin(Plugin[EventsSettings]):
    """`/events` and `/events/types`: the union of the sources of all plugins."""

    name = "events"
    title = "The stream of data collections, robot actions, energy scans and fluorescence spectra"
    requires = ("ispyb",)
    Settings = EventsSettings
    hookspecs: ClassVar[ModuleType] = hookspecs

    @hookimpl
    def register_indexes(self) -> Iterable[Index]:
        """What ``starbeam db indexes`` prints where it is missing."""
        return INDEXES

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operations."""
        from starbeam_events import routes
        from starbeam_events.cursors import Cursors
        from starbeam_events.queries import Stream
        from starbeam_events.sources import BUNDLED

        owners = {source.type: self.name for source in BUNDLED}
        sources = list(BUNDLED)
        for plugin, found in ctx.collect("register_event_sources"):
            for source in found:
                if (owner := owners.setdefault(source.type, plugin)) != plugin or source in sources:
                    raise ValueError(f"{owner} and {plugin} both bring events of the type {source.type}")
                sources.append(source)
        cursors = Cursors(ctx.settings.auth.secret_key)
        return [routes.router(Stream(sources, self.settings.total_age), cursors)]
