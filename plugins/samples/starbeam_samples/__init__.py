"""Proteins, samples, sub samples and sample images."""

from __future__ import annotations

from starbeam import NoSettings, Plugin


class SamplesPlugin(Plugin[NoSettings]):
    """Proteins, samples, sub samples and sample images."""

    name = "samples"
    title = "Proteins, samples, sub samples and sample images"
    requires = ("ispyb",)
