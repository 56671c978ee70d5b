"""The routes of the Java server for electron microscopy."""

from __future__ import annotations

from starbeam import NoSettings, Plugin


class EmLegacyPlugin(Plugin[NoSettings]):
    """The routes of the Java server for electron microscopy."""

    name = "em_legacy"
    title = "The routes of the Java server for electron microscopy"
    requires = ("ispyb", "legacy")
