"""Style sheet, scripts and vendored files. Their addresses hold their hashes, so that browsers keep them.

Comments are for who reads the source: style sheets are sent without, scripts without those that have lines
to themselves.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from importlib import resources
from typing import NamedTuple

TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
COMMENTS = {
    "css": re.compile(rb"\s*/\*.*?\*/", re.DOTALL),
    "js": re.compile(rb"^[ \t]*(//[^\n]*|/\*((?!\*/).)*\*/[ \t]*)\n", re.DOTALL | re.MULTILINE),
}


class Asset(NamedTuple):
    """A file that pages load."""

    content: bytes
    media_type: str
    tag: str


@cache
def asset(name: str) -> Asset:
    """A file, read once. KeyError for one that there is not."""
    ending = name.rpartition(".")[2]
    file = resources.files("starbeam_web").joinpath("static", name)
    if ending not in TYPES or "/" in name or not file.is_file():
        raise KeyError(name)
    content = file.read_bytes()
    if comments := COMMENTS.get(ending):
        content = comments.sub(b"", content)
    return Asset(content, TYPES[ending], hashlib.sha256(content).hexdigest()[:16])


def path(name: str) -> str:
    """Where pages find a file."""
    return f"/static/{asset(name).tag}/{name}"
