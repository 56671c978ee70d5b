"""What plugins fill the demo's database with."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass
class DemoWorld:
    """The demo's facility while it is being made. Generators draw from `random` only, so that the same seed
    gives the same rows."""

    session: AsyncSession
    random: random.Random
    now: datetime
    """The present, to the hour: sessions lie around it."""
    files: Path
    """A folder for files that rows name."""
    made: dict[str, Any] = field(default_factory=dict)
    """What earlier generators made that later ones build on, by a name that each documents."""


class DemoData(msgspec.Struct, frozen=True):
    """A generator: its title for the progress bar, and what makes the rows."""

    title: str
    fill: Callable[[DemoWorld], Awaitable[None]]
