"""Logs of data collections and of processing programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any


def collection(file: Path, start: datetime, images: int, exposure: float, failure: str | None = None) -> Path:
    """Write what beamline control logs of a data collection; it ends with `failure`, if there was one."""
    lines = [
        (0.0, "INFO", "Preparing the detector"),
        (0.8, "INFO", f"{images} images of {exposure:g} s"),
        (2.1, "INFO", "Opening the fast shutter"),
    ]
    over = 2.1 + images * exposure * (0.4 if failure else 1.0)
    lines.append((over, "INFO", "Closing the fast shutter"))
    end = ("ERROR", failure) if failure else ("INFO", "Data collection successful")
    lines.append((over + 0.6, *end))
    text = "".join(
        f"{start + timedelta(seconds=after):%Y-%m-%d %H:%M:%S} {level:<7} {message}\n"
        for after, level, message in lines
    )
    file.write_text(text, encoding="utf-8")
    return file


def processing(
    file: Path, program: str, message: str, space_group: str = "", shells: Sequence[Mapping[str, Any]] = ()
) -> Path:
    """Write what a processing program logs: its statistics, one column for each resolution shell (a row of
    `AutoProcScalingStatistics`), if it has some, and at the end `message`."""
    text = f"{program}\n\n"
    if shells:
        text += f"Space group: {space_group}\n\n" + _table(shells) + "\n"
    file.write_text(f"{text}{message}\n", encoding="utf-8")
    return file


def _table(shells: Sequence[Mapping[str, Any]]) -> str:
    rows = (
        ("", "scalingStatisticsType", ""),
        ("Low resolution limit", "resolutionLimitLow", ".2f"),
        ("High resolution limit", "resolutionLimitHigh", ".2f"),
        ("Rmerge / %", "rMerge", ".2f"),
        ("Rmeas / %", "rMeasAllIPlusIMinus", ".2f"),
        ("Rpim / %", "rPimAllIPlusIMinus", ".2f"),
        ("Observations", "nTotalObservations", "d"),
        ("Unique reflections", "nTotalUniqueObservations", "d"),
        ("Mean I/sigma(I)", "meanIOverSigI", ".1f"),
        ("CC(1/2)", "ccHalf", ".4f"),
        ("Completeness / %", "completeness", ".1f"),
        ("Multiplicity", "multiplicity", ".1f"),
    )
    return "".join(
        f"{label:<24}" + "".join(f"{format(shell[name], form):>13}" for shell in shells) + "\n"
        for label, name, form in rows
    )
