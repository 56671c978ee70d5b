"""The hook that this plugin adds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from starbeam.api import hookspec

if TYPE_CHECKING:
    from starbeam.api import Context
    from starbeam_events.sources import EventSource


@hookspec
def register_event_sources(ctx: Context) -> Iterable[EventSource]:
    """More kinds of events. Implement it with ``@hookimpl(optionalhook=True)``, so that the plugin also works
    where `events` is not enabled, and set ``after = ("events",)``.

    Merge: union. Two sources of one `type` are an error.
    """
    raise NotImplementedError
