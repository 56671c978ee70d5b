"""What stops a start: every fault is collected and shown in one table."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


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
