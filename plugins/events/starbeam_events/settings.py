"""The plugin's settings."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from starbeam.api import Section


class EventsSettings(Section, frozen=True):
    """What `[plugin.events]` may hold."""

    total_age: Annotated[
        float,
        Meta(
            ge=0,
            description="After how many seconds totals and types of events are renewed; 0: always fresh.",
        ),
    ] = 5
