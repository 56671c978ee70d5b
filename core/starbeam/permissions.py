"""Declared permissions."""

from __future__ import annotations

from typing import Annotated

import msgspec

from starbeam.access import ALL_PROPOSALS


class Permission(msgspec.Struct, frozen=True):
    """A permission that handlers or rules ask for. `name` is what `Permission.type` holds (at most 15
    characters)."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    description: str
    scope: bool = False
    """Whether tokens of machines and scripts may have it, as a scope."""


CORE = (Permission(ALL_PROPOSALS, "every proposal and everything below it"),)
