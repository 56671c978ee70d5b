"""What stops a start: every fault is collected and shown in one table."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import msgspec

from starbeam.settings import SettingsError


class Fault(msgspec.Struct, frozen=True):
    """One cause: which plugin (empty: the server itself), of which package, at which stage, why, and what to
    do."""

    plugin: str
    distribution: str
    stage: str
    cause: str
    remedy: str


class StartupError(Exception):
    """The app cannot be built. Holds every cause."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = list(faults)
        super().__init__("\n".join(f"{fault.plugin}: {fault.stage}: {fault.cause}" for fault in self.faults))


def from_settings(error: SettingsError, plugin: str = "", distribution: str = "") -> list[Fault]:
    """What is wrong with settings, as faults."""
    return [
        Fault(
            plugin,
            distribution,
            "settings",
            ": ".join(part for part in (problem.file_or_origin, problem.key, problem.message) if part),
            problem.hint or "correct it, or leave it out",
        )
        for problem in error.problems
    ]


def did_you_mean(name: str, known: Iterable[str], otherwise: str, shown: str = "{}") -> str:
    """Ask for the known one of nearly this name, shown as `shown` says; `otherwise` where there is none."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {shown.format(close[0])}?" if close else otherwise
