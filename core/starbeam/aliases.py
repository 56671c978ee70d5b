"""Second paths of operations."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Alias:
    """An operation, `GET /sessions/{sessionId}`, whose path is served below another too: `/mxcube`."""

    operation: str
    below: str

    @property
    def method(self) -> str:
        """Of the operation."""
        return self.operation.partition(" ")[0]

    @property
    def path(self) -> str:
        """Where the operation is served at first, below the API root."""
        return self.operation.partition(" ")[2]
