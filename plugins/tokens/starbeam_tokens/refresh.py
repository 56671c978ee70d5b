"""Log-ins that are renewed: each use of a refresh token gives the next one.

A token is `sbr_`, the log-in's family, a number, and a secret that only this server can work out of both: the
database holds no secret, and the answer to one use is the same whenever it is given. An answer that got lost,
or many uses at once, do no harm within a time of grace; a token that comes again later, from elsewhere, was
stolen, and ends the log-in.
"""

from __future__ import annotations

import base64
import hmac
import re
import time
from typing import TYPE_CHECKING, NamedTuple

import structlog

from starbeam.api import NOBODY, Principal, Unauthenticated
from starbeam_tokens import queries, spelling
from starbeam_tokens.models import StarbeamRefresh
from starbeam_tokens.pace import Pace
from starbeam_tokens.renewal import INVALID, Renewed, Renewing

if TYPE_CHECKING:
    from starbeam.api.auth import Client, Proven
    from starbeam.api.database import Writer, Writes
    from starbeam_tokens.settings import TokensSettings

log = structlog.get_logger("starbeam.auth")

KEPT = 30 * 86_400
"""Seconds for which a log-in that is over is kept, to be looked at."""
_TOKEN = re.compile(r"sbr_([a-z0-9]{16})_(\d{1,9})_([\w-]{43})[0-9A-Za-z]{6}", re.ASCII)


class Presented(NamedTuple):
    """What a refresh token says that this server made."""

    family: str
    counter: int


class StoredRefresh(Renewing):
    """Log-ins that the database holds."""

    def __init__(self, secret: str, settings: TokensSettings, writes: Writes) -> None:
        self._key = hmac.digest(secret.encode(), b"refresh tokens", "sha256")
        self._settings = settings
        self.requires_backend = settings.refresh_requires_backend
        self._writes = writes
        self._pace = Pace()

    async def begin(self, who: Proven, backend: str, client: Client) -> str | None:
        """The first refresh token of a log-in."""
        family, now = spelling.new_id(16), int(time.time())
        row = {
            "familyId": family,
            "personId": who.person_id,
            "login": who.login,
            "backend": backend,
            "counter": 1,
            "rotatedAt": now,
            "address": client.address,
            "createdAt": now,
            "lastUsedAt": now,
            "expiresAt": now + self._settings.refresh_lifetime * 86_400,
            "userAgent": client.agent[:100].encode("ascii", "replace").decode(),
        }
        write = await self._writes(Principal(who.person_id, who.login, frozenset()))
        await write(_add, row)
        return self.token(family, 1)

    async def renew(self, token: str, client: Client) -> Renewed:
        """The log-in of a token, and its next token. Raises `Unauthenticated` and `TooMany`."""
        presented = self.read(token)
        self._pace.check(presented.family)
        write = await self._writes(NOBODY)
        row, counter, how = await write(self._use, presented, client)
        if how:
            log.warning(how, login=row and row.login, address=client.address, family=presented.family)
        if row is None or not counter:
            raise Unauthenticated(INVALID)
        following = self.token(presented.family, counter)
        return Renewed(presented.family, row.personId, row.login, row.backend, following)

    async def _use(
        self, writer: Writer, presented: Presented, client: Client
    ) -> tuple[StarbeamRefresh | None, int, str]:
        """The log-in, the number of the token to answer (0: none), and what the log should say."""
        row = await queries.locked_family(writer, presented.family)
        now = int(time.time())
        if row is None or not self._lasts(row, now):
            return row, 0, ""
        late = now - row.rotatedAt > self._settings.refresh_grace
        used = {"lastUsedAt": now, "address": client.address}
        if presented.counter == row.counter:
            following = {**used, "counter": row.counter + 1, "rotatedAt": now}
            await writer.change(StarbeamRefresh, following, StarbeamRefresh.familyId == row.familyId)
            return row, presented.counter + 1, ""
        if presented.counter == row.counter - 1 and (not late or client.address == row.address):
            await writer.change(
                StarbeamRefresh, {"lastUsedAt": now}, StarbeamRefresh.familyId == row.familyId
            )
            return row, row.counter, "refresh token used again, late" if late else ""
        if presented.counter > row.counter:
            return row, 0, "refresh token of the future"
        await writer.change(StarbeamRefresh, {"revokedAt": now}, StarbeamRefresh.familyId == row.familyId)
        return row, 0, "refresh token used again: log-in ended"

    def _lasts(self, row: StarbeamRefresh, now: int) -> bool:
        idle = now - row.lastUsedAt > self._settings.refresh_idle * 3600
        return row.revokedAt is None and now < row.expiresAt and not idle

    async def end(self, family: str) -> None:
        """Let a log-in be renewed no more."""
        write = await self._writes(NOBODY)
        await write(queries.end_families, StarbeamRefresh.familyId == family, int(time.time()))

    async def clean(self) -> None:
        """Forget the log-ins that were over long ago."""
        write = await self._writes(NOBODY)
        await write(queries.forget_families, int(time.time()) - KEPT)

    def family_of(self, token: str) -> str | None:
        """The log-in that a token names; None where this server did not make it."""
        try:
            return self.read(token).family
        except Unauthenticated:
            return None

    def read(self, token: str) -> Presented:
        """What a token says. Raises `Unauthenticated` for one that this server did not make."""
        found = _TOKEN.fullmatch(token)
        if found and spelling.is_checked(token):
            family, counter = found[1], int(found[2])
            if hmac.compare_digest(token, self.token(family, counter)):
                return Presented(family, counter)
        raise Unauthenticated(INVALID)

    def token(self, family: str, counter: int) -> str:
        """The token of a number, of a log-in."""
        secret = hmac.digest(self._key, f"{family}_{counter}".encode(), "sha256")
        letters = base64.urlsafe_b64encode(secret).decode().rstrip("=")
        return spelling.checked(f"{spelling.REFRESH}{family}_{counter}_{letters}")


async def _add(writer: Writer, row: dict[str, object]) -> None:
    await writer.insert(StarbeamRefresh, row)
