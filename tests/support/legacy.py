"""The routes of the Java server: callers who use both forms, and rows with a value in every column."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import DateTime, Float, Integer, inspect

from starbeam_testing.app import TestApp, TestDatabase

Json = Any


class Caller:
    """Somebody who calls, with the token in the header and in the path."""

    def __init__(self, app: TestApp, person_id: int, token: str) -> None:
        self.app = app
        self.person_id = person_id
        self.token = token

    async def get(self, header: str, by_token: str = "", status: int = 200) -> Json:
        """The answer of an operation below `/legacy`, the same in both of its forms; `{token}` in the
        second stands for the caller's."""
        headers = {"Authorization": f"Bearer {self.token}"}
        first = await self.app.client.get(f"/legacy{header}", headers=headers)
        assert first.status_code == status, first.text
        if by_token:
            second = await self.app.client.get("/legacy" + by_token.replace("{token}", self.token))
            assert (second.status_code, second.json()) == (status, first.json())
        return first.json()


async def caller(app: TestApp, login: str, *permissions: str) -> Caller:
    """Somebody with these permissions, who is added when missing."""
    headers = await app.as_user(login, *permissions)
    token = headers["Authorization"].removeprefix("Bearer ")
    return Caller(app, await app.database.person(login), token)


class Values:
    """Gives each column a value that no other has."""

    def __init__(self) -> None:
        self._next = count(1)

    def row(self, model: type[Any], names: str, **given: Any) -> dict[str, Any]:
        """A row with a value in each column of these names, and what is given."""
        return {name: given.pop(name, None) or self._value(model, name) for name in names.split()} | given

    def _value(self, model: type[Any], name: str) -> Any:
        kind, number = inspect(model).column_attrs[name].columns[0].type, next(self._next)
        if isinstance(kind, DateTime):
            return datetime(2026, 1, 1) + timedelta(seconds=number)
        if isinstance(kind, Float):
            return number + 0.5
        return number if isinstance(kind, Integer) else f"t{number}"


async def shown(
    db: TestDatabase, model: type[Any], row: dict[str, Any], names: str, prefix: str = ""
) -> dict[str, Any]:
    """The keys under which an answer shows a row's columns; null for those that the database lacks."""
    schema = await db.schema()
    there = {name: schema.has(model) and schema.has(getattr(model, name)) for name in names.split()}
    return {prefix + name: json(row[name]) if there[name] else None for name in names.split()}


def json(value: Any) -> Any:
    """A value as JSON has it."""
    return value.isoformat() if isinstance(value, datetime) else value
