"""A database address with several servers, and connections that are lost around a commit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from sqlalchemy import make_url
from structlog.testing import capture_logs

from starbeam.app import Starbeam
from starbeam.faults import StartupError
from starbeam.settings import load
from starbeam_doctor import database as doctor
from starbeam_testing.app import TestApp, TestDatabase
from starbeam_testing.fixtures import SECRET, MakeApp
from support.processes import free_port
from support.strained import furnish

pytestmark = [pytest.mark.anyio, pytest.mark.on("mariadb-union")]

PLUGINS = ("ispyb", "proposals", "shipping")
UNDECIDED = {
    "detail": "The database did not say whether it stored this. Please look whether it is there before you"
    " send it again."
}
DEWAR = {"shippingId": 1, "code": "D1"}


@asynccontextmanager
async def cutting(port: int, *, deliver: bool) -> AsyncIterator[tuple[int, list[bytes]]]:
    """The port of what stands before a server, and a list: the connection that says what is in it is cut,
    once; after the server has done it, where that is to `deliver`."""
    cuts: list[bytes] = []
    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        upstream, downstream = await asyncio.open_connection("127.0.0.1", port)
        back = asyncio.create_task(_pass_on(upstream, writer))
        with suppress(OSError, asyncio.CancelledError):
            while data := await reader.read(65536):
                if cuts and cuts[0] in data:
                    cuts.clear()
                    back.cancel()
                    await asyncio.wait([back])
                    if deliver:
                        downstream.write(data)
                        await upstream.read(1)  # the answer, which nobody gets
                    break
                downstream.write(data)
        back.cancel()
        for one in (downstream, writer):
            one.close()
            with suppress(OSError, asyncio.CancelledError):
                await one.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], cuts
    finally:
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    assert cuts == []


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)


def port_of(db: TestDatabase) -> int:
    return make_url(db.url).port or 3306


def at(db: TestDatabase, *ports: int) -> str:
    """The address of the same database at these ports of this machine."""
    host = f"127.0.0.1:{port_of(db)}"
    return db.url.replace(host, ",".join(f"127.0.0.1:{port}" for port in ports))


async def start(make_app: MakeApp, db: TestDatabase, url: str, *more: str) -> tuple[TestApp, dict[str, str]]:
    await furnish(db)
    app = await make_app(*PLUGINS, *more, **{"database.url": url, "server.metrics_from": ["127.0.0.1"]})
    headers = app.token("ada", 1)
    await app.client.patch("/dewars/1", json={}, headers=headers)  # now there is a connection for writes
    return app, headers


async def codes(db: TestDatabase) -> list[str]:
    return [code for (code,) in await db.sql("SELECT code FROM Dewar")]


@pytest.mark.parametrize(("deliver", "there"), [(True, ["D1"]), (False, [])])
async def test_a_commit_that_is_not_answered_is_not_repeated(
    deliver: bool, there: list[str], make_app: MakeApp, db: TestDatabase
) -> None:
    async with cutting(port_of(db), deliver=deliver) as (port, cuts):
        app, headers = await start(make_app, db, at(db, port))
        cuts.append(b"COMMIT")
        answer = await app.client.post("/dewars", json=DEWAR, headers=headers)
        assert (answer.status_code, answer.json()) == (503, UNDECIDED)
        assert answer.headers["Retry-After"] == "5"
        assert await codes(db) == there
        assert (await app.client.get("/dewars", headers=headers)).json()["total"] == len(there)


@pytest.mark.long
async def test_who_sends_a_key_may_send_what_was_not_answered_again(
    make_app: MakeApp, db: TestDatabase
) -> None:
    async with cutting(port_of(db), deliver=True) as (port, cuts):
        app, headers = await start(make_app, db, at(db, port), "tokens")
        cuts.append(b"COMMIT")
        keyed = {**headers, "Idempotency-Key": "once"}
        first = await app.client.post("/dewars", json=DEWAR, headers=keyed)
        again = await app.client.post("/dewars", json=DEWAR, headers=keyed)
    assert (first.status_code, again.status_code) == (503, 409)
    assert await codes(db) == ["D1"]


async def test_a_connection_that_is_lost_before_the_commit_costs_nothing(
    make_app: MakeApp, db: TestDatabase
) -> None:
    async with cutting(port_of(db), deliver=True) as (port, cuts):
        app, headers = await start(make_app, db, at(db, port))
        cuts.append(b"INSERT INTO `Dewar`")
        answer = await app.client.post("/dewars", json=DEWAR, headers=headers)
    assert answer.status_code == 201
    assert await codes(db) == ["D1"]


async def test_the_first_server_that_is_ready_is_used(make_app: MakeApp, db: TestDatabase) -> None:
    nowhere = free_port()
    with capture_logs() as logs:
        app, headers = await start(make_app, db, at(db, nowhere, port_of(db)))
        answers = [
            await app.client.get("/dewars", headers=headers),
            await app.client.post("/dewars", json=DEWAR, headers=headers),
        ]
        health = (await app.client.get("http://testserver.local/health/ready")).json()
        figures = (await app.client.get("http://testserver.local/metrics")).text
        found = await doctor.examine(app.starbeam)
    assert [answer.status_code for answer in answers] == [200, 201]
    assert (health["status"], health["checks"]["servers"]) == ("ok", "1 of 2 left out")
    assert f'starbeam_database_server_out{{server="127.0.0.1:{nowhere}"}} 1.0' in figures
    assert f'starbeam_database_server_out{{server="127.0.0.1:{port_of(db)}"}} 0.0' in figures
    levels = {one.about: one.level for one in found if one.about.startswith("server ")}
    assert levels == {f"server 127.0.0.1:{nowhere}": "warning", f"server 127.0.0.1:{port_of(db)}": "ok"}
    said = [(line["event"], line["server"]) for line in logs if line["event"].startswith("database server")]
    assert said == [
        ("database server left out", f"127.0.0.1:{nowhere}"),
        ("database server in use", f"127.0.0.1:{port_of(db)}"),
    ]


def test_a_file_has_no_replicas() -> None:
    given = {"auth.secret_key": SECRET, "plugins.enabled": ["ispyb"], "database.replicas": ["db2"]}
    with pytest.raises(StartupError, match="an SQLite file has none"):
        Starbeam(load(None, {}, given))


@pytest.mark.long
async def test_no_server_of_several(make_app: MakeApp, db: TestDatabase) -> None:
    app, headers = await start(make_app, db, at(db, free_port(), free_port()))
    answer = await app.client.get("/dewars", headers=headers)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json() == {"detail": "The database is not available. Please try again in a few seconds."}
