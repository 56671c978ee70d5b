"""Pages: `skip` and `limit`, what they may be, and what a list answers."""

from __future__ import annotations

from typing import Any

import pytest

from starbeam_testing.app import Statements, TestApp
from starbeam_testing.fixtures import MakeApp
from support.answers import invalid, said
from support.probe import WITH_PROBE
from support.schemas import Kind

pytestmark = pytest.mark.anyio

LARGEST = 2**63 - 1


@pytest.fixture
async def app(make_app: MakeApp) -> TestApp:
    return await make_app("probe", **WITH_PROBE)


async def test_what_a_page_may_be(app: TestApp) -> None:
    headers = await app.as_user("abcd")
    expected: dict[str, Any] = {
        "": (200, {"skip": 0, "limit": 25, "unpaged": True}),
        "skip=5&limit=9999": (200, {"skip": 5, "limit": 9999, "unpaged": False}),
        f"skip={LARGEST}&limit={LARGEST}": (200, {"skip": LARGEST, "limit": LARGEST, "unpaged": False}),
        "skip=%2007&limit=%2B8%20": (200, {"skip": 7, "limit": 8, "unpaged": False}),
        "limit=+9": (200, {"skip": 0, "limit": 9, "unpaged": False}),  # the sign is a blank in queries
        f"limit={'9' * 5000}": invalid(["query", "limit"], "Integer value out of range"),
        "limit=1_0": invalid(["query", "limit"], "Expected `int`, got `str`"),
        "skip=-1": invalid(["query", "skip"], "Expected `int` >= 0"),
        "limit=0": invalid(["query", "limit"], "Expected `int` >= 1"),
        "limit=-5": invalid(["query", "limit"], "Expected `int` >= 1"),
        "limit=": invalid(["query", "limit"], "Expected `int`, got `str`"),
        "limit=ten": invalid(["query", "limit"], "Expected `int`, got `str`"),
        "limit=2.5": invalid(["query", "limit"], "Expected `int`, got `str`"),
        f"skip={LARGEST + 1}": invalid(["query", "skip"], f"Expected `int` <= {LARGEST}"),
    }
    found = {
        query: said(await app.client.get(f"/probe/pages?{query}", headers=headers)) for query in expected
    }
    assert found == expected


async def test_a_setting_bounds_the_limit(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE, **{"server.max_limit": 50})
    headers = await app.as_user("abcd")
    assert said(await app.client.get("/probe/pages?limit=50", headers=headers)) == (
        200,
        {"skip": 0, "limit": 50, "unpaged": False},
    )
    assert said(await app.client.get("/probe/pages?limit=51", headers=headers)) == invalid(
        ["query", "limit"], "Input should be less than or equal to 50"
    )


@pytest.mark.four_databases
async def test_pages_of_a_list(app: TestApp) -> None:
    headers = await app.as_user("p1")
    for number in range(2, 8):
        await app.database.person(f"p{number}")

    async def page(query: str) -> tuple[list[int], int, int, int]:
        body = (await app.client.get(f"/probe/people?{query}", headers=headers)).json()
        assert list(body) == ["total", "results", "skip", "limit"]
        return [one["personId"] for one in body["results"]], body["total"], body["skip"], body["limit"]

    assert await page("") == ([1, 2, 3, 4, 5, 6, 7], 7, 0, 25)
    assert await page("limit=3") == ([1, 2, 3], 7, 0, 3)
    assert await page("skip=3&limit=3") == ([4, 5, 6], 7, 3, 3)
    assert await page("skip=6&limit=3") == ([7], 7, 6, 3)
    assert await page("skip=7&limit=3") == ([], 7, 7, 3)
    assert await page(f"skip={LARGEST}&limit={LARGEST}") == ([], 7, LARGEST, LARGEST)
    assert await page("search=nobody") == ([], 0, 0, 25)
    assert await page("search=P7") == ([7], 1, 0, 25)


@pytest.mark.fix(7)
@pytest.mark.four_databases
async def test_search_takes_every_letter_as_it_is(app: TestApp, kind: Kind) -> None:
    headers = await app.as_user("plain")
    logins = ["50%", "a_b", "back\\slash", "bang!", "quote'", "Ärger"]
    for login in logins:
        await app.database.person(login)

    async def found(search: str) -> list[str]:
        answer = await app.client.get("/probe/people", params={"search": search}, headers=headers)
        return [one["login"] for one in answer.json()["results"]]

    assert await found("%") == ["50%"]
    assert await found("_") == ["a_b"]
    swedish = ["Ärger"] if str(kind) == "mariadb-diamond" else []  # latin1_swedish_ci: Ä equals a backslash
    assert await found("\\") == ["back\\slash", *swedish]
    assert await found("!") == ["bang!"]
    assert await found("'") == ["quote'"]
    assert await found("A_B") == ["a_b"]
    assert await found("ärg") == ["Ärger"]
    assert await found("") == ["plain", *logins]


async def test_the_total_is_asked_for_only_where_the_page_does_not_tell_it(app: TestApp) -> None:
    headers = await app.as_user("p1")
    await app.database.person("p2")
    costs = {}
    for query in ("", "limit=1", "skip=1", "skip=2", "limit=2", "search=nobody"):
        with Statements(app) as statements:
            await app.client.get(f"/probe/people?{query}", headers=headers)
        costs[query] = len(statements)
    assert costs == {"": 1, "limit=1": 2, "skip=1": 1, "skip=2": 2, "limit=2": 2, "search=nobody": 1}
