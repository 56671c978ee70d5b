"""The plugin's settings."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class DataSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How much is read at once, by how many, and for how long."""

    max_answer: Annotated[int, Meta(description="Largest answer, in bytes.", ge=1)] = 536_870_912
    readers: Annotated[
        int, Meta(description="Processes that read files, for each worker of the server.", ge=1, le=64)
    ] = 2
    time_limit: Annotated[
        float, Meta(description="Longest time that reading one answer may take, in seconds.", gt=0, le=3600)
    ] = 30.0
