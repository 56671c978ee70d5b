"""Why a person sees something, or does not: for commands and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from starbeam.auth import queries
from starbeam.explanation import Explanation, explain
from starbeam.refusals import Missing

if TYPE_CHECKING:
    from starbeam.auth.snapshot import Snapshot
    from starbeam.db.engine import Database
    from starbeam.db.reader import Reads


class Explainer:
    """Explains what people see, as their permissions are now."""

    def __init__(
        self, snapshot: Snapshot, database: Database, reads: Reads, paths: Callable[[], Iterable[str]]
    ) -> None:
        self._snapshot = snapshot
        self._database = database
        self._reads = reads
        self._paths = paths

    async def __call__(self, login: str, path: str) -> tuple[str, Explanation]:
        """Why a person sees what a path of the API is about, or does not; their login as it is stored. Raises
        Missing where there is no such person or path."""
        await self._snapshot.reload()
        async with self._database.read() as connection:
            person = await queries.person_by_login(connection, login)
        if person is None:
            raise Missing(f"Nobody has the login {login}")
        who = self._snapshot.people.principal(person.personId, person.login)
        async with self._reads(who) as reader:
            return person.login, await explain(reader, self._paths(), path)
