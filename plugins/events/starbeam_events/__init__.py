"""The stream of data collections, robot actions, energy scans and fluorescence spectra."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

from starbeam.api import Context, Index, Lifespan, Plugin, hookimpl
from starbeam_events import hookspecs
from starbeam_events.indexes import INDEXES
from starbeam_events.settings import EventsSettings

if TYPE_CHECKING:
    from litestar.types import ControllerRouterHandler

    from starbeam.api.web import Pages
    from starbeam_events.cursors import Cursors
    from starbeam_events.live.watch import Watch
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
    _watch: Watch | None = None

    @hookimpl
    def register_indexes(self) -> Iterable[Index]:
        """What ``starbeam db indexes`` prints where it is missing."""
        return INDEXES

    @hookimpl
    def register_routes(self, ctx: Context) -> Iterable[ControllerRouterHandler]:
        """The operations."""
        from starbeam_events import routes
        from starbeam_events.live.watch import Watch
        from starbeam_events.queries import Stream
        from starbeam_events.routes import stream as of_stream

        stream = Stream(self._sources(ctx), self.settings.total_age)
        self._watch = Watch(stream, ctx)
        return [routes.router(stream, self._cursors(ctx)), of_stream.router(self._watch)]

    @hookimpl
    def register_lifespan(self, ctx: Context) -> Iterable[Lifespan]:
        """What looks for changes while somebody listens to the operations that there are."""
        return [self._watch.running] if self._watch else []

    @hookimpl
    def register_pages(self, ctx: Context) -> Iterable[Pages]:
        """The stream of a session, and the pages that its cards lead to."""
        from starbeam_events import pages
        from starbeam_events.queries import Stream

        sources = [source.in_full() for source in self._sources(ctx)]
        age = self.settings.total_age
        return [pages.pages(Stream(sources, age), self._cursors(ctx), age)]

    def _cursors(self, ctx: Context) -> Cursors:
        from starbeam_events.cursors import Cursors

        return Cursors(ctx.settings.auth.secret_key)

    def _sources(self, ctx: Context) -> list[EventSource]:
        """The bundled sources, and those that plugins bring."""
        from starbeam_events.sources import BUNDLED, DataCollections

        owners = {source.type: self.name for source in BUNDLED}
        sources = list(BUNDLED)
        signs = tuple(sign for _, found in ctx.collect("register_signs") for sign in found)
        sources[0] = DataCollections(signs)
        for plugin, found in ctx.collect("register_event_sources"):
            for source in found:
                if (owner := owners.setdefault(source.type, plugin)) != plugin or source in sources:
                    raise ValueError(f"{owner} and {plugin} both bring events of the type {source.type}")
                sources.append(source)
        return sources
