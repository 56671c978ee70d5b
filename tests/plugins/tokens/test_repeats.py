"""`Idempotency-Key`: what is sent twice is done once, and answered as before."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from plugins.tokens.conftest import PLUGINS, SETTINGS, Headers, machine, script
from starbeam.http import repeats
from starbeam_shipping.changes import labcontacts
from starbeam_testing.app import Statements, TestApp
from starbeam_testing.fixtures import MakeApp
from support import world
from support.answers import invalid, refused, said

pytestmark = pytest.mark.anyio

LAB = {
    "proposalId": 1,
    "cardName": "first",
    "Person": {
        "givenName": "Ada",
        "familyName": "Byron",
        "Laboratory": {"name": "Lab", "address": "1 Street", "city": "Town", "country": "France"},
    },
}
IN_FLIGHT = refused(409, "A request with this Idempotency-Key was begun and has no answer yet")
OTHER = invalid(["header", "Idempotency-Key"], "Another request had this Idempotency-Key")


def keyed(headers: Headers, key: str = "k1") -> Headers:
    """The same, with a key."""
    return {**headers, "Idempotency-Key": key}


async def contacts(app: TestApp) -> int:
    """How many lab contacts there are."""
    ((count,),) = await app.database.sql("SELECT COUNT(*) FROM LabContact")
    return int(count)


async def keys(app: TestApp) -> list[Any]:
    """What is remembered: statuses."""
    return [status for (status,) in await app.database.sql("SELECT status FROM StarbeamIdempotency")]


@pytest.fixture
async def member(app: TestApp) -> Headers:
    """A member of the proposal."""
    return app.token("proposal_member", world.PEOPLE["proposal_member"])


async def create(app: TestApp, headers: Headers, **other: Any) -> httpx.Response:
    """Send a lab contact."""
    return await app.client.post("/labcontacts", headers=headers, json={**LAB, **other})


@pytest.mark.four_databases
async def test_what_is_sent_twice_is_done_once(app: TestApp, member: Headers) -> None:
    before = await contacts(app)
    first = await create(app, keyed(member))
    assert first.status_code == 201, first.text
    with Statements(app) as statements:
        again = await create(app, keyed(member))
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["content-type"] == first.headers["content-type"]
    assert len(statements) == 1
    assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]
    assert await contacts(app) == before + 1
    assert await keys(app) == [201]
    assert said(await create(app, keyed(member), cardName="other")) == OTHER
    changed = {"courierAccount": "C2"}
    path = f"/labcontacts/{first.json()['labContactId']}"
    assert said(await app.client.patch(path, headers=keyed(member), json=changed)) == OTHER
    for account in ("C2", "C3"):
        await app.database.sql(f"UPDATE LabContact SET courierAccount = '{account}'")
        answer = await app.client.patch(path, headers=keyed(member, "k2"), json=changed)
        assert (answer.status_code, answer.json()["courierAccount"]) == (200, "C2")
    assert said(await create(app, member, cardName="without"))[0] == 201
    assert await contacts(app) == before + 2


async def test_what_failed_leaves_no_key(app: TestApp, member: Headers) -> None:
    missing = {"proposalId": 99_999}
    for wrong in ({"cardName": "x" * 99}, missing):
        assert (await create(app, keyed(member), **wrong)).status_code in (404, 422)
        assert await keys(app) == []
    assert (await create(app, keyed(member))).status_code == 201


async def test_a_key_is_its_callers_and_its_tokens(app: TestApp, boss: Headers, member: Headers) -> None:
    other = app.token("session_member", world.PEOPLE["session_member"])
    ships = {
        "machine": await machine(app, boss, scopes=["ship"]),
        "second": await machine(app, boss, name="second", scopes=["ship"]),
        "script": await script(app, member, scopes=["ship"]),
    }
    found = {}
    for number, headers in enumerate((member, other, *ships.values())):
        answer = await create(app, keyed(headers), cardName=f"holder {number}")
        assert answer.status_code == 201, (number, answer.text)
        found[answer.json()["labContactId"]] = answer.json()["cardName"]
    assert [*found.values()] == [f"holder {number}" for number in range(5)]
    assert (await create(app, keyed({}))).status_code == 401


async def test_what_is_no_key(app: TestApp, member: Headers) -> None:
    for wrong in ("", "two words", "x" * 65, "é"):
        sent = [*member.items(), ("Idempotency-Key", wrong.encode("latin-1"))]
        answer = await app.client.post("/labcontacts", headers=sent, json=LAB)
        expected = invalid(["header", "Idempotency-Key"], "Expected 1 to 64 printable letters")
        assert said(answer) == expected, wrong
    assert (await create(app, keyed(member, "~" * 64))).status_code == 201


async def test_answers_with_secrets_are_not_kept(app: TestApp, boss: Headers, member: Headers) -> None:
    body = {"name": "i02", "scopes": ["read"], "beamLines": ["*"]}
    made = [(await app.client.post("/tokens", headers=keyed(boss), json=body)).status_code for _ in range(2)]
    assert made == [201, 409]
    own = {"name": "laptop"}
    await app.client.post("/tokens/own", headers=keyed(member), json=own)
    await app.client.post("/user/sign", headers=keyed(member), json={"validity": "/sessions"})
    login = {"plugin": "dummy", "login": "staff", "password": "pass"}
    tokens = [
        (await app.client.post("/auth/login", headers=keyed({}), json=login)).json()["refreshToken"]
        for _ in range(2)
    ]
    assert tokens[0] != tokens[1]
    assert await keys(app) == []


async def test_a_key_without_its_answer_is_refused(
    app: TestApp, member: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server ended between the write and its answer: nothing is written a second time."""
    monkeypatch.setattr(repeats, "PATIENCE", 0.2)
    before = await contacts(app)
    assert (await create(app, keyed(member))).status_code == 201
    await app.database.sql("UPDATE StarbeamIdempotency SET status = NULL, answer = NULL")
    assert said(await create(app, keyed(member))) == IN_FLIGHT
    assert await contacts(app) == before + 1
    await app.database.sql("UPDATE StarbeamIdempotency SET createdAt = createdAt - 86500")
    assert app.starbeam.registry.repeats is not None
    await app.starbeam.registry.repeats.clean()  # type: ignore[attr-defined]
    assert await keys(app) == []


@pytest.mark.four_databases
async def test_of_many_at_once_on_two_workers_one_writes(
    app: TestApp, member: Headers, make_app: MakeApp
) -> None:
    other = await make_app(*PLUGINS, **SETTINGS)
    other.set_time(world.NOW)
    before = await contacts(app)
    sent = [create(worker, keyed(member)) for worker in (app, other) * 3]
    answers = await asyncio.gather(*sent)
    assert [one.status_code for one in answers] == [201] * 6
    assert len({one.content for one in answers}) == 1
    assert await contacts(app) == before + 1


@pytest.mark.on("mariadb-union")
async def test_who_comes_while_the_first_is_at_work_waits_and_is_refused(
    app: TestApp, member: Headers, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered, go_on, add = asyncio.Event(), asyncio.Event(), labcontacts.add

    async def slow(*said: Any) -> Any:
        entered.set()
        await go_on.wait()
        return await add(*said)

    monkeypatch.setattr(labcontacts, "add", slow)
    first = asyncio.create_task(create(app, keyed(member)))
    await entered.wait()
    assert said(await create(app, keyed(member))) == IN_FLIGHT
    go_on.set()
    assert (await first).status_code == 201
    assert (await create(app, keyed(member))).content == (await first).content


async def test_the_document_tells_of_it(app: TestApp) -> None:
    document = (await app.client.get("/openapi.json")).json()
    taking = {
        f"{method} {path.removeprefix('/ispyb/api/v1')}"
        for path, methods in document["paths"].items()
        for method, one in methods.items()
        for parameter in one.get("parameters", [])
        if parameter["name"] == "Idempotency-Key"
    }
    assert {"post /labcontacts", "patch /labcontacts/{labContactId}", "post /admin/groups"} <= taking
    assert not [one for one in taking if one.split(" ")[1].startswith(("/auth", "/tokens", "/user"))]
    assert all(one.startswith(("post ", "patch ")) for one in taking)


async def test_without_tables_nobody_looks_at_it(make_app: MakeApp) -> None:
    app = await make_app(*PLUGINS, **SETTINGS, **{"plugin.tokens.tables": "none"})
    await world.build(app.database, None, "ispyb")
    await world.enter(app)
    member = app.token("proposal_member", world.PEOPLE["proposal_member"])
    before = await contacts(app)
    answers = [(await create(app, keyed(member, "two words"))).status_code for _ in range(2)]
    assert (answers, await contacts(app)) == ([201, 400], before + 1), "its name is taken"
