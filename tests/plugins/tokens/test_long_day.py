"""MXCuBE's own client (mxcubecore 2.149.0) on a day that is longer than its token."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from plugins.mxcube.test_client import PYTHON, serving
from starbeam_testing.fixtures import MakeApp
from support.commands import PATIENCE
from support.oidc import Realm
from support.workspace import ROOT

pytestmark = pytest.mark.anyio

PROGRAM = ROOT / "tests" / "support" / "long_day.py"
RENEWED, READ, REFUSED = [True, 200], [False, 200], [False, 401]


@pytest.fixture
def realm() -> Iterator[Realm]:
    """What the client logs in with."""
    realm = Realm()
    yield realm
    realm.close()


class Client:
    """The client, in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def do(self, *words: str) -> Any:
        """What it gets."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(" ".join(words).encode() + b"\n")
        async with asyncio.timeout(PATIENCE):
            return json.loads(await self._process.stdout.readline())


@asynccontextmanager
async def started(root: str) -> AsyncIterator[Client]:
    """A client of this address."""
    if not PYTHON.exists():
        raise RuntimeError("the client is not installed: run tests/support/install_mxcube.sh")
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(PYTHON, PROGRAM, root, **pipes)
    try:
        yield Client(process)
    finally:
        process.kill()
        await process.communicate()


async def test_the_client_works_past_the_end_of_its_token(
    make_app: MakeApp, realm: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = await make_app("ispyb", "tokens", "auth_keycloak", **realm.settings())
    await app.database.person("ada")
    began, passed = time.time, 0.0
    monkeypatch.setattr(time, "time", lambda: began() + passed)
    async with serving(app) as root, started(root) as client:
        await client.do("log_in", "ada", realm.token(preferred_username="ada"))
        assert await client.do("read", "1") == {"got": ["ada"], "statuses": [READ]}

        await client.do("over")
        at_once = await client.do("read", "10")
        assert at_once["got"] == ["ada"] * 10
        assert [one for one in at_once["statuses"] if one not in (READ, RENEWED)] == []

        await client.do("lose")
        await client.do("over")
        lossy = await client.do("read", "10")
        assert len([one for one in lossy["got"] if one != "ada"]) <= 1
        assert RENEWED in lossy["statuses"]
        assert (await client.do("read", "10"))["got"] == ["ada"] * 10

        for _ in range(2):
            passed += 301 * 60
            later = await client.do("read", "10")
            assert later["got"] == ["ada"] * 10
            assert REFUSED in later["statuses"]
            assert RENEWED in later["statuses"]
        assert (await client.do("read", "1")) == {"got": ["ada"], "statuses": [READ]}
    log_ins = await app.database.sql("SELECT revokedAt FROM StarbeamRefresh")
    assert [tuple(one) for one in log_ins] == [(None,)]
