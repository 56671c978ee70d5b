"""People by their logins: those for whom a machine works, whom it names in the header `Starbeam-For`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starbeam.api import Forbidden, Principal
from starbeam.api.auth import person_by_login
from starbeam.api.database import Cache

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starbeam.api import Context

HEADER = "Starbeam-For"
AGE = 5.0
"""Seconds for which it is remembered who has a login; what that person may do is always that of now."""
LONGEST = 255
Known = tuple[int, str]
"""A person's id and login."""


class Behalves:
    """Finds people."""

    def __init__(self, ctx: Context) -> None:
        self._database = ctx.database
        self._people = ctx.snapshot.people
        self._known: Cache[Known | None] = Cache(AGE)

    async def named(self, logins: Sequence[str], who: Principal) -> Principal | None:
        """The person whom the headers of a request name; None without any. Raises `Forbidden` for a login
        that nobody has, and where it is a person who calls."""
        if not logins:
            return None
        if who.person_id:
            raise Forbidden(f"{HEADER} is for machines: this token is a person's")
        (login, *others) = logins
        if others or not 0 < len(login) <= LONGEST:
            raise Forbidden(f"{HEADER} names one login")
        found = await self.person(login)
        if found is None:
            raise Forbidden(f"Nobody has the login that {HEADER} names")
        return found

    async def person(self, login: str) -> Principal | None:
        """Who has a login, with the permissions of now."""
        found = await self._known.get(login, lambda: self._find(login))
        return self._people.principal(*found) if found else None

    async def _find(self, login: str) -> Known | None:
        if not await self._database.takes("Person", "login", login):
            return None
        async with self._database.read() as connection:
            person = await person_by_login(connection, login)
        return (person.personId, person.login) if person else None
