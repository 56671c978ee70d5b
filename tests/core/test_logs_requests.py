"""One line in the log for each request, with its id, and without what it must not hold."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from starbeam.db.models import AdminVar
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.probe import WITH_PROBE

pytestmark = pytest.mark.anyio

ROOT = "/ispyb/api/v1"


@pytest.fixture
async def app(make_app: MakeApp) -> TestApp:
    return await make_app("probe", **WITH_PROBE)


async def line(app: TestApp, path: str, **request: Any) -> dict[str, Any]:
    """What the log says of a request, without how long it took."""
    with capture_logs(processors=[merge_contextvars]) as logs:
        await app.client.get(path, headers={"X-Request-ID": "r-1", **request.pop("headers", {})}, **request)
    (found,) = [dict(one) for one in logs if one["event"] == "request"]
    assert found.pop("milliseconds") >= 0
    return found


async def test_what_a_line_says(app: TestApp) -> None:
    headers = await app.as_user("abcd")
    about = {
        "event": "request",
        "log_level": "info",
        "request_id": "r-1",
        "method": "GET",
        "address": "127.0.0.1",
    }
    by_probe = {**about, "plugin": "probe"}
    assert await line(app, "/probe/items/5", headers=headers) == {
        **by_probe,
        "route": f"{ROOT}/probe/items/{{itemId}}",
        "status": 200,
        "person": "abcd",
    }
    assert await line(app, "/probe/held", headers=headers) == {
        **by_probe,
        "route": f"{ROOT}/probe/held",
        "status": 403,
        "person": "abcd",
    }
    assert await line(app, "/probe/who") == {**by_probe, "route": f"{ROOT}/probe/who", "status": 401}
    assert await line(app, "/nothing/secret") == {**about, "route": "unknown", "status": 404}
    assert await line(app, "/auth/config") == {
        **about,
        "plugin": "core",
        "route": f"{ROOT}/auth/config",
        "status": 200,
    }
    assert await line(app, "/probe/fails") == {**by_probe, "route": f"{ROOT}/probe/fails", "status": 500}


@pytest.mark.fix(127)
async def test_tokens_do_not_get_into_the_log(app: TestApp) -> None:
    headers = await app.as_user("abcd")
    token = headers["Authorization"].removeprefix("Bearer ")
    once = (await app.client.post("/user/sign", headers=headers, json={"validity": "/probe/who"})).json()[
        "token"
    ]
    with capture_logs() as logs:
        await app.client.get(f"/probe/by-path/{token}/who")
        await app.client.get("/probe/by-query", params={"token": token})
        await app.client.get("/probe/who", params={"onetime": once})
        await app.client.get("/probe/taken", params={"number": "x", "onetime": once}, headers=headers)
    assert [one["status"] for one in logs] == [200, 200, 200, 422]
    assert token not in str(logs)
    assert once not in str(logs)


async def test_the_id_of_a_request(app: TestApp) -> None:
    """The client's own where it is a plain word; else a new one each."""

    async def id_for(sent: str | bytes) -> str:
        answer = await app.client.get("/auth/config", headers={"X-Request-ID": sent})
        return answer.headers["X-Request-ID"]

    for good in ("abc", "A-1.b_2", "x" * 64):
        assert await id_for(good) == good
    made = [await id_for(bad) for bad in ("", "a b", "x" * 65, "a;b", b"\xff", "a\tb")]
    assert len({*made}) == 6
    assert {len(one) for one in made} == {32}


@pytest.mark.fix(35)
@pytest.mark.four_databases
async def test_statements_are_logged_when_an_option_says_so(app: TestApp) -> None:
    headers = await app.as_user("abcd")
    with capture_logs() as logs:
        await app.client.get("/probe/people", params={"search": "bcd"}, headers=headers)
    assert [one["event"] for one in logs] == ["request"]
    await app.database.add(AdminVar, name="query_debug", value="true")
    await app.refresh()
    with capture_logs(processors=[merge_contextvars]) as logs:
        await app.client.get(
            "/probe/people", params={"search": "bcd"}, headers={**headers, "X-Request-ID": "r-2"}
        )
    (found,) = [one for one in logs if one["event"] == "statement"]
    assert found["request_id"] == "r-2"
    assert found["milliseconds"] > 0
    assert "Person" in found["sql"]
    assert "%bcd%" in str(found["parameters"])
    await app.database.sql("UPDATE AdminVar SET value = 'false'")
    await app.refresh()
    with capture_logs() as logs:
        await app.client.get("/probe/people", headers=headers)
    assert [one["event"] for one in logs] == ["request"]
