"""The plugin's settings."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from starbeam.api import Section


class ProcessingSettings(Section, frozen=True):
    """What `[plugin.processing]` may hold: which results may be the best of a data collection."""

    best_cc_half: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="The smallest CC½ in the outer shell, as a fraction; one without it passes.",
        ),
    ] = 0.3
    best_completeness: Annotated[
        float, Meta(ge=0, le=100, description="The smallest completeness of all shells, in per cent.")
    ] = 90
