"""Permissions and options as a worker last read them: changes count within a refresh, without a new token
and without a query per request."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

import starbeam.app
from starbeam.db.models import AdminVar
from starbeam_testing.app import Statements, TestApp
from starbeam_testing.fixtures import MakeApp
from support.answers import FORBIDDEN, NOT_FOUND, Said, said
from support.probe import WITH_PROBE

pytestmark = pytest.mark.anyio

HELD = (200, 0)


async def held(app: TestApp, headers: dict[str, str]) -> Said:
    return said(await app.client.get("/probe/held", headers=headers))


async def switched(app: TestApp) -> Said:
    return said(await app.client.get("/probe/switched"))


async def becomes(expected: Said, ask: Callable[[], Awaitable[Said]]) -> bool:
    """Whether the answer is this one before long."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if await ask() == expected:
            return True
        await asyncio.sleep(0.02)
    return False


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refresh more often than in the field."""
    monkeypatch.setattr(starbeam.app, "REFRESH_SECONDS", 0.05)


def test_a_refresh_is_seconds_away() -> None:
    assert starbeam.app.REFRESH_SECONDS <= 5


@pytest.mark.four_databases
@pytest.mark.usefixtures("often")
async def test_a_grant_and_its_end_count_without_a_new_token(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE)
    person = await app.database.person("abcd")
    headers = app.token("abcd", person)
    assert await held(app, headers) == FORBIDDEN
    await app.database.grant(person, "probe")
    assert await becomes(HELD, lambda: held(app, headers))
    await app.database.sql("DELETE FROM UserGroup_has_Person")
    assert await becomes(FORBIDDEN, lambda: held(app, headers))


@pytest.mark.fix(38)
@pytest.mark.usefixtures("often")
async def test_every_worker_sees_a_change(make_app: MakeApp) -> None:
    first, second = [await make_app("probe", **WITH_PROBE) for _ in range(2)]
    assert [await switched(app) for app in (first, second)] == [(200, "on")] * 2
    await first.database.add(AdminVar, name="probe_on", value="false")
    assert await becomes(NOT_FOUND, lambda: switched(first))
    assert await becomes(NOT_FOUND, lambda: switched(second))


async def test_a_token_does_not_say_what_its_person_may_do(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE)
    person = await app.database.person("abcd")
    assert await held(app, app.token("abcd", person, "probe", "all_proposals")) == FORBIDDEN


async def test_a_setting_believes_the_token(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE, **{"auth.trust_token_claims": True})
    person = await app.database.person("abcd", "all_proposals")
    await app.refresh()
    assert await held(app, app.token("abcd", person)) == FORBIDDEN
    token = app.token("abcd", person, "probe", "probe")
    assert await held(app, token) == HELD
    assert (await app.client.get("/user/current", headers=token)).json()["Permissions"] == ["probe"]


@pytest.mark.fix(14)
async def test_a_permission_of_two_groups_counts_once(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE)
    person = await app.database.person("abcd", "probe", "b")
    await app.database.sql(
        "INSERT INTO UserGroup_has_Permission (userGroupId, permissionId)"
        " SELECT 2, permissionId FROM Permission WHERE type = 'probe'"
    )
    await app.refresh()
    body = (await app.client.get("/user/current", headers=app.token("abcd", person))).json()
    assert body["Permissions"] == ["b", "probe"]


async def test_a_request_asks_memory(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE)
    headers = await app.as_user("abcd", "probe")
    with Statements(app) as statements:
        assert await held(app, headers) == HELD
    assert statements.texts == []


@pytest.mark.usefixtures("often")
async def test_while_the_database_is_broken_the_last_ones_hold(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE)
    headers = await app.as_user("abcd", "probe")
    with capture_logs() as logs:
        await app.database.sql("ALTER TABLE AdminVar RENAME TO Elsewhere")
        async with asyncio.timeout(60):
            while all(line["event"] == "request" for line in logs):  # noqa: ASYNC110 - a refresh fails
                await asyncio.sleep(0.02)
        assert await held(app, headers) == HELD
        await app.database.sql("DELETE FROM UserGroup_has_Person")
        await app.database.sql("ALTER TABLE Elsewhere RENAME TO AdminVar")
        assert await becomes(FORBIDDEN, lambda: held(app, headers))
    events = [line["event"] for line in logs if line["event"] != "request"]
    assert len(events) == 2  # one line for the whole outage, one for its end
    assert events[1] == "database works again"
