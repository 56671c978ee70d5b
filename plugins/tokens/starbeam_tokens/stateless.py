"""Log-ins that are renewed where there are no tables: a signed refresh token, the same until it ends.

It cannot be taken back but all at once (`refresh_not_before`).
"""

from __future__ import annotations

import hmac
import time
from typing import TYPE_CHECKING, Any

import jwt
import msgspec

from starbeam.api import Unauthenticated
from starbeam_tokens import spelling
from starbeam_tokens.pace import Pace
from starbeam_tokens.renewal import INVALID, Renewed, Renewing

if TYPE_CHECKING:
    from starbeam.api.auth import Client, Proven
    from starbeam_tokens.settings import TokensSettings

ALGORITHM = "HS256"
AUDIENCE = "refresh"


class Claims(msgspec.Struct, frozen=True):
    """What a refresh token says; times in seconds since 1970."""

    family: str
    person: int
    login: str
    backend: str
    iat: int
    exp: int
    aud: str = AUDIENCE
    use: str = "refresh"


class StatelessRefresh(Renewing):
    """Log-ins that nobody holds. Its tokens are signed with a key of their own: they are no tokens of the
    API."""

    def __init__(self, secret: str, settings: TokensSettings) -> None:
        self._key = hmac.digest(secret.encode(), b"signed refresh tokens", "sha256")
        self._seconds = settings.refresh_lifetime * 86_400
        self._not_before = settings.refresh_not_before
        self.requires_backend = settings.refresh_requires_backend
        self._pace = Pace()

    async def begin(self, who: Proven, backend: str, client: Client) -> str | None:
        """The refresh token of a log-in."""
        now = int(time.time())
        about = spelling.new_id(16), who.person_id, who.login, backend
        claims: dict[str, Any] = msgspec.to_builtins(Claims(*about, now, now + self._seconds))
        return jwt.encode(claims, self._key, algorithm=ALGORITHM)

    async def renew(self, token: str, client: Client) -> Renewed:
        """The log-in of a token, and the same token again. Raises `Unauthenticated` and `TooMany`."""
        claims = self.read(token)
        self._pace.check(claims.family)
        return Renewed(claims.family, claims.person, claims.login, claims.backend, token)

    def family_of(self, token: str) -> str | None:
        """The log-in that a token names; None where this server did not make it."""
        try:
            return self.read(token).family
        except Unauthenticated:
            return None

    def read(self, token: str) -> Claims:
        """What a token says. Raises `Unauthenticated` for one that is not ours, or ended."""
        try:
            claims = msgspec.convert(self._signed(token), Claims)
        except (jwt.PyJWTError, msgspec.ValidationError, ValueError):
            raise Unauthenticated(INVALID) from None
        ended = self._not_before is not None and claims.iat < self._not_before.timestamp()
        if ended or claims.exp <= time.time():
            raise Unauthenticated(INVALID)
        return claims

    def _signed(self, token: str) -> dict[str, Any]:
        """What a token with our signature says; its times are for us to look at."""
        times: Any = {"verify_exp": False, "verify_iat": False}
        return jwt.decode(token, self._key, algorithms=[ALGORITHM], audience=AUDIENCE, options=times)

    async def end(self, family: str) -> None:
        """Nothing: nobody holds it."""
