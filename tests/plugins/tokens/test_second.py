"""The plugins' own tables in a second database: all works as beside ISPyB's, which gets no table."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import make_url, text

from plugins.tokens.conftest import PLUGINS, SETTINGS, Headers, bearer
from starbeam.db.engine import Database
from starbeam_testing.app import TestApp, TestDatabase
from starbeam_testing.fixtures import AsUser, MakeApp
from support import world
from support.answers import INVALID_TOKEN, said

pytestmark = pytest.mark.anyio

OWN = {"Audit", "Idempotency", "Refresh", "Token", "TokenUse"}
LOGIN = {"plugin": "dummy", "login": "staff", "password": "pass"}
SHIPPING = {"proposalId": 1, "shippingName": "new", "sendingLabContactId": 1, "returnLabContactId": 1}


@pytest.fixture
async def second(db: TestDatabase, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of a database that is empty."""
    if db.url.startswith("sqlite"):
        yield f"sqlite+aiosqlite:///{tmp_path / 'second.db'}"
        return
    await db.sql("CREATE DATABASE starbeam_second")
    try:
        url = make_url(db.url).set(database="starbeam_second")
        yield url.render_as_string(hide_password=False)
    finally:
        await db.sql("DROP DATABASE starbeam_second")


@pytest.fixture
async def app(make_app: MakeApp, second: str, tmp_path: Path) -> TestApp:
    """The app, at the small world's time."""
    tables = {"plugin.tokens.tables": second, "plugin.audit.tables": second}
    found = await make_app(*PLUGINS, "audit", **SETTINGS, **tables)
    await world.build(found.database, tmp_path, "ispyb", "proposals", "samples", "admin")
    await world.enter(found)
    return found


@pytest.fixture
async def boss(app: TestApp, as_user: AsUser) -> Headers:
    """Who makes tokens and reads the record."""
    return await as_user(app, "boss", "manage_tokens", "view_audit")


def tables_of(app: TestApp) -> Database:
    """The second database."""
    return app.starbeam.stores["tokens"].database


async def record(app: TestApp, boss: Headers, table: str) -> list[dict[str, Any]]:
    """What was written to a table."""
    answer = await app.client.get(f"/admin/audit?table={table}", headers=boss)
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


@pytest.mark.four_databases
async def test_all_of_it_works_and_ispyb_gets_no_table(app: TestApp, boss: Headers) -> None:
    there = (await app.database.schema()).tables
    assert [name for name in there if name.startswith("starbeam")] == []
    body = {"name": "i02", "scopes": ["ship"], "beamLines": ["*"]}
    made = (await app.client.post("/tokens", headers=boss, json=body)).json()
    token = {**bearer(made["token"]), "Idempotency-Key": "k1"}
    answers = await asyncio.gather(*(_ship(app, token) for _ in range(3)))
    assert [one.status_code for one in answers] == [201] * 3
    assert len({one.content for one in answers}) == 1
    ((count,),) = await app.database.sql("SELECT COUNT(*) FROM Shipping WHERE shippingName = 'new'")
    assert count == 1
    (shipped,) = await record(app, boss, "Shipping")
    assert (shipped["login"], shipped["rows"][0]["after"]["shippingName"]) == ("token:i02", "new")
    (added,) = await record(app, boss, "StarbeamToken")
    assert (added["login"], added["rows"][0]["after"]["name"]) == ("boss", "i02")
    log_in = (await app.client.post("/auth/login", json=LOGIN)).json()
    again = await app.client.post("/auth/refresh", json={"refreshToken": log_in["refreshToken"]})
    assert again.status_code == 200
    await app.client.delete(f"/tokens/{made['tokenId']}", headers=boss)
    assert said(await app.client.get("/shippings", headers=token)) == INVALID_TOKEN
    async with tables_of(app).read() as connection:
        names = [f"Starbeam{name}" for name in sorted(OWN)]
        rows = [(await connection.scalar(text(f"SELECT COUNT(*) FROM {name}"))) for name in names]
    assert rows[1:4] == [1, 1, 1]


async def _ship(app: TestApp, headers: Headers, **said: Any) -> Any:
    return await app.client.post("/shippings", headers=headers, json={**SHIPPING, **said})


async def test_what_failed_leaves_no_key_and_no_record(app: TestApp, boss: Headers) -> None:
    member = app.token("proposal_member", world.PEOPLE["proposal_member"])
    keyed = {**member, "Idempotency-Key": "k1"}
    assert (await _ship(app, keyed, sendingLabContactId=99_999)).status_code in (400, 404)
    assert await record(app, boss, "Shipping") == []
    assert (await _ship(app, keyed)).status_code == 201
    assert (await _ship(app, {**member, "Idempotency-Key": "k2"}, shippingName="x" * 500)).status_code == 422
    async with tables_of(app).read() as connection:
        assert (await connection.scalars(text("SELECT status FROM StarbeamIdempotency"))).all() == [201]


async def test_while_it_is_away_people_go_on_and_the_log_tells_what_is_not_recorded(
    app: TestApp, boss: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[str] = []
    log = SimpleNamespace(error=lambda event, **about: noted.append(event))
    monkeypatch.setattr("starbeam_audit.record.log", log)
    async with tables_of(app).transaction() as session:
        await session.execute(text("DROP TABLE StarbeamAudit"))
    member = app.token("proposal_member", world.PEOPLE["proposal_member"])
    assert (await _ship(app, member)).status_code == 201
    ready = (await app.client.get("http://testserver.local/health/ready")).json()
    assert ready["status"] == "ok"
    lacks = "The database lacks StarbeamAudit: starbeam db upgrade makes them"
    assert (ready["checks"]["audit.database"], ready["checks"]["tokens.database"]) == (lacks, "ok")
    assert noted == ["writes not recorded"]
    assert said(await app.client.get("/admin/audit", headers=boss))[0] in (501, 503)
    assert said(await app.client.get("/tokens/own", headers=member))[0] == 200


async def test_what_is_no_place_for_tables(make_app: MakeApp) -> None:
    from starbeam.faults import StartupError

    for wrong in ("other", "postgresql://host/starbeam"):
        with pytest.raises(StartupError):
            await make_app("ispyb", "tokens", **{"plugin.tokens.tables": wrong})
