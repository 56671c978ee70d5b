"""The files of a simulation: copied, linked or made, and removed again when a later step fails."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from typing import Literal

from starbeam_simulator.stopping import Stopped

CHUNK = 1 << 22
"""How many bytes are copied until it is asked whether to stop."""


class Folder:
    """The folder of one data collection, and the folders above it that had to be made."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.stop = threading.Event()
        """Set to end work that is under way."""
        self._above: list[Path] = []
        self._made = False

    def create(self) -> None:
        """Make the folder. Raises FileExistsError when there is one."""
        missing = [above for above in self.path.parents if not above.exists()]
        for above in reversed(missing):
            above.mkdir(exist_ok=True)
            self._above.insert(0, above)
        self.path.mkdir()
        self._made = True

    def proceed(self) -> None:
        """Called now and then by work that takes long. Raises `Stopped` when it is to end."""
        if self.stop.is_set():
            raise Stopped

    def bring(self, source: Path, method: Literal["copy", "link"]) -> Path:
        """Copy or hard-link a file into the folder; the new file. Raises OSError, or `Stopped`."""
        target = self.path / source.name
        if method == "link":
            os.link(source, target)
            return target
        with source.open("rb") as reading, target.open("xb") as writing:
            while chunk := reading.read(CHUNK):
                self.proceed()
                writing.write(chunk)
        shutil.copystat(source, target)
        return target

    def remove(self) -> None:
        """Delete what was made: the folder, and those above it while nobody else uses them."""
        if self._made:
            shutil.rmtree(self.path, ignore_errors=True)
        for above in self._above:
            try:
                above.rmdir()
            except OSError:  # somebody else's files are in it, or it was never made
                return
