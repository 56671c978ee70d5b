"""What a caller must bring, and which refusal comes first."""

from __future__ import annotations

import pytest

from starbeam.db.models import AdminVar
from starbeam.registry import handlers_of
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.answers import FORBIDDEN, INVALID_TOKEN, NO_TOKEN, NOT_FOUND, Said, invalid, refused, said
from support.probe import WITH_PROBE

pytestmark = pytest.mark.anyio


@pytest.fixture
async def app(make_app: MakeApp) -> TestApp:
    return await make_app("probe", **WITH_PROBE)


async def test_no_operation_answers_a_stranger_but_the_public_ones(app: TestApp) -> None:
    answers = {}
    for path, handler in handlers_of(app.starbeam.asgi):
        url = "http://testserver.local" + path.replace("{", "").replace("}", "")
        for method in handler.http_methods:
            answers[f"{method} {path}"] = (await app.client.request(method, url)).status_code
    allowed = {operation for operation, status in answers.items() if status != 401}
    root = app.starbeam.settings.server.api_root
    assert {operation.replace(root, "") for operation in allowed if "/docs" not in operation} == {
        "GET /",
        "GET /auth/config",
        "POST /auth/login",
        "GET /openapi.json",
        "GET /health/live",
        "GET /health/ready",
        "HEAD /health/live",
        "HEAD /health/ready",
        "GET /metrics",  # 404 for addresses that no setting names
        "GET /probe/fails",
        "GET /probe/switched",
        "GET /probe/by-query",  # its token is a parameter: 422 without one
    }


async def test_of_several_refusals_the_first(app: TestApp) -> None:
    """401, then 403, then 422, then 404."""
    outsider, insider = await app.as_user("out"), await app.as_user("in", "probe")
    bad = {"params": {"number": "x"}}
    get, post = app.client.get, app.client.post
    wrong = {"Authorization": "Bearer nonsense"}
    assert said(await get("/probe/held", **bad)) == NO_TOKEN
    assert said(await get("/probe/held", **bad, headers=wrong)) == INVALID_TOKEN
    assert said(await get("/probe/held", **bad, headers=outsider)) == FORBIDDEN
    assert said(await get("/probe/held", **bad, headers=insider)) == invalid(
        ["query", "number"], "Expected `int`, got `str`"
    )
    assert said(await post("/probe/held", content=b"{")) == NO_TOKEN
    assert said(await post("/probe/held", content=b"{", headers=outsider)) == FORBIDDEN
    assert said(await post("/probe/held", content=b"{", headers=insider)) == invalid(
        ["body"], "JSON decode error", "json_invalid"
    )
    assert said(await get("/probe/items/x")) == NO_TOKEN


async def test_unknown_routes_are_not_found_for_everybody(app: TestApp) -> None:
    headers = await app.as_user("abcd")
    for path in ("/nothing", "/probe", "/probe/items", "/probe/items/1/2", "/", ""):
        assert said(await app.client.get(path)) == NOT_FOUND
        assert said(await app.client.get(path, headers=headers)) == NOT_FOUND
    assert said(await app.client.get("http://testserver.local/nothing")) == NOT_FOUND


async def test_methods_that_a_route_lacks(app: TestApp) -> None:
    answer = await app.client.put("/probe/bodies", headers=await app.as_user("abcd"))
    assert said(answer) == refused(405, "Method Not Allowed")
    assert sorted(answer.headers["Allow"].replace(" ", "").split(",")) == [
        "DELETE",
        "OPTIONS",
        "PATCH",
        "POST",
    ]
    told = await app.client.options("/probe/bodies")
    assert (told.status_code, told.headers["Allow"]) == (204, "DELETE, OPTIONS, PATCH, POST")
    head = await app.client.head("/probe/who")
    assert (head.status_code, head.content) == (405, b"") or said(head) == refused(405, "Method Not Allowed")
    assert "GET" in head.headers["Allow"]


@pytest.mark.fix(36)
async def test_an_option_switches_routes_off_and_on_while_the_server_runs(app: TestApp) -> None:
    headers = await app.as_user("abcd", "probe")

    async def answers() -> list[Said]:
        held = "/probe/switched/held"
        return [
            said(await app.client.get("/probe/switched")),
            said(await app.client.get(held, headers=headers)),
            said(await app.client.get(held)),
        ]

    assert await answers() == [(200, "on"), (200, "on"), NO_TOKEN]
    await app.database.add(AdminVar, name="probe_on", value="false")
    await app.refresh()
    assert await answers() == [NOT_FOUND] * 3
    await app.database.sql("UPDATE AdminVar SET value = 'true'")
    await app.refresh()
    assert await answers() == [(200, "on"), (200, "on"), NO_TOKEN]


async def test_the_slash_at_the_end_makes_no_difference(app: TestApp) -> None:
    headers = await app.as_user("abcd")
    assert said(await app.client.get("/probe/items/5/", headers=headers)) == (200, 5)


async def test_the_api_root_is_a_setting(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE, **{"server.api_root": "/lims"})
    headers = await app.as_user("abcd")
    assert str(app.client.base_url) == "http://testserver.local/lims/"
    assert said(await app.client.get("/probe/items/5", headers=headers)) == (200, 5)
    signed = await app.client.post("/user/sign", headers=headers, json={"validity": "/lims/probe/items/5"})
    once = {"onetime": signed.json()["token"]}
    assert said(await app.client.get("/probe/items/5", params=once)) == (200, 5)
    old = "http://testserver.local/ispyb/api/v1/probe/items/5"
    assert said(await app.client.get(old, headers=headers)) == NOT_FOUND
