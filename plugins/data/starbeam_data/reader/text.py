"""Text as files hold it, which need not be UTF-8."""

from __future__ import annotations

REPLACED = "\ufffd"
"""Stands for what cannot be read."""


def readable(text: str | bytes) -> str:
    """What can be read of a text; the rest replaced. h5py gives names that are not UTF-8 as bytes, and such
    bytes in texts as surrogates, which no answer can hold."""
    raw = text.encode(errors="surrogateescape") if isinstance(text, str) else bytes(text)
    return raw.decode(errors="replace")
