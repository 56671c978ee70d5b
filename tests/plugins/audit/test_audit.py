"""Who wrote what: told in the transaction, with what was there before, and without secrets."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from starbeam.api import NOBODY, Refused
from starbeam.api.database import Writer
from starbeam_audit.keeping import Keeping
from starbeam_ispyb.models import Protein, Shipping
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import AsUser, MakeApp
from support import world

pytestmark = pytest.mark.anyio

PLUGINS = ("ispyb", "proposals", "shipping", "samples", "admin", "auth_dummy", "tokens", "audit")
SETTINGS: dict[str, Any] = {
    "auth.backends.dummy.use": "auth_dummy",
    "auth.backends.dummy.test_system": True,
}
Headers = dict[str, str]


@pytest.fixture
async def app(make_app: MakeApp) -> TestApp:
    """The app, with a shipment of the member's proposal."""
    return await _with_shipment(await make_app(*PLUGINS, **SETTINGS))


async def _with_shipment(app: TestApp) -> TestApp:
    app.set_time(world.NOW)
    await world.build(app.database, Path(), "ispyb")
    await app.database.add(Shipping, shippingId=5, proposalId=1, shippingName="old", comments="same")
    return app


@pytest.fixture
async def member(app: TestApp) -> Headers:
    """A member of the proposal."""
    return await _member(app)


async def _member(app: TestApp) -> Headers:
    return (await world.enter(app))["proposal_member"]


@pytest.fixture
async def auditor(app: TestApp) -> Headers:
    """Who may read the record."""
    return (await world.enter(app))["administrator"]


async def record(app: TestApp, headers: Headers, **asked: Any) -> list[dict[str, Any]]:
    """The record, the newest first."""
    answer = await app.client.get("/admin/audit", headers=headers, params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


async def rename(app: TestApp, headers: Headers, name: str = "new") -> str:
    """Change the shipment; the request's id."""
    answer = await app.client.patch("/shippings/5", headers=headers, json={"shippingName": name})
    assert answer.status_code == 200, answer.text
    return answer.headers["X-Request-ID"]


@pytest.mark.four_databases
async def test_a_change_is_told_with_what_was_there_before(
    app: TestApp, member: Headers, auditor: Headers
) -> None:
    request = await rename(app, member)
    (found,) = await record(app, auditor, requestId=request)
    assert found.pop("auditId") > 0
    assert found.pop("operation").startswith("PATCH /ispyb/api/v1/shippings/{shippingId")
    assert found == {
        "writtenAt": "2026-03-10T12:00:00",
        "login": "proposal_member",
        "personId": world.PEOPLE["proposal_member"],
        "token": None,
        "behalf": None,
        "address": "127.0.0.1",
        "requestId": request,
        "verb": "update",
        "tableName": "Shipping",
        "rowCount": 1,
        "firstKey": "5",
        "lastKey": "5",
        "rows": [{"key": "5", "before": {"shippingName": "old"}, "after": {"shippingName": "new"}}],
    }


async def test_what_was_rolled_back_is_not_told(app: TestApp, auditor: Headers) -> None:
    async def work(writer: Writer, refused: bool) -> None:
        await writer.update(Shipping, 5, {"shippingName": "other"})
        await writer.create(Shipping, {"proposalId": 1, "shippingName": "second"})
        if refused:
            raise Refused("No")

    write = await app.starbeam.write(NOBODY)
    with pytest.raises(Refused):
        await write(work, True)
    assert await record(app, auditor, table="Shipping") == []
    await write(work, False)
    assert [one["verb"] for one in await record(app, auditor, table="Shipping")] == ["insert", "update"]


async def test_what_cannot_be_recorded_is_not_written(app: TestApp, member: Headers) -> None:
    async with app.starbeam.database.transaction() as session:
        await session.execute(text("DROP TABLE StarbeamAudit"))
    answer = await app.client.patch("/shippings/5", headers=member, json={"shippingName": "new"})
    assert answer.status_code == 501
    shown = await app.client.get("/shippings/5", headers=member)
    assert shown.json()["shippingName"] == "old"


async def test_a_machine_and_its_token_are_named_and_no_secret_is(
    app: TestApp, auditor: Headers, as_user: AsUser
) -> None:
    boss = await as_user(app, "boss", "manage_tokens")
    body = {"name": "i02", "scopes": ["ship"], "beamLines": ["*"]}
    made = (await app.client.post("/tokens", headers=boss, json=body)).json()
    await rename(app, {"Authorization": f"Bearer {made['token']}"})
    await app.client.post(f"/tokens/{made['tokenId']}/rotate", headers=boss, json={})
    login = {"plugin": "dummy", "login": "staff", "password": "pass word"}
    refresh = (await app.client.post("/auth/login", json=login)).json()["refreshToken"]
    (change,) = await record(app, auditor, table="Shipping")
    assert (change["login"], change["token"], change["personId"]) == ("token:i02", "i02", 0)
    assert [one["login"] for one in await record(app, auditor, token="i02")] == ["token:i02"]
    everything = json.dumps(await record(app, auditor))
    for secret in (made["token"], refresh, "secretHash", "formerHash", "pass word"):
        assert secret not in everything
    rotated, added = await record(app, auditor, table="StarbeamToken")
    assert [*rotated["rows"][0]["after"]] == ["formerUntil"]
    assert added["rows"][0]["after"]["name"] == "i02"


async def test_filters_keep_what_they_name(app: TestApp, member: Headers, auditor: Headers) -> None:
    first = await rename(app, member)
    app.set_time(world.NOW + timedelta(hours=1))
    second = await rename(app, member, "newer")

    async def add(writer: Writer) -> None:
        await writer.save([Shipping(proposalId=1, shippingName=f"n{number}") for number in range(3)])

    await (await app.starbeam.write(NOBODY))(add)
    (many,) = await record(app, auditor, table="Shipping", operation="", login="", key=7)
    assert (many["rowCount"], many["firstKey"], many["lastKey"]) == (3, "6", "8")

    async def requests(**asked: Any) -> list[str]:
        return [one["requestId"] for one in await record(app, auditor, **asked) if one["verb"] == "update"]

    both = [second, first]
    assert await requests(table="Shipping") == both
    assert await requests(table="shippin") == []
    assert await requests(key=5, table="Shipping") == both
    assert await requests(key=55) == []
    assert await requests(login="proposal_member") == both
    assert await requests(operation="patch") == both
    assert await requests(operation="/dewars") == []
    assert await requests(since="2026-03-10T12:30:00") == [second]
    assert await requests(until="2026-03-10T13:00:00") == [first]
    answer = await app.client.get("/admin/audit?since=2026-03-10T12:30:00Z", headers=auditor)
    assert (answer.status_code, answer.json()["detail"][0]["loc"]) == (422, ["query", "since"])


async def test_only_who_may_reads_it(app: TestApp, member: Headers) -> None:
    assert (await app.client.get("/admin/audit", headers=member)).status_code == 403
    assert (await app.client.get("/admin/audit")).status_code == 401


async def test_a_record_is_below_64_kb(app: TestApp, auditor: Headers) -> None:
    async def work(writer: Writer) -> None:
        await writer.save(
            [Protein(proposalId=1, acronym=f"a{number}", sequence="a" * 900) for number in range(250)]
        )
        await writer.create(Protein, {"proposalId": 1, "acronym": "P", "sequence": "x" * 1_200})

    await (await app.starbeam.write(NOBODY))(work)
    cut, many = await record(app, auditor, table="Protein")
    assert cut["rows"][0]["after"]["sequence"] == "x" * 1_000 + "…"
    assert many["rowCount"] == int(many["lastKey"]) - int(many["firstKey"]) + 1 == 250
    assert 30 < len(many["rows"]) < 65
    assert len(json.dumps(many["rows"], ensure_ascii=False).encode()) < 65_536


async def test_what_is_old_is_forgotten_and_that_is_told(
    app: TestApp, member: Headers, auditor: Headers
) -> None:
    await rename(app, member)
    app.set_time(world.NOW + timedelta(days=10))
    await rename(app, member, "newer")
    context = app.starbeam.context("audit")
    await Keeping(context, 11).forget()
    assert [one["verb"] for one in await record(app, auditor)] == ["update", "update"]
    await Keeping(context, 10).forget()
    assert [one["verb"] for one in await record(app, auditor)] == ["update", "update"]
    await Keeping(context, 9).forget()
    forgotten, kept = await record(app, auditor)
    assert (forgotten["verb"], forgotten["tableName"], forgotten["rowCount"]) == (
        "delete",
        "StarbeamAudit",
        1,
    )
    assert kept["rows"][0]["after"] == {"shippingName": "newer"}


async def test_without_a_table_it_is_lines_of_a_file(make_app: MakeApp, tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    settings = {"plugin.audit.tables": "none", "plugin.audit.file": str(file)}
    app = await _with_shipment(await make_app("ispyb", "shipping", "audit", **settings))
    member = await _member(app)
    request = await rename(app, member)
    refused = await app.client.patch("/shippings/5", headers=member, json={"shippingName": "x" * 1_000})
    assert refused.status_code == 422
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [(one["requestId"], one["login"], one["changes"][0]["after"]) for one in lines] == [
        (request, "proposal_member", {"shippingName": "new"})
    ]
    assert file.stat().st_mode & 0o777 == 0o600
    assert (await app.client.get("/admin/audit", headers=member)).status_code == 404
    ready = await app.client.get("http://testserver.local/health/ready")
    assert "audit.record" in ready.text


async def test_a_file_that_cannot_be_written_is_told_of_and_stops_nobody(
    make_app: MakeApp, tmp_path: Path
) -> None:
    settings = {"plugin.audit.tables": "none", "plugin.audit.file": str(tmp_path / "no" / "audit.jsonl")}
    app = await _with_shipment(await make_app("ispyb", "shipping", "audit", **settings))
    await rename(app, await _member(app))
    ready = await app.client.get("http://testserver.local/health/ready")
    assert "the file of the audit cannot be written: No such file or directory" in ready.text
