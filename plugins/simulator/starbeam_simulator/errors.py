"""Why a simulation cannot be done."""

from __future__ import annotations


class SimulationError(Exception):
    """A simulation cannot go on: the text says why in one line, `hint` what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
