"""A running app and its database, in the test's own process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import httpx
import structlog
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from starbeam.api.commands import upgrade_tables
from starbeam.api.database import Schema, reflect
from starbeam.api.models import Permission, Person, UserGroup, UserGroup_has_Permission, UserGroup_has_Person
from starbeam.api.tools import Starbeam, sqlite


class TestDatabase:
    """The database of a test: rows in, and a look at what is there."""

    __test__ = False

    def __init__(self, url: str) -> None:
        self.url = url
        arguments = sqlite.connect_args() if url.startswith("sqlite") else {}
        self.engine: AsyncEngine = create_async_engine(url, connect_args=arguments)
        self._schema: Schema | None = None

    async def schema(self) -> Schema:
        """Which tables and columns there are."""
        if self._schema is None:
            async with self.engine.connect() as connection:
                self._schema = await reflect(connection)
        return self._schema

    async def upgrade(self, starbeam: Starbeam) -> None:
        """Make the tables that plugins bring of their own."""
        for migrations in starbeam.registry.revisions():
            async with self.engine.begin() as connection:
                await connection.run_sync(migrations.upgrade)
            self._schema = None
        for plugin, store in starbeam.stores.items():
            await upgrade_tables(store.database, starbeam.registry, plugin)

    async def add(self, model: type[Any], *rows: dict[str, Any], **row: Any) -> None:
        """Insert rows of a model, given by attribute names.

        What this database lacks is left out: columns, and all rows of a table.
        """
        schema = await self.schema()
        if not schema.has(model):
            return
        given = [*rows, row] if row else list(rows)
        known = [
            {column: values[name] for name, column in schema.columns_of(model, values).items()}
            for values in given
        ]
        async with self.engine.begin() as connection:
            for _, alike in groupby(known, key=tuple):  # rows that name the same columns go in together
                await connection.execute(insert(model), list(alike))

    async def sql(self, statement: str, **values: Any) -> Sequence[Any]:
        """Run one statement in a transaction of its own; its rows, if it has any."""
        async with self.engine.begin() as connection:
            result = await connection.execute(text(statement).bindparams(**values))
            return result.all() if result.returns_rows else []

    async def person(self, login: str, *permissions: str, **columns: Any) -> int:
        """The id of the person of this login, added if missing, in a group for each of these permissions."""
        known = await self._id(Person.personId, Person.login, login)
        if known is None:
            await self.add(Person, login=login, **{"familyName": login.title(), **columns})
        found = known or int(await self._id(Person.personId, Person.login, login) or 0)
        for permission in permissions:
            await self.grant(found, permission)
        return found

    async def grant(self, person_id: int, permission: str) -> None:
        """Put a person into the group that holds this permission."""
        if (group := await self._id(UserGroup.userGroupId, UserGroup.name, permission)) is None:
            await self.add(UserGroup, name=permission)
            await self.add(Permission, type=permission, description=permission)
            group = await self._id(UserGroup.userGroupId, UserGroup.name, permission)
            number = await self._id(Permission.permissionId, Permission.type, permission)
            await self.add(UserGroup_has_Permission, userGroupId=group, permissionId=number)
        await self.add(UserGroup_has_Person, userGroupId=group, personId=person_id)

    async def _id(self, key: Any, column: Any, value: str) -> int | None:
        async with self.engine.connect() as connection:
            found: int | None = (await connection.execute(select(key).where(column == value))).scalar()
            return found


@dataclass
class TestApp:
    """A running app. Paths of `client` are below the API root."""

    __test__ = False

    starbeam: Starbeam
    client: httpx.AsyncClient
    database: TestDatabase

    async def refresh(self) -> None:
        """Let the app see changed options and permissions now."""
        await self.starbeam.snapshot.reload()

    def set_time(self, now: datetime) -> None:
        """Let the app take this for the facility's local time."""
        vars(self.starbeam.clock)["now"] = lambda: now

    def token(self, login: str, person_id: int, *permissions: str) -> dict[str, str]:
        """Headers with a token of this server; its list of permissions counts only with
        `trust_token_claims`."""
        return {"Authorization": "Bearer " + self.starbeam.tokens.make(login, person_id, permissions)}

    async def as_user(self, login: str, *permissions: str) -> dict[str, str]:
        """Headers of a person of this login with these permissions; the person is added when missing."""
        person_id = await self.database.person(login, *permissions)
        await self.refresh()
        return self.token(login, person_id, *permissions)


class Statements:
    """The SQL statements that an app runs for requests while the context is open; not its background work."""

    def __init__(self, app: TestApp) -> None:
        self._watchers = app.starbeam.database.watchers
        self.texts: list[str] = []

    def __len__(self) -> int:
        return len(self.texts)

    def _note(self, text: str, values: Any) -> None:
        if "request_id" in structlog.contextvars.get_contextvars():
            self.texts.append(text)

    def __enter__(self) -> Statements:
        self._watchers.append(self._note)
        return self

    def __exit__(self, *error: object) -> None:
        self._watchers.remove(self._note)
