"""The write path: all or nothing, begun again where others were in the way, and told of once it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import OperationalError

from starbeam.db.models import AdminVar, Person, SW_onceToken
from starbeam.db.writer import Write, Writer
from starbeam.db.written import Key, Written
from starbeam.refusals import Refused
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.probe import WITH_PROBE

pytestmark = pytest.mark.anyio


async def written_by(
    app: TestApp, *listeners: Callable[[Writer], Awaitable[None]], login: str = "writer"
) -> Write:
    """The `Write` of a request of this person."""
    await app.as_user(login)
    app.starbeam.registry.listeners[:] = listeners
    return await app.starbeam.write(app.starbeam.snapshot.people.principal(1, login, ()))


async def logins(app: TestApp) -> list[str]:
    """Who is in the database, but for the writer."""
    async with app.starbeam.database.read() as connection:
        rows = await connection.execute(select(Person.login).order_by(Person.personId))
        return [login for (login,) in rows if login != "writer"]


@pytest.mark.four_databases
async def test_what_raises_leaves_nothing_and_tells_nobody(make_app: MakeApp) -> None:
    app, heard = await make_app(), list[str]()

    async def listen(writer: Writer) -> None:
        heard.append("before the commit")

    async def then() -> None:
        heard.append("after it")

    async def work(writer: Writer, fails: bool) -> None:
        await writer.create(Person, {"login": "new"})
        writer.committed.append(then)
        if fails:
            raise Refused("No")

    write = await written_by(app, listen)
    with pytest.raises(Refused, match="No"):
        await write(work, True)
    assert (await logins(app), heard) == ([], [])
    await write(work, False)
    assert (await logins(app), heard) == (["new"], ["before the commit", "after it"])


@pytest.mark.four_databases
async def test_every_way_to_write_is_noted(make_app: MakeApp) -> None:
    app, noted = await make_app(), list[Written]()

    async def listen(writer: Writer) -> None:
        noted.extend(writer.written)

    async def work(writer: Writer) -> int:
        row = await writer.create(Person, {"login": "a", "givenName": "A"})
        await writer.update(Person, row.personId, {"givenName": "B"})
        await writer.insert(Person, {"login": "b"})
        assert await writer.change(Person, {"givenName": "C"}, Person.login.in_(["a", "b"])) == 2
        other = Person(login="c")
        await writer.save([other])
        other.givenName = "D"
        await writer.save([other])
        assert await writer.delete(Person, Person.login == "b") == 1
        key: int = row.personId
        return key

    first = await (await written_by(app, listen))(work)
    second, third = (first + 1,), (first + 2,)
    one: Key = (first,)
    assert [(each.verb, each.count, each.first, each.last) for each in noted] == [
        ("insert", 1, one, one),
        ("update", 1, one, one),
        ("insert", 1, second, second),
        ("update", 2, one, second),
        ("insert", 1, third, third),
        ("update", 1, third, third),
        ("delete", 1, second, second),
    ]
    changes = [[(row.key, dict(row.before), _names(row.after)) for row in each.rows] for each in noted]
    assert changes[:4] == [
        [(one, {}, {"login": "a", "givenName": "A"})],
        [(one, {"givenName": "A"}, {"givenName": "B"})],
        [(second, {}, {"login": "b"})],
        [(one, {"givenName": "B"}, {"givenName": "C"}), (second, {"givenName": None}, {"givenName": "C"})],
    ]
    assert changes[5] == [(third, {"givenName": None}, {"givenName": "D"})]
    assert _names(noted[6].rows[0].before) == {"login": "b", "givenName": "C"}
    assert {each.table for each in noted} == {"Person"}
    assert await logins(app) == ["a", "c"]


def _names(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the tests write."""
    return {name: values[name] for name in ("login", "givenName") if name in values}


@pytest.mark.four_databases
async def test_nothing_secret_is_noted(make_app: MakeApp) -> None:
    app, noted = await make_app(), list[Written]()

    async def listen(writer: Writer) -> None:
        noted.extend(writer.written)

    async def work(writer: Writer) -> None:
        person = await writer.create(Person, {"login": "a", "passwd": "hidden1"})
        await writer.insert(SW_onceToken, {"token": "hidden2", "personId": person.personId, "validity": "/x"})
        await writer.change(SW_onceToken, {"token": "hidden3", "validity": "/y"})

    await (await written_by(app, listen))(work)
    (changed,) = noted[2].rows
    assert (dict(changed.before), dict(changed.after)) == ({"validity": "/x"}, {"validity": "/y"})
    assert "hidden" not in str(noted)


@pytest.mark.four_databases
async def test_of_many_rows_their_number_and_ends_are_noted(make_app: MakeApp) -> None:
    app, noted = await make_app(), list[Written]()

    async def listen(writer: Writer) -> None:
        noted.extend(writer.written)

    async def work(writer: Writer) -> None:
        await writer.save([Person(login=f"p{number:03}") for number in range(250)])
        rows = [{"login": f"q{number:03}"} for number in range(1_500)]
        await writer.session.execute(insert(Person), rows)
        await writer.change(Person, {"givenName": "N"}, Person.login.like("p%"))
        await writer.change(Person, {"givenName": "N"}, Person.login.like("p00_"))
        await writer.delete(Person, Person.login == "nobody")
        await writer.delete(Person, Person.login.like("p%"))

    await (await written_by(app, listen))(work)
    (low,) = noted[0].first
    ends = (low,), (low + 249,)
    assert [(one.verb, one.count, len(one.rows), (one.first, one.last)) for one in noted] == [
        ("insert", 250, 100, ends),
        ("insert", 1_500, 100, ((low + 250,), (low + 1_749,))),
        ("update", 250, 100, ends),
        ("delete", 250, 100, ends),
    ]
    assert noted[1].rows[0].after["login"] == "q000"
    assert dict(noted[2].rows[99].after) == {"givenName": "N"}


@pytest.mark.four_databases
async def test_what_an_attempt_wrote_is_not_noted_when_it_failed(make_app: MakeApp) -> None:
    app, noted = await make_app(), list[Written]()

    async def listen(writer: Writer) -> None:
        noted.extend(writer.written)

    async def work(writer: Writer) -> None:
        await writer.create(Person, {"login": "kept"})
        with suppress(KeyError):
            async with writer.attempt():
                await writer.create(Person, {"login": "undone"})
                raise KeyError
        async with writer.attempt():
            writer.session.add(Person(login="also kept"))

    await (await written_by(app, listen))(work)
    assert [one.rows[0].after["login"] for one in noted] == ["kept", "also kept"]
    assert await logins(app) == ["kept", "also kept"]


@pytest.mark.on("mariadb-union")
async def test_work_that_met_a_dead_lock_is_begun_again(make_app: MakeApp) -> None:
    app, begun = await make_app(), list[str]()
    write = await written_by(app)

    async def add(writer: Writer) -> None:
        for login in ("a", "b"):
            await writer.create(Person, {"login": login})

    await write(add)
    both = asyncio.Barrier(2)

    async def cross(writer: Writer, name: str, first: str, second: str) -> None:
        begun.append(name)
        await writer.change(Person, {"givenName": name}, Person.login == first)
        if begun.count(name) == 1:
            await both.wait()  # each has one row, and waits for the other's
        await writer.change(Person, {"familyName": name}, Person.login == second)

    await asyncio.gather(write(cross, "one", "a", "b"), write(cross, "two", "b", "a"))
    assert sorted(begun) in (["one", "one", "two"], ["one", "two", "two"])
    async with app.starbeam.database.read() as connection:
        rows = await connection.execute(
            select(Person.givenName, Person.familyName).where(Person.login.in_(["a", "b"]))
        )
        assert {(given, family) for given, family in rows} <= {("one", "two"), ("two", "one")}


@pytest.mark.four_databases
async def test_writes_of_log_in_and_of_one_time_tokens_pass_here_too(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE)
    await app.database.add(AdminVar, name="create_person_on_missing", value="true")
    await app.refresh()
    noted, in_the_way = list[tuple[str, str, str]](), list[Writer]()

    async def listen(writer: Writer) -> None:
        if not in_the_way:
            in_the_way.append(writer)
            raise OperationalError("INSERT", {}, Exception(1213, "Deadlock found"))
        noted.extend((writer.who.login, one.verb, one.table) for one in writer.written)

    app.starbeam.registry.listeners.append(listen)
    body = {"plugin": "probe", "login": "new", "password": "x"}
    answer = await app.client.post("/auth/login", json=body)
    headers = {"Authorization": f"Bearer {answer.json()['token']}"}
    assert await logins(app) == ["new"]
    signed = await app.client.post("/user/sign", headers=headers, json={"validity": "/probe/who"})
    once = {"onetime": signed.json()["token"]}
    assert (await app.client.get("/probe/who", params=once)).status_code == 200
    assert noted == [
        ("", "insert", "Person"),
        ("new", "insert", "SW_onceToken"),
        ("new", "delete", "SW_onceToken"),
    ]
    assert [(one.verb, one.table) for one in in_the_way[0].written] == [("insert", "Person")]
