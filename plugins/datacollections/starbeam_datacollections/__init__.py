"""Images, attachments, quality indicators and workflows of data collections."""

from __future__ import annotations

from starbeam import NoSettings, Plugin


class DataCollectionsPlugin(Plugin[NoSettings]):
    """Images, attachments, quality indicators and workflows of data collections."""

    name = "datacollections"
    title = "Images, attachments, quality indicators and workflows of data collections"
    requires = ("ispyb",)
