"""The tokens as a worker holds them: read again every few seconds, so that a request asks memory.

A token that was revoked by another worker is dead here with the next reading; one that was made there is
looked up when it comes.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starbeam.api import Forbidden, Limits, Principal, Unauthenticated
from starbeam.api.auth import address_of, networks_of
from starbeam_tokens import queries, spelling
from starbeam_tokens.settings import StaticToken

if TYPE_CHECKING:
    from starbeam.api import Clock, Context
    from starbeam.api.database import Database
    from starbeam_tokens.settings import Machine, TokensSettings

EVERY = "*"
LOOKS = 10
"""How many tokens that are not held are looked up in a second, at most."""
INVALID = "Invalid token"


@dataclass(frozen=True)
class Held:
    """A token."""

    limits: Limits
    digest: str
    """Of the token; empty where an identity provider signs a machine's tokens: no text has that."""
    beamlines: tuple[str, ...] = ()
    networks: Sequence[Any] = ()
    not_before: datetime | None = None
    expires: datetime | None = None
    former: str = ""
    former_until: datetime | None = None
    person_id: int = 0
    login: str = ""
    """Of whose scripts it is; empty where that person is gone."""
    machine: Principal | None = field(default=None)
    """Who calls, where it is a machine."""

    def is_it(self, digest: str, now: datetime) -> bool:
        """Whether a token of this digest is this one, and holds."""
        good = hmac.compare_digest(self.digest, digest)
        if self.former and self.former_until and now < self.former_until:
            good |= hmac.compare_digest(self.former, digest)
        return good and self.holds(now)

    def holds(self, now: datetime) -> bool:
        """Whether it is good for something at this time."""
        alive = self.machine is not None or bool(self.login)
        began = self.not_before is None or self.not_before <= now
        return alive and began and (self.expires is None or now < self.expires)

    def check(self, address: str) -> None:
        """Raise `Forbidden` where it is not taken from this address."""
        if self.networks:
            come_from = address_of(address)
            if come_from is None or not any(come_from in network for network in self.networks):
                raise Forbidden("This token is not taken from this address")


def of_row(row: Any, logins: Mapping[int, str], settings: TokensSettings) -> Held:
    """The token of a row of `queries.HELD`."""
    beamlines = _words(row.beamLines)
    limits = Limits(row.name, row.tokenId, frozenset(_words(row.scopes)), tuple(_words(row.proposals)))
    held = Held(
        limits,
        row.secretHash,
        tuple(beamlines),
        networks_of(_words(row.networks)),
        row.notBefore,
        row.expires,
        row.formerHash or "",
        row.formerUntil,
        row.personId,
        logins.get(row.personId, ""),
    )
    return held if row.personId else _of_machine(held, settings)


def of_settings(name: str, said: Machine, settings: TokensSettings) -> Held:
    """A machine of the configuration."""
    limits = Limits(name, name, frozenset(said.scopes), tuple(said.proposals))
    digest = said.sha256 if isinstance(said, StaticToken) else ""
    held = Held(limits, digest, tuple(said.beamlines), networks_of(said.networks), expires=said.expires)
    return _of_machine(held, settings)


def _of_machine(held: Held, settings: TokensSettings) -> Held:
    """The same, with what is true of machines alone."""
    everywhere = EVERY in held.beamlines
    limits = replace(
        held.limits,
        all_beamlines=everywhere,
        for_person=frozenset(settings.require_human),
        hours=settings.window_for_tokens,
    )
    beamlines = () if everywhere else held.beamlines
    machine = Principal(0, f"token:{limits.token}", limits.scopes, beamlines, limits=limits)
    return replace(held, limits=limits, machine=machine)


def _words(text: str) -> list[str]:
    return text.split(",") if text else []


class HeldTokens:
    """All tokens that may be good."""

    def __init__(
        self, ctx: Context, settings: TokensSettings, static: Iterable[Held], database: Database | None
    ) -> None:
        """`database` has the tables of tokens; None: there are none."""
        self._settings = settings
        self._people_of = ctx.snapshot.people
        self._people = ctx.database
        self._clock: Clock = ctx.clock
        self._shared = ctx.shared
        self._database = database
        self._static = list(static)
        self._held: dict[str, Held] = {}
        self._looked: list[float] = []

    async def find(self, token: str) -> Held:
        """The token that was sent. Raises `Unauthenticated`, or what the database raises."""
        token_id = spelling.id_of(token)
        if token_id is None:
            raise Unauthenticated(INVALID)
        digest, now = spelling.digest(token), self._clock.now()
        for one in await self._of_id(token_id):
            if one.is_it(digest, now):
                return one
        raise Unauthenticated(INVALID)

    def principal(self, held: Held) -> Principal:
        """Who calls with a token: a machine, or a person with the permissions of now."""
        if held.machine is not None:
            return held.machine
        who: Principal = self._people_of.principal(held.person_id, held.login)
        return replace(who, limits=held.limits)

    def named(self, limits: Limits) -> Held | None:
        """The token of these limits."""
        known = [*self._held.values(), *self._static]
        return next((one for one in known if one.limits == limits), None)

    def check_names(self) -> None:
        """Raise ValueError for a machine that the configuration and the table both know by one name."""
        known = {one.limits.token for one in self._held.values() if one.machine}
        for one in self._static:
            if one.limits.token in known:
                raise ValueError(f"the token {one.limits.token} is in the configuration and in the table")

    def ending(self, before: datetime) -> list[str]:
        """The names of the tokens of machines that end before a time, and have not ended."""
        now, known = self._clock.now(), [*self._held.values(), *self._static]
        ends = [(one.limits.token, one.expires) for one in known if one.machine and one.expires]
        return sorted(name for name, end in ends if now < end < before)

    async def _of_id(self, token_id: str) -> list[Held]:
        if token_id not in self._held and self._database is not None and self._may_look():
            await self._read(self._database, queries.ONE_HELD, {"token_id": token_id}, self._held)
        return [self._held[token_id]] if token_id in self._held else self._static

    def _may_look(self) -> bool:
        """Whether the database may be asked for a token that is not held: garbage must not keep it busy."""
        now = time.monotonic()
        self._looked = [when for when in self._looked if when > now - 1]
        if len(self._looked) >= LOOKS:
            return False
        self._looked.append(now)
        return True

    async def reload(self) -> None:
        """Read all tokens. Raises what the database raises."""
        if self._database is not None:
            found: dict[str, Held] = {}
            await self._read(self._database, queries.HELD, {}, found)
            self._held = found

    async def changed(self) -> None:
        """Read all tokens, and let all other servers do so: somebody has changed one. Raises what the
        database raises."""
        await self.reload()
        await self._shared.tell()

    async def refresh(self) -> None:
        """Read them again; while the database is away the last ones stay."""
        try:
            await self.reload()
        except Exception as error:  # whatever fails here must not end the background task
            self._people.outage.note(error, "reading tokens")
        else:
            self._people.outage.over("reading tokens")

    async def _read(
        self, database: Database, query: Any, values: dict[str, Any], into: dict[str, Held]
    ) -> None:
        await database.ready()
        async with database.read() as connection:
            rows = (await connection.execute(query, values)).all()
        logins = await self._logins({row.personId for row in rows if row.personId})
        into.update((row.tokenId, of_row(row, logins, self._settings)) for row in rows)

    async def _logins(self, owners: set[int]) -> dict[int, str]:
        if not owners:
            return {}
        async with self._people.read() as connection:
            found = await connection.execute(queries.OWNERS, {"owners": sorted(owners)})
            return {person_id: login for person_id, login in found if login}
