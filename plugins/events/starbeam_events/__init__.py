"""The stream of data collections, robot actions, energy scans and fluorescence spectra."""

from __future__ import annotations

from starbeam import NoSettings, Plugin


class EventsPlugin(Plugin[NoSettings]):
    """The stream of data collections, robot actions, energy scans and fluorescence spectra."""

    name = "events"
    title = "The stream of data collections, robot actions, energy scans and fluorescence spectra"
    requires = ("ispyb",)
