"""Failed log-ins are limited by account and by address; an address is what a trusted proxy says."""

from __future__ import annotations

import httpx
import pytest

from starbeam.auth.ratelimit import (
    PER_ACCOUNT,
    PER_ACCOUNT_AND_ADDRESS,
    PER_ADDRESS,
    REMEMBERED,
    WINDOW,
    Failures,
)
from starbeam.testing.app import TestApp
from starbeam.testing.fixtures import MakeApp
from support.answers import NOT_VERIFIED, Said, refused, said
from support.probe import WITH_PROBE

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


def count(failures: Failures, account: str, address: str) -> str:
    """How a check goes."""
    try:
        failures.check(account, address)
    except Exception as error:
        return type(error).__name__
    return "ok"


def test_an_account_from_many_addresses() -> None:
    failures = Failures(lambda: 0.0)
    for number in range(PER_ACCOUNT):
        assert count(failures, "abcd", f"10.0.{number}.1") == "ok"
        failures.add("abcd", f"10.0.{number}.1")
    assert count(failures, "Abcd", "10.1.1.1") == "TooManyRequestsException"
    assert count(failures, "efgh", "10.1.1.1") == "ok"


def test_failures_count_for_a_while() -> None:
    now = [0.0]
    failures = Failures(lambda: now[0])
    for _ in range(PER_ACCOUNT_AND_ADDRESS):
        failures.add("abcd", "10.0.0.1")
        now[0] += 1
    assert count(failures, "abcd", "10.0.0.1") == "TooManyRequestsException"
    now[0] = WINDOW
    assert count(failures, "abcd", "10.0.0.1") == "ok"


def test_what_is_remembered_is_bounded() -> None:
    failures = Failures(lambda: 0.0)
    for number in range(REMEMBERED):
        failures.add(f"user{number}", "10.0.0.1")
    assert len(failures._times) == REMEMBERED


def test_an_account_named_as_an_address_is_not_mixed_up() -> None:
    failures = Failures(lambda: 0.0)
    for _ in range(PER_ADDRESS):
        failures.add("10.0.0.1", "10.0.0.2")
    assert count(failures, "abcd", "10.0.0.1") == "ok"
