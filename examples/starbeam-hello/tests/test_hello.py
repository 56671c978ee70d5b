"""The plugin on a database of its own; the fixtures come from starbeam-core."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_greets_who_calls(make_app, as_user) -> None:
    app = await make_app("hello", **{"plugin.hello.greeting": "Good morning"})
    answer = await app.client.get("/hello", headers=await as_user(app, "abcd"))
    assert answer.json() == {"login": "abcd", "greeting": "Good morning, abcd"}


async def test_says_hello_without_a_setting(make_app, as_user) -> None:
    app = await make_app("hello")
    answer = await app.client.get("/hello", headers=await as_user(app, "abcd"))
    assert answer.json()["greeting"] == "Hello, abcd"


async def test_greets_nobody_without_a_token(make_app) -> None:
    app = await make_app("hello")
    assert (await app.client.get("/hello")).status_code == 401


async def test_greets_everybody_for_who_may(make_app, as_user) -> None:
    app = await make_app("hello")
    stranger = await as_user(app, "efgh")
    host = await as_user(app, "abcd", "greet_everybody")
    refused = await app.client.get("/hello/everybody", headers=stranger)
    assert (refused.status_code, refused.json()) == (403, {"detail": "Not Authorized"})
    answer = await app.client.get("/hello/everybody?limit=1", headers=host)
    assert answer.json() == {
        "total": 2,
        "results": [{"login": "efgh", "greeting": "Hello, efgh"}],
        "skip": 0,
        "limit": 1,
    }
