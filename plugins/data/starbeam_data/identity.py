"""What tells that a file has changed, without opening it."""

from __future__ import annotations

import os
from collections.abc import Mapping

from starbeam.http.conditional import etag


def identity(file: str) -> str:
    """Which file lies at a path and when it was last written; empty where there is none. Blocks."""
    try:
        found = os.stat(file)  # noqa: PTH116 - half the time of a Path, for lists of files
    except (OSError, ValueError):
        return ""
    return f"{found.st_dev}-{found.st_ino}-{found.st_mtime_ns}-{found.st_size}"


def tag(job: bytes, identities: Mapping[str, str]) -> str:
    """The ETag of an answer: of what was asked, and of all files that it comes from."""
    parts = [job, *(f"{file}\0{one}".encode() for file, one in sorted(identities.items()))]
    return etag(*parts)
