"""The record of the plugin `audit` tells of every operation exactly what it wrote, and nothing of what was
rolled back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from sqlalchemy import Table, select

from starbeam.api import Refused
from starbeam.api.database import Writer
from support.expected import Answer, Route, Total, routes

if TYPE_CHECKING:
    from contract.conftest import Whole

pytestmark = [pytest.mark.anyio, pytest.mark.on("sqlite-union", "mariadb-union")]

BESIDE = {"StarbeamAudit", "SW_onceToken"}
"""The record itself, and what the server cleans now and then; `POST /user/sign` is tried elsewhere."""
ENDS = ("DELETE ", "POST /auth/logout")
"""What others need first."""
WRITES = sorted(name for name in routes() if not name.startswith(("GET ", *ENDS)))
WRITES += [name for name in routes() if name.startswith(ENDS)]
SIGN = "POST /user/sign"
_STATEMENT = re.compile(r"\s*(INSERT INTO|UPDATE|DELETE FROM) [`\"]?(\w+)")
_SECRET = re.compile("password|secret|token|hash", re.IGNORECASE)

Row = dict[str, Any]
Rows = dict[str, Row]
"""Rows of a table as the record tells of them, by their key."""
Changes = dict[tuple[str, str], tuple[Row, Row]]
"""What columns held before and hold since, by table and key."""


class Tables:
    """What all tables hold."""

    def __init__(self, whole: Whole) -> None:
        self._database = whole.app.starbeam.database
        self._tables: dict[str, Table] = {
            name: model.__table__
            for name, model in whole.app.starbeam.registry.models.items()
            if name not in BESIDE
        }
        self.held: dict[str, Rows] = {}

    async def read(self) -> dict[str, Rows]:
        """What they hold now, which is not kept."""
        return {name: await self._rows(table) for name, table in self._tables.items()}

    async def changed(self, names: set[str]) -> Changes:
        """What is another in these tables than it was; now it is held."""
        changes: Changes = {}
        for name in names:
            before, after = self.held[name], await self._rows(self._tables[name])
            for key in before.keys() | after.keys():
                if before.get(key) != after.get(key):
                    changes[name, key] = different(before.get(key, {}), after.get(key, {}))
            self.held[name] = after
        return changes

    async def _rows(self, table: Table) -> Rows:
        schema = await self._database.ready()
        if table.name.lower() not in schema.tables:
            return {}
        columns = [one for one in table.columns if schema.found(table.name, one.name)]
        async with self._database.read() as connection:
            found = (await connection.execute(select(*columns))).mappings()
            return {
                ",".join(str(row[one]) for one in table.primary_key): {
                    one.name: told(row[one])
                    for one in columns
                    if not (one.primary_key or _SECRET.search(one.name))
                }
                for row in found
            }


def told(value: Any) -> Any:
    """A value as the record tells it."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    text = value.hex() if isinstance(value, bytes) else str(value)
    return text if len(text) <= 1_000 else f"{text[:1_000]}…"


def different(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Row, Row]:
    """What two rows, or one and none, have that is not the same."""
    names = {name for name in {**before, **after} if before.get(name) != after.get(name)}
    old = {name: before[name] for name in names if before}
    return old, {name: after[name] for name in names if after}


async def test_every_operation_is_recorded_with_its_before_and_after(whole: Whole) -> None:
    """Each is rolled back first. What it writes then is compared with the tables themselves."""
    sent: set[str] = set()

    def watch(sql: str, values: Any) -> None:
        if (found := _STATEMENT.match(sql)) and found[2] not in BESIDE:
            sent.add(found[2])

    whole.app.starbeam.database.watchers.append(watch)
    tables = Tables(whole)
    tables.held = await tables.read()
    wrong, written, updates = {}, set[str](), 0
    for name in WRITES:
        route = routes()[name]
        sent.clear()
        rolled_back = await _rolled_back(whole, name, route)
        answer = await _call(whole, name, route)
        assert answer.status_code < 400, (name, answer.text)
        recorded = await _recorded(whole, answer.headers["X-Request-ID"])
        changed = await tables.changed({*sent, *(table for table, _ in recorded)})
        updates += sum(bool(before and after) for before, after in recorded.values())
        written |= {table for table, _ in recorded}
        if rolled_back or recorded != changed or (not recorded and name != SIGN):
            wrong[name] = rolled_back, recorded, changed
    assert wrong == {}
    assert await tables.read() == tables.held
    assert len(written) > 20
    assert updates > 15


async def _rolled_back(whole: Whole, name: str, route: Route) -> Changes:
    """What the record tells of an operation that is refused once all of it is written."""

    async def refuse(writer: Writer) -> None:
        assert writer.written or name == SIGN
        raise Refused("No")

    listeners = whole.app.starbeam.registry.listeners
    listeners.append(refuse)
    try:
        answer = await _call(whole, name, route)
    finally:
        listeners.remove(refuse)
    assert answer.status_code == 400, (name, answer.text)
    return await _recorded(whole, answer.headers["X-Request-ID"])


async def _call(whole: Whole, name: str, route: Route) -> httpx.Response:
    caller = next(one for one in ("session_member", "administrator") if _may(route.answers[one]))
    return await whole.call(name, route.path or name.split(" ")[1], caller, route.body)


def _may(answer: Answer) -> bool:
    return isinstance(answer, Total) or answer < 400


async def _recorded(whole: Whole, request: str) -> Changes:
    """What the record tells of a request, of each row once."""
    shown = await whole.app.client.get(
        "/admin/audit", headers=whole.headers["administrator"], params={"requestId": request, "limit": 1_000}
    )
    changes: Changes = {}
    for one in reversed(shown.json()["results"]):
        if one["tableName"] in BESIDE:
            continue
        assert one["rowCount"] == len(one["rows"])
        assert {one["firstKey"], one["lastKey"]} <= {row["key"] for row in one["rows"]}
        for row in one["rows"]:
            place = one["tableName"], row["key"]
            before, after = changes.get(place, (row["before"], {}))
            changes[place] = before, {**after, **row["after"]}
    return changes
