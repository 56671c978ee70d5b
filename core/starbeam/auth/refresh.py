"""Log-ins that last longer than their token."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Annotated, NamedTuple

from msgspec import UNSET, Meta, UnsetType

from starbeam.auth import schemas


class Proven(NamedTuple):
    """Who has logged in."""

    person_id: int
    login: str
    permissions: list[str]


class Client(NamedTuple):
    """What sends a request."""

    address: str
    agent: str = ""
    """What its `User-Agent` says."""


class TokenResponse(schemas.TokenResponse, frozen=True):
    """The answer to a log-in that can be renewed. Clients know the answer by this name."""

    expiresIn: Annotated[
        int, Meta(title="Expires In", description="Seconds from now for which the token is valid")
    ]
    refreshToken: Annotated[
        str | UnsetType,
        Meta(title="Refresh Token", description="To send to `/auth/refresh` for another token"),
    ] = UNSET


class Refresher(ABC):
    """Gives log-ins what they can be renewed with."""

    requires_backend: bool = False
    """Whether only those log-ins are renewed whose backend says, each time, that the person may go on."""

    @abstractmethod
    async def begin(self, who: Proven, backend: str, client: Client) -> str | None:
        """The refresh token of somebody who has just logged in; None for a log-in that cannot be renewed."""
