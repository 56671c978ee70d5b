"""Detector images and HDF5 files."""

from __future__ import annotations

from starbeam import NoSettings, Plugin


class DataPlugin(Plugin[NoSettings]):
    """Detector images and HDF5 files."""

    name = "data"
    title = "Detector images and HDF5 files"
    requires = ("ispyb",)
