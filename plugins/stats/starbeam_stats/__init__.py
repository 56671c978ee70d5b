"""Where the beam time went."""

from __future__ import annotations

from starbeam import NoSettings, Plugin


class StatsPlugin(Plugin[NoSettings]):
    """Where the beam time went."""

    name = "stats"
    title = "Where the beam time went"
    requires = ("ispyb",)
