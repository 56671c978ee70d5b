"""Files that are alike, written once and linked."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from pathlib import Path


class Alike:
    """The files of one demo that show the same: they take their time and their space once."""

    def __init__(self) -> None:
        self._first: dict[tuple[Hashable, str], Path] = {}

    def write(self, what: Hashable, path: str | Path, draw: Callable[[Path], object]) -> None:
        """Let a new file show `what`: drawn at its first time, a hard link later."""
        file = Path(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        key = (what, file.suffix)
        if key in self._first:
            os.link(self._first[key], file)
        else:
            draw(file)
            self._first[key] = file
