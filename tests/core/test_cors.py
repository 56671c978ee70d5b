"""Which web pages may call the API: those that a setting names."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.probe import WITH_PROBE

pytestmark = [pytest.mark.anyio, pytest.mark.fix(10)]

ORIGIN = "https://ui.example.org"
ASK = {
    "Access-Control-Request-Method": "PATCH",
    "Access-Control-Request-Headers": "authorization, content-type",
}


async def app_for(make_app: MakeApp, *origins: str) -> TestApp:
    return await make_app("probe", **WITH_PROBE, **{"server.cors_origins": list(origins)})


def cors(answer: httpx.Response) -> dict[str, str]:
    """The headers that tell a browser what a page may do."""
    headers = answer.headers
    return {name: headers[name] for name in headers if name.startswith("access-control-")}


async def preflight(app: TestApp, origin: str, **more: Any) -> httpx.Response:
    return await app.client.options("/probe/bodies", headers={"Origin": origin, **ASK, **more})


async def test_a_page_of_an_origin_that_is_named(make_app: MakeApp) -> None:
    app = await app_for(make_app, "https://other.example.org", ORIGIN)
    answer = await preflight(app, ORIGIN)
    allowed = cors(answer)
    assert answer.status_code == 204
    assert allowed["access-control-allow-origin"] == ORIGIN
    assert allowed["access-control-allow-credentials"] == "true"
    assert allowed["access-control-max-age"] == "600"
    assert "PATCH" in allowed["access-control-allow-methods"]
    assert {"authorization", "content-type"} <= set(allowed["access-control-allow-headers"].split(", "))


async def test_every_answer_says_so_errors_too(make_app: MakeApp) -> None:
    app = await app_for(make_app, ORIGIN)
    headers = await app.as_user("abcd")
    asked = {
        200: app.client.get("/auth/config", headers={"Origin": ORIGIN}),
        401: app.client.get("/probe/who", headers={"Origin": ORIGIN}),
        403: app.client.get("/probe/held", headers={"Origin": ORIGIN, **headers}),
        404: app.client.get("/nothing", headers={"Origin": ORIGIN}),
        405: app.client.put("/probe/bodies", headers={"Origin": ORIGIN}),
        422: app.client.get("/probe/items/x", headers={"Origin": ORIGIN, **headers}),
        500: app.client.get("/probe/fails", headers={"Origin": ORIGIN}),
    }
    for status, asking in asked.items():
        answer = await asking
        assert answer.status_code == status
        assert cors(answer)["access-control-allow-origin"] == ORIGIN, status
        assert cors(answer)["access-control-allow-credentials"] == "true", status
        assert answer.headers["vary"].lower() == "origin"


async def test_a_page_of_another_origin(make_app: MakeApp) -> None:
    app = await app_for(make_app, ORIGIN)
    for origin in ("https://evil.example.org", ORIGIN + ".evil.org", "http://ui.example.org", "null"):
        assert "access-control-allow-origin" not in cors(await preflight(app, origin))
        answer = await app.client.get("/auth/config", headers={"Origin": origin})
        assert (answer.status_code, "access-control-allow-origin" in cors(answer)) == (200, False)


async def test_every_origin_but_without_credentials(make_app: MakeApp) -> None:
    app = await app_for(make_app, "*")
    for answer in (
        await preflight(app, ORIGIN),
        await app.client.get("/probe/who", headers={"Origin": ORIGIN}),
    ):
        assert cors(answer)["access-control-allow-origin"] == "*"
        assert cors(answer).get("access-control-allow-credentials", "false") == "false"


async def test_no_origin_unless_one_is_named(make_app: MakeApp) -> None:
    app = await app_for(make_app)
    assert cors(await preflight(app, ORIGIN)) == {}
    assert cors(await app.client.get("/auth/config", headers={"Origin": ORIGIN})) == {}
