"""What the demo's microscopes recorded."""

from __future__ import annotations

from starbeam.demo import DemoData, DemoWorld


async def fill(world: DemoWorld) -> None:
    """Nothing yet."""


DATA = DemoData("Movies and particles", fill)
