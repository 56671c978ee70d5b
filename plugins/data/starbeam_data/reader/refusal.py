"""Why something is not read."""

from __future__ import annotations

MISSING_FILE = "File not found"
FORBIDDEN = "Cannot read file: Permission denied!"
MISSING_IMAGE = "Image not found"
NOT_HDF5 = "The file is not an HDF5 file"
WRONG_KIND = "Wrong file type"
DAMAGED = "The file cannot be read: it is damaged, or not complete yet."

FAULTS = (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError, MemoryError)
"""What h5py raises for files that are damaged, or change while they are read."""


class Refusal(Exception):
    """A request that this file cannot fulfil, with the status and the sentence to answer."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class TooLarge(Refusal):
    """More than an answer may have, or a reader unpack."""

    def __init__(self, detail: str) -> None:
        super().__init__(422, detail)


class Broken(Refusal):
    """A link that leads nowhere, or out of the configured folders."""

    def __init__(self, path: str) -> None:
        super().__init__(404, f"Cannot resolve the link at {path}")
