"""Which files answers came from: where none of them has changed, none needs to be opened."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b

import msgspec

MOST = 16 << 20
"""Bytes that are kept, the latest: jobs and names of files may be long, and files many."""
EACH = 256
"""What an answer takes beside the names."""


class Origins:
    """Of the latest answers, the files beside the one that was asked for."""

    def __init__(self) -> None:
        self._kept = OrderedDict[bytes, bytes]()
        self._size = 0

    def of(self, job: bytes) -> list[str] | None:
        """The files of the answer to a job; None where they are not known."""
        found = self._kept.get(_digest(job))
        return None if found is None else msgspec.msgpack.decode(found, type=list[str])

    def note(self, job: bytes, files: Sequence[str]) -> None:
        """Keep the files of an answer, and forget the oldest that there is no room for."""
        key = _digest(job)
        if key in self._kept:
            self._size -= len(self._kept.pop(key)) + EACH
        self._kept[key] = msgspec.msgpack.encode(files)
        self._size += len(self._kept[key]) + EACH
        while self._size > MOST:
            _, oldest = self._kept.popitem(last=False)
            self._size -= len(oldest) + EACH


def _digest(job: bytes) -> bytes:
    return blake2b(job, digest_size=16).digest()
