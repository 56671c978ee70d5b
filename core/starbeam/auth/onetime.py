"""One-time tokens: for images and downloads that a browser fetches without headers."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from sqlalchemy.exc import IntegrityError

from starbeam.auth import queries
from starbeam.db.limits import longest
from starbeam.refusals import Invalid, Unauthenticated

if TYPE_CHECKING:
    from starbeam.db.engine import Database

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


async def sign(database: Database, person_id: int, url: str, api_root: str) -> str:
    """A token for the path of a URL."""
    try:
        path = urlsplit(url[:LONGEST_URL]).path  # which keeps the last ones
    except ValueError:
        raise Invalid("Value is not a URL", ["body", "validity"]) from None
    path = path.removeprefix(api_root)
    held = await database.takes("SW_onceToken", "validity", path)
    most = longest(database.schema.found("SW_onceToken", "validity"))
    if not held and most is not None and len(path) > most:
        raise Invalid(
            f"The path should have at most {most} characters", ["body", "validity"], "string_too_long"
        )
    token = secrets.token_urlsafe(96)
    try:
        async with database.transaction() as session:
            await queries.add_onetime_token(session, token, person_id, path)
    except IntegrityError:  # the person is gone
        raise Unauthenticated("Invalid token") from None
    return token


async def take(database: Database, token: str, path: str, lifetime: float) -> Owner | None:
    """Use a token for a path below the API root: None when it does not hold. It holds once."""
    async with database.read() as connection:
        rows = await queries.onetime_tokens(connection, token)
    row = next((row for row in rows if row.token == token and unquote(row.validity) == path), None)
    if row is None or row.login is None:
        return None
    async with database.transaction() as session:
        if not await queries.take_onetime_token(session, row.onceTokenId, lifetime):
            return None
        return Owner(row.personId, row.login, await queries.permissions(session, row.personId))


async def clean(database: Database, lifetime: float) -> None:
    """Delete the tokens that are too old to be used."""
    try:
        async with database.transaction() as session:
            await queries.delete_old_onetime_tokens(session, lifetime)
        database.outage.over(_CLEANING)
    except Exception as error:  # whatever fails here must not end the background task
        database.outage.note(error, _CLEANING)
