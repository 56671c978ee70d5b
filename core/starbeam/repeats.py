"""Requests that come again: who got no answer sends the same once more, with the key that it had before."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from starbeam.refusals import Conflict

if TYPE_CHECKING:
    from starbeam.db.writer import Writer

STATE = "repeat"
"""Where a request's state has it, as long as its key is to be kept or let go by the answer."""
SENTENCE = "A request with this Idempotency-Key was begun and has no answer yet"


class Begun(Conflict):
    """Another request has this key (409)."""

    def __init__(self) -> None:
        super().__init__(SENTENCE)


@dataclass
class KeyedRequest:
    """A request with a key, as digests: that of the key is of whoever sent it too, so that nobody meets the
    answer to another's."""

    key: str
    request: str
    begun: bool = False
    """Whether the key is held now, whatever becomes of the transaction at hand."""


class Remembered(NamedTuple):
    """What a key was used for."""

    request: str
    status: int | None
    """Of the answer; None while there is none."""
    answer: bytes


class Repeats(ABC):
    """Remembers requests by their keys, and what was answered."""

    @abstractmethod
    async def find(self, key: str) -> Remembered | None:
        """What a key was used for."""

    @abstractmethod
    async def begin(self, writer: Writer, asked: KeyedRequest) -> None:
        """Hold the key from now on, before anything else is written; where the transaction is undone, the key
        is free again. Sets `asked.begun`. Raises `Begun` where another request holds it."""

    @abstractmethod
    async def keep(self, asked: KeyedRequest, status: int, answer: bytes) -> None:
        """Remember the answer."""

    @abstractmethod
    async def forget(self, asked: KeyedRequest) -> None:
        """Let the key be free again: the request failed."""
