"""One-time tokens: for images and downloads that a browser fetches without headers."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from sqlalchemy.exc import IntegrityError

from starbeam.access import NOBODY, Principal
from starbeam.auth import queries
from starbeam.db.limits import longest
from starbeam.db.trouble import refers_to_nothing
from starbeam.refusals import Invalid, Unauthenticated

if TYPE_CHECKING:
    from starbeam.db.engine import Database
    from starbeam.db.writer import Writes

LONGEST_URL = 4_096
"""What is looked at of a URL."""
CLEAN_SECONDS = 5.0
_CLEANING = "cleaning one-time tokens"


@dataclass(frozen=True)
class Owner:
    """Whose token it was, with the permissions that the person has now."""

    person_id: int
    login: str
    permissions: list[str]


class OneTimeTokens:
    """The one-time tokens of one server."""

    def __init__(self, database: Database, writes: Writes, lifetime: float) -> None:
        """`lifetime` in seconds."""
        self._database = database
        self._writes = writes
        self._lifetime = lifetime

    async def sign(self, who: Principal, url: str, api_root: str) -> str:
        """A token for the path of a URL."""
        try:
            path = urlsplit(url[:LONGEST_URL]).path  # which keeps the last ones
        except ValueError:
            raise Invalid("Value is not a URL", ["body", "validity"]) from None
        path = path.removeprefix(api_root)
        await self._check_length(path)
        token = secrets.token_urlsafe(96)
        write = await self._writes(who)
        try:
            await write(queries.add_onetime_token, token, who.person_id, path)
        except IntegrityError as error:
            if not refers_to_nothing(error):
                raise
            raise Unauthenticated("Invalid token") from None  # the person is gone
        return token

    async def _check_length(self, path: str) -> None:
        held = await self._database.takes("SW_onceToken", "validity", path)
        most = longest(self._database.schema.found("SW_onceToken", "validity"))
        if not held and most is not None and len(path) > most:
            sentence = f"The path should have at most {most} characters"
            raise Invalid(sentence, ["body", "validity"], "string_too_long")

    async def take(self, token: str, path: str) -> Owner | None:
        """Use a token for a path below the API root: None when it does not hold. It holds once."""
        async with self._database.read() as connection:
            rows = await queries.onetime_tokens(connection, token)
        row = next((row for row in rows if row.token == token and unquote(row.validity) == path), None)
        if row is None or row.login is None:
            return None
        write = await self._writes(Principal(row.personId, row.login, frozenset()))
        held = await write(queries.take_onetime_token, row.onceTokenId, row.personId, self._lifetime)
        return None if held is None else Owner(row.personId, row.login, held)

    async def clean(self) -> None:
        """Delete the tokens that are too old to be used."""
        outage = self._database.outage
        try:
            await (await self._writes(NOBODY))(queries.delete_old_onetime_tokens, self._lifetime)
            outage.over(_CLEANING)
        except Exception as error:  # whatever fails here must not end the background task
            outage.note(error, _CLEANING)
