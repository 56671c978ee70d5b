"""What is told of every request and statement: for traces and figures that others keep."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Answered:
    """A request that is over."""

    request_id: str
    method: str
    route: str
    """The template of its path, which holds no values."""
    plugin: str
    status: int
    seconds: float


class Observer(Protocol):
    """Is told of what a worker does, while it does it: what takes long here makes everybody wait."""

    def request(self, headers: Iterable[tuple[bytes, bytes]]) -> Callable[[Answered], None]:
        """A request begins. What is returned is called when it is over, in the same context."""

    def statement(self, sql: str, seconds: float) -> None:
        """A statement took so long. Of its values nothing is told."""
