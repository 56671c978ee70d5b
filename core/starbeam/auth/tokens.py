"""JSON web tokens: made at log-in, checked at every request."""

from __future__ import annotations

import json
import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any

import jwt
import msgspec
from msgspec import Meta

from starbeam.clock import LEEWAY
from starbeam.paging import LARGEST
from starbeam.refusals import Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starbeam.settings import Auth

LONGEST = 8192
"""A longer token is refused unread."""
RECENT = 1000
"""How many tokens are remembered to have a good signature. Their times are looked at at each use."""
_COMPACT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)


class Claims(msgspec.Struct, frozen=True):
    """What a token says of its person, and when it holds (seconds since 1970)."""

    login: str
    personId: Annotated[int, Meta(ge=0, le=LARGEST)]
    permissions: list[str]
    exp: float
    iat: float = 0
    nbf: float = 0
    aud: object = None


class Tokens:
    """Makes and checks the tokens of one server, with one key and one algorithm."""

    def __init__(self, settings: Auth) -> None:
        self._key = settings.secret_key
        self._algorithm = settings.algorithm
        self.lifetime = settings.token_lifetime * 60
        """Seconds for which a token is valid."""
        self._signatures = jwt.PyJWS()
        self._claims = lru_cache(RECENT)(self._verified)

    def make(self, login: str, person_id: int, permissions: Iterable[str]) -> str:
        """A token with the claims `login`, `personId`, `permissions`, `iat` and `exp`."""
        now = int(time.time())
        claims = {
            "login": login,
            "personId": person_id,
            "permissions": sorted(permissions),
            "iat": now,
            "exp": now + self.lifetime,
        }
        return jwt.encode(claims, self._key, algorithm=self._algorithm)

    def read(self, token: str) -> Claims:
        """The claims of a token that this server's key signed and that has not expired; else 401."""
        try:
            claims = self._claims(token)
        except (jwt.PyJWTError, msgspec.MsgspecError, ValueError, RecursionError):
            raise Unauthenticated("Invalid token") from None
        now = time.time()
        if claims.aud or max(claims.iat, claims.nbf) > now + LEEWAY:
            raise Unauthenticated("Invalid token")
        if claims.exp <= now - LEEWAY:
            raise Unauthenticated("Token expired. Please log in again")
        return claims

    def _verified(self, token: str) -> Claims:
        """What a token with a good signature says."""
        if len(token) > LONGEST or not _COMPACT.fullmatch(token):
            raise ValueError("no token")
        body = self._signatures.decode(token, self._key, algorithms=[self._algorithm])
        json.loads(body, object_pairs_hook=_each_once)
        return msgspec.json.decode(body, type=Claims)


def _each_once(pairs: list[tuple[str, Any]]) -> None:
    """Of a name that comes twice, two readers may each take another value."""
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name twice")
