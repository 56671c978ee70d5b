"""The routes of the Java server: sessions, proposals, data collections."""

from __future__ import annotations

from starbeam import NoSettings, Plugin


class LegacyPlugin(Plugin[NoSettings]):
    """The routes of the Java server: sessions, proposals, data collections."""

    name = "legacy"
    title = "The routes of the Java server: sessions, proposals, data collections"
    requires = ("ispyb",)
