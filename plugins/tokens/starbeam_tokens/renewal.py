"""What log-ins are renewed with, whether or not there are tables."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, NamedTuple

from starbeam.api.auth import Refresher

if TYPE_CHECKING:
    from starbeam.api.auth import Client, Proven

INVALID = "Please log in again"


class Renewed(NamedTuple):
    """A log-in that goes on, and the token for the next time."""

    family: str
    person_id: int
    login: str
    backend: str
    token: str


class Renewing(Refresher):
    """Gives refresh tokens, and takes them."""

    @abstractmethod
    async def renew(self, token: str, client: Client) -> Renewed:
        """The log-in of a token, and its next token. Raises `Unauthenticated`, and `TooMany` where it comes
        too often."""

    @abstractmethod
    def family_of(self, token: str) -> str | None:
        """The log-in that a token names; None where this server did not make it."""

    @abstractmethod
    async def end(self, family: str) -> None:
        """Let a log-in be renewed no more, where anybody holds it."""


class Unrenewed(Refresher):
    """Where log-ins are not renewed: their answers say for how long a token holds, and no more."""

    async def begin(self, who: Proven, backend: str, client: Client) -> str | None:
        """None."""
        return None
