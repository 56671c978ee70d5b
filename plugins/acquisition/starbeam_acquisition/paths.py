"""Where files of a session may be. Whoever writes a path chooses which file the server sends later."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starbeam_acquisition.record import Place

OTHERS = "not below a folder of this proposal"
PATHS = frozenset(
    [
        "imageDirectory",
        "fileLocation",
        "jpegFileFullPath",
        "jpegThumbnailFileFullPath",
        "xtalSnapshotFullPath",
        "xtalSnapshotFullPath1",
        "xtalSnapshotFullPath2",
        "xtalSnapshotFullPath3",
        "xtalSnapshotFullPath4",
        "xtalSnapshotBefore",
        "xtalSnapshotAfter",
        "scanFileFullPath",
        "choochFileFullPath",
        "jpegChoochFileFullPath",
        "jpegScanFileFullPath",
        "annotatedPymcaXfeSpectrum",
        "fittedDataFileFullPath",
        "workingDirectory",
        "bestWilsonPlotPath",
        "processedDataFile",
        "datFullPath",
        "imageQualityIndicatorsPlotPath",
        "imageQualityIndicatorsCSVPath",
    ]
)
"""Columns that hold a path …"""
NAMES = frozenset(
    ["fileTemplate", "imagePrefix", "imageSuffix", "fileName", "filename", "imageContainerSubPath"]
)
"""… and those that hold the end of one, or a path."""
_WORDS = re.compile(r"(\*\*|\*|\{\w+\})")


def problem_of(name: str, text: str, place: Place, templates: Iterable[str]) -> str | None:
    """What is wrong with the path that a column shall hold; None where nothing is, or it is no path."""
    if name not in PATHS | NAMES or not text:
        return None
    if "\0" in text or ".." in text.split("/"):
        return "not a plain path"
    if name in NAMES and not text.startswith("/"):
        return None
    if not text.startswith("/"):
        return "not a whole path"
    return None if _is_of(text, place, list(templates)) else OTHERS


def _is_of(path: str, place: Place, templates: list[str]) -> bool:
    if templates:
        return any(re.fullmatch(_pattern(one, place), path, re.IGNORECASE | re.DOTALL) for one in templates)
    names = {name.casefold() for name in (place.proposal, place.session)}
    return any(part.casefold() in names for part in path.split("/"))


def _pattern(template: str, place: Place) -> str:
    words = {
        "**": ".*",
        "*": "[^/]*",
        "{proposal}": re.escape(place.proposal),
        "{number}": re.escape(place.number),
        "{session}": re.escape(place.session),
        "{beamline}": re.escape(place.beamline or ""),
    }
    return "".join(words.get(part, re.escape(part)) for part in _WORDS.split(template))
