"""The plugin's settings."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from starbeam.api import Section


class LegacySettings(Section, frozen=True):
    """Settings of `[plugin.legacy]`."""

    summary_age: Annotated[
        float,
        Meta(
            ge=0,
            description="After how many seconds the counts of a session are renewed; 0: always fresh.",
        ),
    ] = 60
