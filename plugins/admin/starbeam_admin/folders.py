"""The folders that files are served from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from starbeam.api import Unavailable
from starbeam.api.files import Files


class Folder(NamedTuple):
    """A root of files, and what keeps it from being read, if anything does."""

    path: str
    trouble: str


async def look(files: Files, roots: Sequence[str]) -> list[Folder]:
    """Whether each can be read. A file system that hangs is said, not waited for."""
    found = []
    for root in roots:
        try:
            trouble = await files.run(_trouble, root)
        except Unavailable:
            trouble = "does not answer"
        found.append(Folder(root, trouble))
    return found


def _trouble(root: str) -> str:
    if not os.path.isdir(root):  # noqa: PTH112 - text, not a path
        return "is not there"
    return "" if os.access(root, os.R_OK | os.X_OK) else "cannot be read by this server"
