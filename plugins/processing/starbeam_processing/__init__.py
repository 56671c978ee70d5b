"""What the pipelines made of data collections."""

from __future__ import annotations

from starbeam import NoSettings, Plugin


class ProcessingPlugin(Plugin[NoSettings]):
    """What the pipelines made of data collections."""

    name = "processing"
    title = "What the pipelines made of data collections"
    requires = ("ispyb",)
