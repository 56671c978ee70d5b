"""The settings of this plugin."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from starbeam.api import Section


class SkeletonSettings(Section, frozen=True):
    """What `[plugin.skeleton]` may hold."""

    longest: Annotated[int, Meta(ge=1, le=4000, description="How many characters a note may have.")] = 500
