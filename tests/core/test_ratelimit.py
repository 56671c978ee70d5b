"""Failed log-ins are limited by account and by address; an address is what a trusted proxy says."""

from __future__ import annotations

import asyncio
import gc
import os
import re
import shutil
import signal
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from starbeam.auth import ratelimit
from starbeam.auth.backends import BackendUnavailable, Credentials, Identity
from starbeam.auth.ratelimit import PER_ACCOUNT, PER_ACCOUNT_AND_ADDRESS, PER_ADDRESS, WINDOW, Tries
from starbeam.refusals import Unauthenticated
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.answers import NOT_VERIFIED, Said, refused, said
from support.commands import Running, Site
from support.probe import WITH_PROBE, ProbeBackend

pytestmark = [pytest.mark.anyio, pytest.mark.fix(172)]


@pytest.fixture
async def app(make_app: MakeApp) -> TestApp:
    app = await make_app("probe", **WITH_PROBE)
    await app.database.person("abcd")
    return app


async def attempt(
    app: TestApp, login: str = "abcd", password: str = "wrong", forwarded: str = ""
) -> httpx.Response:
    body = {"plugin": "probe", "login": login, "password": password}
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    return await app.client.post("/auth/login", json=body, headers=headers)


def too_many(answer: httpx.Response) -> Said:
    """What 429 says, with the seconds that its header names."""
    wait = int(answer.headers["Retry-After"])
    assert 1 <= wait <= WINDOW + 1
    return refused(429, f"Too many failed log-ins. Please try again in {wait} seconds.")


async def test_an_account_from_one_address(app: TestApp) -> None:
    for number in range(PER_ACCOUNT_AND_ADDRESS):
        assert said(await attempt(app, ("abcd", "ABCD", " abcd ")[number % 3])) == NOT_VERIFIED
    refused_ = await attempt(app)
    assert said(refused_) == too_many(refused_)
    right = await attempt(app, password="right")
    assert said(right) == too_many(right)
    assert (await attempt(app, "efgh")).status_code == 401


async def test_a_success_ends_the_count(app: TestApp) -> None:
    for _ in range(3):
        for _ in range(PER_ACCOUNT_AND_ADDRESS - 1):
            assert said(await attempt(app)) == NOT_VERIFIED
        assert (await attempt(app, password="right")).status_code == 201


async def test_an_address_with_many_accounts(app: TestApp) -> None:
    for number in range(PER_ADDRESS):
        assert said(await attempt(app, f"user{number}")) == NOT_VERIFIED
    answer = await attempt(app, password="right")
    assert said(answer) == too_many(answer)


async def test_an_address_that_a_stranger_claims_is_ignored(app: TestApp) -> None:
    for number in range(PER_ACCOUNT_AND_ADDRESS):
        await attempt(app, forwarded=f"10.1.1.{number}")
    assert (await attempt(app, forwarded="10.1.2.1")).status_code == 429


async def test_an_address_that_a_trusted_proxy_names_counts(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE, **{"server.trusted_proxies": ["127.0.0.0/8", "10.9.0.1"]})
    for number in range(PER_ACCOUNT_AND_ADDRESS):  # a stranger's claim before the proxies' own is no address
        assert said(await attempt(app, forwarded=f"1.2.3.{number}, 10.1.1.1, 10.9.0.1")) == NOT_VERIFIED
    assert (await attempt(app, forwarded="10.1.1.1")).status_code == 429
    assert (await attempt(app, forwarded="10.1.1.2, 10.1.1.1")).status_code == 429
    for another in ("10.1.1.2", "", "nonsense", "10.1.1.1, 2001:db8::1"):
        assert said(await attempt(app, forwarded=another)) == NOT_VERIFIED


def tried(tries: Tries, account: str, address: str, right: bool = False) -> str:
    """How a try that fails, or gets in, ends."""

    async def one() -> None:
        async with tries.counted(account, address):
            if not right:
                raise Unauthenticated("no")

    try:
        asyncio.run(one())
    except Exception as error:
        return type(error).__name__
    return "in"


FAILED, TOO_MANY = "Unauthenticated", "TooMany"


@pytest.fixture
def now() -> list[float]:
    """What the clock shows."""
    return [0.0]


@pytest.fixture
def tries(now: list[float]) -> Iterator[Tries]:
    tries = Tries(clock=lambda: now[0])
    yield tries
    tries.close()


def test_an_account_from_many_addresses(tries: Tries) -> None:
    for number in range(PER_ACCOUNT):
        assert tried(tries, "abcd", f"10.0.{number}.1") == FAILED
    assert tried(tries, "Abcd", "10.1.1.1", right=True) == TOO_MANY
    assert tried(tries, "efgh", "10.1.1.1") == FAILED


def test_addresses_of_one_network_of_ipv6_count_together(tries: Tries) -> None:
    for number in range(PER_ADDRESS):
        assert tried(tries, f"user{number}", f"2001:db8:0:7::{number:x}") == FAILED
    assert tried(tries, "abcd", "2001:db8:0:7:ffff::1") == TOO_MANY
    assert tried(tries, "abcd", "2001:db8:0:8::1") == FAILED
    assert tried(tries, "abcd", "unknown") == FAILED


def test_failures_count_for_a_while(tries: Tries, now: list[float]) -> None:
    for second in range(PER_ACCOUNT_AND_ADDRESS):
        now[0] = float(second)
        assert tried(tries, "abcd", "10.0.0.1") == FAILED
    assert tried(tries, "abcd", "10.0.0.1") == TOO_MANY
    now[0] = WINDOW
    assert tried(tries, "abcd", "10.0.0.1") == FAILED
    assert tried(tries, "abcd", "10.0.0.1") == TOO_MANY


def test_getting_in_forgives_the_pair_only(tries: Tries) -> None:
    """Who has an account cannot wash an address, nor somebody else's account, clean with it."""
    for number in range(PER_ADDRESS):
        assert tried(tries, "abcd" if number % 2 else f"user{number}", "10.0.0.1") == FAILED
        assert tried(tries, "abcd", "10.0.0.1", right=True) == (
            "in" if number < PER_ADDRESS - 1 else TOO_MANY
        )


@pytest.mark.parametrize("other", ["ABCD", " abcd\t", "\uff41bcd", "abcd\u00a0"])
def test_an_account_has_one_count_however_it_is_typed(tries: Tries, other: str) -> None:
    for _ in range(PER_ACCOUNT_AND_ADDRESS):
        tried(tries, "abcd", "10.0.0.1")
    assert tried(tries, other, "10.0.0.1") == TOO_MANY


def test_what_is_remembered_is_bounded(tries: Tries, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratelimit, "REMEMBERED", 20)
    for number in range(30):
        tried(tries, f"user{number}", f"10.0.0.{number}")
    assert rows(tries) == 20


def test_what_is_too_old_is_gone(tries: Tries, now: list[float]) -> None:
    for number in range(20):
        tried(tries, f"user{number}", f"10.0.0.{number}")
    now[0] = WINDOW
    assert tried(tries, "abcd", "10.1.0.1", right=True) == "in"
    assert rows(tries) == 0


def rows(tries: Tries) -> int:
    return int(tries._run("SELECT count(*) FROM tries").fetchone()[0])


def test_an_account_named_as_an_address_is_not_mixed_up(tries: Tries) -> None:
    for _ in range(PER_ADDRESS):
        tried(tries, "10.0.0.1", "10.0.0.2")
    assert tried(tries, "abcd", "10.0.0.1") == FAILED


# Tries at once


class Gate:
    """A directory that answers only when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = 0
        self.open = asyncio.Event()
        monkeypatch.setattr(ProbeBackend, "authenticate", self._authenticate)

    async def _authenticate(self, credentials: Credentials) -> Identity | None:
        self.asked += 1
        await self.open.wait()
        if credentials.password == "away":
            raise BackendUnavailable("The directory does not answer.")
        return Identity(credentials.login or "") if credentials.password == "right" else None

    async def are_asked(self, number: int) -> None:
        """Wait until so many log-ins wait for an answer, and see that no more come."""
        while self.asked < number:  # noqa: ASYNC110 - a test's patience ends with its time-out
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        assert self.asked == number


async def at_once(gate: Gate, answers: list[Any], asked: int) -> list[int]:
    """The statuses of log-ins that are sent at once; so many of them reach the directory together."""
    running = [asyncio.create_task(answer) for answer in answers]
    await gate.are_asked(asked)
    gate.open.set()
    return [answer.status_code for answer in await asyncio.gather(*running)]


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(monkeypatch)


async def test_guesses_at_once_are_asked_no_more_often_than_one_after_the_other(
    app: TestApp, gate: Gate
) -> None:
    found = await at_once(gate, [attempt(app) for _ in range(300)], PER_ACCOUNT_AND_ADDRESS)
    assert Counter(found) == {401: PER_ACCOUNT_AND_ADDRESS, 429: 300 - PER_ACCOUNT_AND_ADDRESS}
    assert gate.asked == PER_ACCOUNT_AND_ADDRESS


async def test_guesses_at_once_of_many_accounts_and_of_many_addresses(make_app: MakeApp, gate: Gate) -> None:
    app = await make_app("probe", **WITH_PROBE, **{"server.trusted_proxies": ["127.0.0.1"]})
    await app.database.person("abcd")
    of_one_address = [attempt(app, f"user{number}") for number in range(PER_ADDRESS + 20)]
    assert Counter(await at_once(gate, of_one_address, PER_ADDRESS)) == {401: PER_ADDRESS, 429: 20}
    gate.asked, gate.open = 0, asyncio.Event()
    of_one_account = [attempt(app, forwarded=f"10.0.0.{number}") for number in range(PER_ACCOUNT + 20)]
    assert Counter(await at_once(gate, of_one_account, PER_ACCOUNT)) == {401: PER_ACCOUNT, 429: 20}


@pytest.mark.parametrize(("people", "together"), [(1, PER_ACCOUNT_AND_ADDRESS), (100, PER_ADDRESS)])
async def test_the_right_ones_all_get_in_however_many_come_at_once(
    app: TestApp, gate: Gate, people: int, together: int
) -> None:
    for number in range(people):
        await app.database.person(f"user{number}")
    answers = [attempt(app, f"user{number % people}", "right") for number in range(100)]
    assert await at_once(gate, answers, together) == [201] * 100


async def test_the_right_one_gets_in_between_wrong_ones(app: TestApp, gate: Gate) -> None:
    wrong = [attempt(app) for _ in range(PER_ACCOUNT_AND_ADDRESS - 1)]
    right = [attempt(app, password="right") for _ in range(5)]
    found = await at_once(gate, wrong + right, PER_ACCOUNT_AND_ADDRESS)
    assert found == [401] * (PER_ACCOUNT_AND_ADDRESS - 1) + [201] * 5


async def test_a_directory_that_is_away_costs_nobody_a_try(app: TestApp, gate: Gate) -> None:
    answers = [attempt(app, password="away") for _ in range(3 * PER_ACCOUNT_AND_ADDRESS)]
    assert set(await at_once(gate, answers, PER_ACCOUNT_AND_ADDRESS)) == {503}
    assert (await attempt(app, password="right")).status_code == 201


async def test_who_waits_too_long_is_told_so(
    app: TestApp, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ratelimit, "PATIENCE", 0.1)
    first = [asyncio.create_task(attempt(app)) for _ in range(PER_ACCOUNT_AND_ADDRESS)]
    await gate.are_asked(PER_ACCOUNT_AND_ADDRESS)
    answer = await attempt(app, password="right")
    assert said(answer) == refused(429, "Too many log-ins at once. Please try again in 5 seconds.")
    gate.open.set()
    await asyncio.gather(*first)


# Of any length


@pytest.mark.parametrize("name", ["login", "password", "token", "plugin"])
async def test_nothing_is_kept_at_its_own_length(app: TestApp, name: str) -> None:
    """Neither in memory nor in the log."""
    usual = {"plugin": "probe", "login": "abcd", "password": "wrong"}
    size = 2_000_000
    tracemalloc.start()
    try:
        with capture_logs() as logs:
            for number in range(10):
                text = f"{number:04}" + "ä" * size
                assert said(await app.client.post("/auth/login", json={**usual, name: text})) == NOT_VERIFIED
        del text
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < size
    assert all(len(str(line)) < 1000 for line in logs)


# Several workers


def workers(server: Running) -> list[int]:
    """The processes that began to serve, in their order."""
    found = [re.fullmatch(r"Started server process \[(\d+)\]", str(e["event"])) for e in server.events()]
    return [int(match[1]) for match in found if match]


BACKEND = """
backend_name = "strict"

@hookimpl
def register_auth_backends(self, ctx):
    return [Strict(name) for name in ctx.backends]
"""
STRICT = """
from starbeam.auth.backends import AuthBackend

class Strict(AuthBackend):
    async def authenticate(self, credentials):
        return None
"""


def test_workers_count_together(tmp_path: Path) -> None:
    """Also what one of them counted that was killed."""
    site = Site(tmp_path, more='[auth.backends.strict]\nuse = "strict"\n[server]\nworkers = 2\n')
    site.make_database()
    site.add_plugin("strict", BACKEND, STRICT)
    with site.serving("serve", "--config", str(site.config)) as server:

        def attempt(number: int) -> int:  # a new connection each time, so that both workers serve
            body = {"plugin": "strict", "login": "abcd", "password": str(number)}
            url = f"http://127.0.0.1:{server.port}/ispyb/api/v1/auth/login"
            return httpx.post(url, json=body, timeout=60).status_code

        server.wait_for(lambda: len(workers(server)) >= 2)
        with ThreadPoolExecutor(16) as threads:
            found = Counter(threads.map(attempt, range(40)))
        assert found == {401: PER_ACCOUNT_AND_ADDRESS, 429: 40 - PER_ACCOUNT_AND_ADDRESS}
        os.kill(workers(server)[0], signal.SIGKILL)
        assert attempt(41) == 429
        assert server.end() == 0


HOLDS = """
import sys, sqlite3, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
connection.execute("DELETE FROM tries")
print("held", flush=True)
time.sleep(600)
"""


async def test_a_worker_that_is_killed_while_it_counts_stops_nobody() -> None:
    with ratelimit.shared():
        tries = Tries()
        async with tries.counted("abcd", "10.0.0.1"):
            pass
        path = os.environ[ratelimit.FILE]
        holder = subprocess.Popen(  # noqa: ASYNC220 - it starts at once
            [sys.executable, "-c", HOLDS, path], stdout=subprocess.PIPE
        )
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        waiting = asyncio.create_task(tries.counted("abcd", "10.0.0.1").__aenter__())
        await asyncio.sleep(0.1)
        assert not waiting.done()
        holder.kill()
        holder.communicate()
        await waiting
        assert rows(tries) == 1
        tries.close()


def test_without_the_file_a_worker_counts_by_itself() -> None:
    with ratelimit.shared():
        shutil.rmtree(Path(os.environ[ratelimit.FILE]).parent)
        tries = Tries()
        with capture_logs() as logs:
            found = [tried(tries, "abcd", "10.0.0.1") for _ in range(PER_ACCOUNT_AND_ADDRESS + 1)]
        tries.close()
    assert found == [FAILED] * PER_ACCOUNT_AND_ADDRESS + [TOO_MANY]
    assert [line["event"] for line in logs] == ["this worker counts failed log-ins by itself"]
