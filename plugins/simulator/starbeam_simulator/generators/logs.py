"""Logs of data collections and of processing programs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from starbeam_simulator.generators.statistics import Shell


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


def scaling(file: Path, program: str, space_group: str, shells: Sequence[Shell]) -> Path:
    """Write the summary of a processing program: one column for each resolution shell."""
    rows = (
        ("Low resolution limit", "resolutionLimitLow", ".2f"),
        ("High resolution limit", "resolutionLimitHigh", ".2f"),
        ("Rmerge", "rMerge", ".4f"),
        ("Rmeas", "rMeasAllIPlusIMinus", ".4f"),
        ("Rpim", "rPimAllIPlusIMinus", ".4f"),
        ("Observations", "nTotalObservations", "d"),
        ("Unique reflections", "nTotalUniqueObservations", "d"),
        ("Mean I/sigma(I)", "meanIOverSigI", ".1f"),
        ("CC(1/2)", "ccHalf", ".4f"),
        ("Completeness / %", "completeness", ".1f"),
        ("Multiplicity", "multiplicity", ".1f"),
    )
    head = "".join(f"{shell.scalingStatisticsType:>13}" for shell in shells)
    table = "".join(
        f"{label:<24}" + "".join(f"{format(getattr(shell, name), form):>13}" for shell in shells) + "\n"
        for label, name, form in rows
    )
    text = f"{program}\n\nSpace group: {space_group}\n\n{'':<24}{head}\n{table}\nNormal termination\n"
    file.write_text(text, encoding="utf-8")
    return file
