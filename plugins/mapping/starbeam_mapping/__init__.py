"""X-ray fluorescence maps."""

from __future__ import annotations

from starbeam import NoSettings, Plugin


class MappingPlugin(Plugin[NoSettings]):
    """X-ray fluorescence maps."""

    name = "mapping"
    title = "X-ray fluorescence maps"
    requires = ("ispyb",)
