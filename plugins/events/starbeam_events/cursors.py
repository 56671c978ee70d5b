"""Where a page of events ended, as clients keep it."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import msgspec

from starbeam.api import Invalid

_SIGNED = 16
"""Bytes of the signature."""


class Position(msgspec.Struct, frozen=True, array_like=True):
    """The place of an event in the order of all: `start` as the database writes it."""

    start: str | None
    type: str
    id: int

    def values(self) -> dict[str, Any]:
        """What to bind for `Wanted.resumed`."""
        return {"before": self.start, "after_type": self.type, "after_id": self.id}


class Cursors:
    """Positions as text, signed: a client can give back what it was given, and make none."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def write(self, position: Position) -> str:
        """The position as a word of a URL."""
        said = msgspec.json.encode(position)
        signature = hmac.digest(self._secret, b"/events?cursor=" + said, "sha256")[:_SIGNED]
        return urlsafe_b64encode(signature + said).rstrip(b"=").decode()

    def read(self, cursor: str) -> Position:
        """The position that was written. Raises `Invalid` for what this server has not written."""
        try:
            said = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[_SIGNED:]
            position = msgspec.json.decode(said, type=Position)
            genuine = hmac.compare_digest(self.write(position), cursor)
        except (ValueError, TypeError, msgspec.MsgspecError):
            genuine = False
        if not genuine:
            raise Invalid("Not a cursor that this server gave", ["query", "cursor"])
        return position
