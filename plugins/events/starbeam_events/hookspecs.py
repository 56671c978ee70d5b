"""The hook that this plugin adds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from starbeam.api import hookspec

if TYPE_CHECKING:
    from starbeam.api import Context
    from starbeam_events.sources import EventSource
    from starbeam_events.sources.signs import Sign


@hookspec
def register_event_sources(ctx: Context) -> Iterable[EventSource]:
    """More kinds of events. Implement it with ``@hookimpl(optionalhook=True)``, so that the plugin also works
    where `events` is not enabled, and set ``after = ("events",)``.

    Merge: union. Two sources of one `type` are an error.
    """
    raise NotImplementedError


@hookspec
def register_signs(ctx: Context) -> Iterable[Sign]:
    """What else shows that a data collection has changed, for `/events/stream`: from the scope and the data
    collection (an alias of its class) to an expression that has another value then, or to None where the
    database lacks it. Implement it with ``@hookimpl(optionalhook=True)``.

    Merge: union.
    """
    raise NotImplementedError
