"""The settings of a backend."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from starbeam.api import Section


class DummySettings(Section, frozen=True):
    """Settings of one dummy backend."""

    test_system: Annotated[
        bool, Meta(description="Must be true: this server holds no real data, anybody may log in as anybody.")
    ] = False
