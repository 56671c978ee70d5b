"""JSON web tokens: made at log-in, checked at every request."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import jwt
import msgspec
from litestar.exceptions import NotAuthorizedException
from msgspec import Meta

from starbeam.http.params import LARGEST

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starbeam.settings import Auth

LONGEST = 8192
"""A longer token is refused unread."""


class Claims(msgspec.Struct, frozen=True):
    """What a token says of its person."""

    login: str
    personId: Annotated[int, Meta(ge=0, le=LARGEST)]
    permissions: list[str]


class Tokens:
    """Makes and checks the tokens of one server, with one key and one algorithm."""

    def __init__(self, settings: Auth) -> None:
        self._key = settings.secret_key
        self._algorithm = settings.algorithm
        self._lifetime = settings.token_lifetime * 60

    def make(self, login: str, person_id: int, permissions: Iterable[str]) -> str:
        """A token with the claims `login`, `personId`, `permissions`, `iat` and `exp`."""
        now = int(time.time())
        claims = {
            "login": login,
            "personId": person_id,
            "permissions": sorted(permissions),
            "iat": now,
            "exp": now + self._lifetime,
        }
        return jwt.encode(claims, self._key, algorithm=self._algorithm)

    def read(self, token: str) -> Claims:
        """The claims of a token that this server's key signed and that has not expired; else 401."""
        if len(token) > LONGEST:
            raise NotAuthorizedException("Invalid token")
        try:
            claims = jwt.decode(token, self._key, algorithms=[self._algorithm], options={"require": ["exp"]})
            return msgspec.convert(_plain(claims), Claims)
        except jwt.ExpiredSignatureError:
            raise NotAuthorizedException("Token expired. Please log in again") from None
        except (
            jwt.PyJWTError,
            msgspec.ValidationError,
            ValueError,
            TypeError,
            RecursionError,
            OverflowError,
        ):
            raise NotAuthorizedException("Invalid token") from None


def _plain(claims: dict[str, Any]) -> dict[str, Any]:
    if isinstance(claims.get("personId"), bool):
        raise TypeError("personId is no number")
    return claims
