"""A MariaDB server and one that replicates it: what is read where, and what happens when one of them goes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from starbeam.db.replicas import Replica
from starbeam_testing.app import TestApp, TestDatabase
from starbeam_testing.fixtures import MakeApp
from support import mariadb
from support.commands import Running, Site
from support.mariadb import Server
from support.strained import Strain, furnish
from support.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.long]

PLUGINS = ("auth_dummy", "ispyb", "proposals", "shipping")
LAG = 2
"""Seconds that the replica may be behind in these tests."""
PRIMARY = (
    *("--log-bin=bin", "--binlog-format=ROW", "--server-id=1"),
    *("--sync-binlog=1", "--innodb-flush-log-at-trx-commit=1"),  # what is committed outlives a kill
)


@pytest.fixture
def servers() -> Iterator[tuple[Server, Server]]:
    """The primary and its replica, which begin with the same empty databases."""
    primary = mariadb.start(*PRIMARY)
    replica = mariadb.start("--server-id=2", "--read-only=1")
    yield primary, replica
    primary.stop()
    replica.stop()


@pytest.fixture
async def database_url(servers: tuple[Server, Server]) -> str:
    primary, replica = servers
    where = f"MASTER_HOST='127.0.0.1', MASTER_PORT={primary.port}, MASTER_USER='root'"
    await on(replica, f"CHANGE MASTER TO {where}, MASTER_CONNECT_RETRY=1, MASTER_USE_GTID=slave_pos")
    await on(replica, "START SLAVE")
    return primary.url("union")


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[TestDatabase]:
    made = TestDatabase(database_url)
    await furnish(made)
    yield made
    await made.engine.dispose()


async def on(server: Server, statement: str) -> None:
    """Run a statement on one of them alone."""
    database = TestDatabase(server.url("union"))
    try:
        await database.sql(statement)
    finally:
        await database.engine.dispose()


async def start(make_app: MakeApp, replica: Server) -> tuple[TestApp, dict[str, str], Replica]:
    settings = {"database.replicas": [f"127.0.0.1:{replica.port}"], "database.replica_lag": LAG}
    app = await make_app(*PLUGINS[1:], **settings)
    servers = app.starbeam.database.servers
    assert servers is not None
    (found,) = servers.replicas.all
    await until(lambda: found.is_used)
    return app, app.token("ada", 1), found


async def codes(app: TestApp, headers: dict[str, str]) -> list[str]:
    answer = await app.client.get("/dewars", headers=headers)
    assert answer.status_code == 200
    return sorted(one["code"] for one in answer.json()["results"])


async def store(app: TestApp, headers: dict[str, str], code: str) -> None:
    answer = await app.client.post("/dewars", json={"shippingId": 1, "code": code}, headers=headers)
    assert answer.status_code == 201


async def test_lists_are_read_from_a_replica_that_is_fresh(
    make_app: MakeApp, db: TestDatabase, servers: tuple[Server, Server]
) -> None:
    """A row that only the replica has tells where a list was read."""
    _, server = servers
    app, headers, replica = await start(make_app, server)
    await on(server, "INSERT INTO Dewar (dewarId, shippingId, code) VALUES (1000, 1, 'replica')")
    await store(app, headers, "first")
    assert await codes(app, headers) == ["first", "replica"]

    with capture_logs() as logs:
        await on(server, "STOP SLAVE SQL_THREAD")
        await store(app, headers, "second")
        assert await codes(app, headers) == ["first", "second"], (
            "read from the primary: the replica is behind"
        )
        await store(app, headers, "third")
        await on(server, "START SLAVE SQL_THREAD")
        await until(lambda: replica.is_used and not replica.host.why)
        assert await codes(app, headers) == ["first", "replica", "second", "third"]

        await asyncio.to_thread(server.shut_down)
        assert await codes(app, headers) == ["first", "second", "third"]
        await until(lambda: replica.host.why.startswith("does not answer"))
        await asyncio.to_thread(server.start)
        await until(lambda: replica.is_used and not replica.host.why)
        assert "replica" in await codes(app, headers)
    said = [(line["event"], line["server"]) for line in logs if line["event"].startswith("database server")]
    here = f"127.0.0.1:{server.port}"
    assert said == [("database server left out", here), ("database server is back", here)] * 2


async def test_both_are_killed_under_load(
    tmp_path: Path, db: TestDatabase, servers: tuple[Server, Server]
) -> None:
    primary, replica = servers
    more = f'[database]\nurl = "{db.url}"\nreplicas = ["127.0.0.1:{replica.port}"]\nreplica_lag = {LAG}\n'
    site = Site(tmp_path, list(PLUGINS), url=db.url)
    config = site.config
    config.write_text(config.read_text().replace(f'[database]\nurl = "{db.url}"\n', more))
    await db.engine.dispose()
    with site.serving("serve", "--config", str(config), "--workers", "2") as running:
        async with Strain(running) as strain:
            await settled(strain, time.monotonic(), "both servers")

            began = time.monotonic()
            replica.kill()
            await settled(strain, began, "the replica killed")
            assert strain.counts(began)[False, 503] <= 16, "only what it was asked at that moment"
            await asyncio.to_thread(replica.start)
            await back(running, 2)
            await settled(strain, time.monotonic(), "the replica back")

            began = time.monotonic()
            primary.kill()
            reads = await strain.works(write=False, after=began)
            print(f"the primary killed: reads served after {reads:.1f} s")
            await asyncio.sleep(3 * LAG)
            assert strain.counts(began + 1)[True, 201] == 0
            assert strain.counts(began + LAG + 1)[False, 200] > 0, "the replica goes on"
            await asyncio.to_thread(primary.start)
            await settled(strain, time.monotonic(), "the primary back")
        print(dict(strain.counts()), "answers;", len(strain.stored), "dewars stored")
        strain.said_what_is_allowed()
        assert strain.stale == []
        await strain.check(db)
        assert running.end() == 0
    assert len([one for one in running.events() if one["event"] == "database server left out"]) <= 2 * 3


async def settled(strain: Strain, after: float, what: str) -> None:
    reads = await strain.works(write=False, after=after)
    writes = await strain.works(write=True, after=after)
    print(f"{what}: reads served after {reads:.1f} s, writes after {writes:.1f} s")


async def back(running: Running, workers: int) -> None:
    """Wait until all workers read from the replica again."""

    def told() -> int:
        return len([one for one in running.events() if one["event"] == "database server is back"])

    await until(lambda: told() >= workers)
