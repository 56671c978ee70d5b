"""`/health/live` and `/health/ready`."""

from __future__ import annotations

import pytest

from starbeam.http import health
from starbeam_testing.app import TestApp, TestDatabase
from starbeam_testing.fixtures import MakeApp
from support.answers import Said, said
from support.probe import WITH_PROBE

pytestmark = pytest.mark.anyio

NOWHERE = "mysql+asyncmy://root:hush@127.0.0.1:1/ispyb"


async def look(app: TestApp, what: str) -> Said:
    return said(await app.client.get(f"http://testserver.local/health/{what}"))


@pytest.mark.four_databases
async def test_all_is_well(make_app: MakeApp) -> None:
    app = await make_app("ispyb", "probe", **WITH_PROBE)
    assert await look(app, "live") == (200, {"status": "ok"})
    assert await look(app, "ready") == (
        200,
        {"status": "ok", "checks": {"database": "ok", "probe.state": "ok"}, "test_system": False},
    )


async def test_a_check_that_fails(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE, **{"plugin.probe.healthy": False})
    checks = {"database": "ok", "probe.state": "The probe is unwell."}
    assert await look(app, "ready") == (503, {"status": "failing", "checks": checks, "test_system": False})
    assert await look(app, "live") == (200, {"status": "ok"})


@pytest.mark.parametrize(("healthy", "status"), [(True, 200), (False, 503)])
async def test_probes_may_ask_with_head(make_app: MakeApp, healthy: bool, status: int) -> None:
    app = await make_app("probe", **WITH_PROBE, **{"plugin.probe.healthy": healthy})
    for what, expected in (("live", 200), ("ready", status)):
        answer = await app.client.head(f"http://testserver.local/health/{what}")
        assert (answer.status_code, answer.content) == (expected, b""), what


async def test_a_check_that_breaks_says_nothing_of_how(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE, **{"plugin.probe.realm": "raises"})
    checks = {"database": "ok", "probe.state": "does not answer"}
    assert await look(app, "ready") == (503, {"status": "failing", "checks": checks, "test_system": False})


async def test_a_check_that_never_ends(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    app = await make_app("probe", **WITH_PROBE, **{"plugin.probe.realm": "sleeps"})
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.05)
    checks = {"database": "ok", "probe.state": "does not answer"}
    assert await look(app, "ready") == (503, {"status": "failing", "checks": checks, "test_system": False})


async def test_the_database_is_away(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE, **{"database.url": NOWHERE})
    checks = {"database": "does not answer", "probe.state": "ok"}
    assert await look(app, "ready") == (503, {"status": "failing", "checks": checks, "test_system": False})
    assert await look(app, "live") == (200, {"status": "ok"})


async def test_the_database_lacks_a_table(make_app: MakeApp, db: TestDatabase) -> None:
    await db.sql("ALTER TABLE AdminVar RENAME TO Elsewhere")
    app = await make_app("probe", **WITH_PROBE)
    status, body = await look(app, "ready")
    assert (status, body["status"]) == (503, "failing")


@pytest.mark.fix(173)
async def test_a_test_system_is_called_one(make_app: MakeApp) -> None:
    backends = {"dummy": {"use": "auth_dummy", "test_system": True}}
    app = await make_app("auth_dummy", **{"auth.backends": backends})
    assert await look(app, "ready") == (
        200,
        {"status": "ok", "checks": {"database": "ok"}, "test_system": True},
    )
    document = (await app.client.get("/openapi.json")).json()
    assert "This is a test system" in document["info"]["description"]
