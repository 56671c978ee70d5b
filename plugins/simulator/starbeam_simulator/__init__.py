"""Data collections made on demand, and the demo's files."""

from __future__ import annotations

from starbeam import NoSettings, Plugin


class SimulatorPlugin(Plugin[NoSettings]):
    """`starbeam simulate`, and the demo's files."""

    name = "simulator"
    title = "Data collections made on demand, and the demo's files"
    requires = ("ispyb", "samples", "mapping", "processing", "em_legacy")
