"""What commands about people ask the database."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from starbeam.cli.failure import Failure
from starbeam.cli.options import finish, require_file

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

    from starbeam.db.engine import Database

T = TypeVar("T")


async def person_of(connection: AsyncConnection | AsyncSession, login: str) -> tuple[int, str]:
    """The id of a person and the login as the database spells it."""
    from starbeam.auth import queries

    if found := await queries.person_by_login(connection, login):
        return found.personId, found.login
    near = difflib.get_close_matches(login, await queries.logins(connection), n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else "`starbeam admin grant --create` adds a person."
    raise Failure(f"nobody has the login {login}", hint)


def with_database(database: Database, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run `work` on a database, once it is known to have what it must."""
    require_file(database)

    async def run() -> T:
        try:
            await database.ready()
            return await work(database)
        finally:
            await database.close()

    return finish(run())
