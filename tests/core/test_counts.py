"""Numbers that are kept where they are large, and counted each time where they are small."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import bindparam, func, select

from starbeam.access import Principal
from starbeam.db.connection import ReadConnection
from starbeam.db.counts import Counts, counted
from starbeam.db.reader import Reader
from starbeam.db.scope import Scope, statement
from starbeam_ispyb import models as m

if TYPE_CHECKING:
    from starbeam.db.rows import Rows
    from starbeam_testing.app import TestApp
    from starbeam_testing.fixtures import MakeApp

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 3, 10, 12)


@statement
def _robots(scope: Scope):  # type: ignore[no-untyped-def]
    wanted = m.RobotAction.blsessionId.in_(bindparam("keys", expanding=True))
    number = select(m.RobotAction.blsessionId, func.count()).where(wanted, scope.sees(m.RobotAction))
    return number.group_by(m.RobotAction.blsessionId)


async def robots(reader: Rows, keys: Sequence[int]) -> Mapping[int, Counts]:
    return {key: (number,) for key, number in await reader.rows(_robots(), keys=keys)}


async def numbers(app: TestApp, who: Principal) -> dict[int, int]:
    """How many robot actions somebody sees in sessions 1 and 2."""
    connection = ReadConnection(app.starbeam.database)
    try:
        scope = await app.starbeam.scopes.of(who)
        reader = Reader(connection, scope, who, app.starbeam.clock.now(), app.starbeam.options.values)
        return {key: number for key, (number,) in (await counted(reader, robots, [1, 2, 3])).items()}
    finally:
        await connection.close()


async def add(app: TestApp, session: int, count: int) -> None:
    row = {"blsessionId": session, "actionType": "LOAD", "startTimestamp": NOW, "endTimestamp": NOW}
    await app.database.add(m.RobotAction, *[row] * count)


async def test_large_numbers_are_kept_and_small_ones_counted(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("starbeam.cache.monotonic", lambda: now)
    app = await make_app("ispyb")
    await app.database.person("proposer")
    await app.database.add(m.Proposal, proposalId=1, proposalCode="mx", proposalNumber="1", personId=1)
    for session in (1, 2, 3):
        await app.database.add(m.BLSession, sessionId=session, proposalId=1, visit_number=session)
    await add(app, 1, 100)
    await add(app, 2, 98)
    await app.as_user("root", "all_proposals")
    everything = Principal(2, "root", frozenset({"all_proposals"}))
    member = Principal(1, "proposer", frozenset())
    assert await numbers(app, everything) == {1: 100, 2: 98}
    assert await numbers(app, member) == {}  # what others see is not theirs
    await add(app, 1, 1)
    await add(app, 2, 1)
    assert await numbers(app, everything) == {1: 100, 2: 99}
    now += 49  # old: given once more, and renewed
    assert (await numbers(app, everything))[1] == 100
    async with asyncio.timeout(60):
        while (await numbers(app, everything))[1] != 101:
            pass
    await add(app, 1, 1)
    now += 50  # as old as none may be
    assert (await numbers(app, everything))[1] == 102


async def test_totals_of_long_lists_are_kept(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("starbeam.cache.monotonic", lambda: now)
    monkeypatch.setattr("starbeam.db.counts.LONG", 4)
    app = await make_app("ispyb", "proposals")
    headers = await app.as_user("root", "all_proposals")
    others = await app.as_user("ada")

    async def add_proposals(code: str, *numbers: int) -> None:
        about = {"proposalCode": code, "personId": 1}
        await app.database.add(m.Proposal, *({**about, "proposalNumber": str(n)} for n in numbers))

    async def seen(query: str, of: dict[str, str] = headers) -> int:
        answer = await app.client.get(f"/proposals?limit=1&{query}", headers=of)
        return int(answer.json()["total"])

    await add_proposals("mx", 1, 2, 3)
    await add_proposals("bl", 1)
    assert [await seen(""), await seen("search=mx"), await seen("", others)] == [4, 3, 0]
    await add_proposals("mx", 4)
    assert [await seen(""), await seen("search=mx"), await seen("", others)] == [4, 4, 0]
    assert await seen("skip=4") == 5  # never less than the page shows
    now += 49
    assert await seen("") == 4
    async with asyncio.timeout(60):
        while await seen("") != 5:
            pass
    await add_proposals("mx", 5)
    now += 50
    assert await seen("") == 6
