"""A Galera cluster whose nodes go and come while clients write and read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from starbeam_testing.app import TestDatabase
from support import galera
from support.commands import Running, Site
from support.galera import Node
from support.strained import CLIENTS, Strain, furnish

pytestmark = [pytest.mark.anyio, pytest.mark.long]

PLUGINS = ["auth_dummy", "ispyb", "proposals", "shipping"]
WORKERS = 2
IN_USE = "database server in use"
FAILOVER_SECONDS = 30
"""Until requests are served again; the cluster itself takes five seconds to see that a node is gone."""


@pytest.fixture(scope="module")
def nodes() -> Iterator[list[Node]]:
    with galera.running() as started:
        yield started


@pytest.fixture
async def db(nodes: list[Node]) -> TestDatabase:
    database = TestDatabase(await nodes[0].fresh_database("union"))
    await furnish(database)
    await database.engine.dispose()
    return database


@pytest.fixture
def site(tmp_path: Path, nodes: list[Node]) -> Site:
    places = ",".join(f"127.0.0.1:{node.port}" for node in nodes)
    return Site(tmp_path, PLUGINS, url=f"mysql+asyncmy://root@{places}/union")


def times_used(running: Running, node: Node) -> int:
    """How often workers began to use a node."""
    server = f"127.0.0.1:{node.port}"
    return [one.get("server") for one in running.events() if one["event"] == IN_USE].count(server)


async def used_again(running: Running, node: Node, before: int) -> None:
    """Wait until all workers have begun to use a node, which they had so many times before."""
    deadline = time.monotonic() + 60
    while times_used(running, node) < before + WORKERS:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


async def refused(strain: Strain, after: float) -> None:
    """Wait until nobody's writes are taken any more."""
    deadline = time.monotonic() + 60
    while strain.counts(after)[True, 503] < 2 * CLIENTS:
        assert time.monotonic() < deadline, strain.counts(after)
        await asyncio.sleep(0.1)


def when(event: dict[str, object]) -> float:
    """When it was logged, as Unix time."""
    return datetime.fromisoformat(str(event["timestamp"])).timestamp()


async def settled(strain: Strain, after: float, what: str) -> None:
    reads = await strain.works(write=False, after=after, seconds=FAILOVER_SECONDS)
    writes = await strain.works(write=True, after=after, seconds=FAILOVER_SECONDS)
    print(f"{what}: reads served after {reads:.1f} s, writes after {writes:.1f} s")


async def test_nodes_that_are_killed_and_frozen(site: Site, nodes: list[Node], db: TestDatabase) -> None:
    first, second, third = nodes
    with site.serving("serve", "--config", str(site.config), "--workers", str(WORKERS)) as running:
        async with Strain(running) as strain:
            await settled(strain, time.monotonic(), "all nodes")

            before = times_used(running, first)
            first.kill()
            await settled(strain, time.monotonic(), "the node in use killed")
            await asyncio.to_thread(first.join, nodes)
            await used_again(running, first, before)
            await settled(strain, time.monotonic(), "the node back")

            before = times_used(running, first)
            first.pause()
            await settled(strain, time.monotonic(), "the node in use frozen")
            first.resume()
            await used_again(running, first, before)

            second.kill()
            third.kill()
            await refused(strain, time.monotonic())
            alone = time.monotonic()
            await refused(strain, alone)
            assert strain.counts(alone)[True, 201] == 0, "one node of three has no quorum"
            await first.go_on_alone()
            await settled(strain, time.monotonic(), "the last node told to go on alone")
        print(dict(strain.counts()), "answers;", len(strain.stored), "dewars stored")
        strain.said_what_is_allowed()
        await strain.check(db)
        assert running.end() == 0
    await db.engine.dispose()
    changes = [when(one) for one in running.events() if one["event"] == IN_USE]
    alone = [code for at, code in strain.stale if not any(abs(at - change) < 3 for change in changes)]
    assert alone == [], "who wrote sees it, but for the moment in which workers change servers"
    left_out = [one["server"] for one in running.events() if one["event"] == "database server left out"]
    assert left_out.count(f"127.0.0.1:{first.port}") <= 2 * 4, "one line for each incident and worker"
