"""Addresses of this server that a request names."""

from __future__ import annotations

from urllib.parse import unquote


def safe(wanted: str) -> str:
    """An address of this server to go to, or nothing: one slash first, no second, nothing that browsers take
    for one."""
    plain = unquote(wanted)
    ours = wanted.startswith("/") and not plain.startswith("//") and "\\" not in plain
    return wanted if ours and wanted.isascii() and plain.isprintable() else ""
