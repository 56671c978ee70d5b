"""Lists as CSV: all rows that match, read back by Python's own reader."""

from __future__ import annotations

import csv
from io import StringIO

import httpx
import pytest

from starbeam.db.models import Person
from starbeam_testing.app import Statements, TestApp
from starbeam_testing.fixtures import MakeApp
from support.answers import invalid, said
from support.probe import WITH_PROBE

pytestmark = pytest.mark.anyio

PEOPLE = "/probe/people"


@pytest.fixture
async def app(make_app: MakeApp) -> TestApp:
    return await make_app("probe", **WITH_PROBE)


async def ask(app: TestApp, path: str, accept: str = "text/csv") -> httpx.Response:
    headers = await app.as_user("first")
    return await app.client.get(path, headers={**headers, "Accept": accept})


async def lines(app: TestApp, path: str) -> list[list[str]]:
    answer = await ask(app, path)
    assert answer.status_code == 200, answer.text
    return list(csv.reader(StringIO(answer.text, newline=""), strict=True))


async def test_what_is_sent(app: TestApp) -> None:
    await app.database.person('quo"te, and comma', passwd="two\nlines")
    answer = await ask(app, PEOPLE)
    assert answer.content == (b'personId,login,passwd\r\n1,"quo""te, and comma","two\nlines"\r\n2,first,\r\n')
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == 'attachment; filename="probe-people.csv"'
    assert answer.headers["vary"] == "Accept"
    assert await lines(app, PEOPLE) == [
        ["personId", "login", "passwd"],
        ["1", 'quo"te, and comma', "two\nlines"],
        ["2", "first", ""],
    ]
    assert await lines(app, PEOPLE + "?search=nobody") == [["personId", "login", "passwd"]]


async def test_who_does_not_ask_for_it_gets_json(app: TestApp) -> None:
    given = {
        "*/*": False,
        "application/json": False,
        "text/html,application/xhtml+xml,*/*;q=0.8": False,
        "application/json, text/csv;q=0.9": False,
        "image/png": False,
        "": False,
        "text/": False,
        "text": False,
        "text/csv;q=x": True,
        "text/csv": True,
        "text/*": True,
        "Text/CSV": True,
        "text/csv; header=present": True,
        "text/csv, application/json;q=0.5": True,
    }
    kinds = {
        accept: (await ask(app, PEOPLE, accept)).headers["content-type"].startswith("text/csv")
        for accept in given
    }
    assert kinds == given
    assert (await ask(app, "/probe/who")).headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+49 6151", "'+49 6151"),
        ("+5", "'+5"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\r=x", "'\r=x"),
        ("-1+cmd|' /C calc'!A0", "'-1+cmd|' /C calc'!A0"),
        ("--1", "'--1"),
        ("-", "'-"),
        ("-1.5e-3", "-1.5e-3"),
        ("-12", "-12"),
        ("a=1", "a=1"),
        ("'=1", "'=1"),
        ("Ärger", "Ärger"),
    ],
)
async def test_no_text_is_a_formula(app: TestApp, text: str, cell: str) -> None:
    await app.database.person(text)
    assert (await lines(app, PEOPLE))[1] == ["1", cell, ""]


async def test_all_rows_come_a_part_at_a_time(app: TestApp) -> None:
    await app.database.add(Person, *({"login": f"p{number}"} for number in range(1, 2001)))
    await ask(app, PEOPLE + "?limit=1")  # adds who asks, as the last
    with Statements(app) as statements:
        found = await lines(app, PEOPLE)
    assert [row[0] for row in found[1:]] == [str(number) for number in range(1, 2002)]
    assert len(statements) <= 10  # five parts, four of which are full and so may count
    for query, ids in {
        "skip=1999": [2000, 2001],
        "skip=10&limit=3": [11, 12, 13],
        "limit=1000": list(range(1, 1001)),
        "skip=499&limit=502": list(range(500, 1002)),
        "skip=5000": [],
        f"skip={2**63 - 1}&limit={2**63 - 1}": [],
    }.items():
        assert [int(row[0]) for row in (await lines(app, f"{PEOPLE}?{query}"))[1:]] == ids


async def test_no_more_than_a_connection_is_held(make_app: MakeApp) -> None:
    one = {"database.pool_size": 1, "database.max_overflow": 0}
    app = await make_app("probe", **WITH_PROBE, **one)
    await app.database.add(Person, *({"login": f"p{number}"} for number in range(1, 1001)))
    assert len(await lines(app, PEOPLE)) == 1002


async def test_what_is_wrong_is_answered_as_ever(app: TestApp) -> None:
    assert said(await ask(app, PEOPLE + "?limit=0")) == invalid(["query", "limit"], "Expected `int` >= 1")
    assert (await app.client.get(PEOPLE, headers={"Accept": "text/csv"})).status_code == 401


async def test_a_setting_bounds_only_a_limit_that_is_given(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE, **{"server.max_limit": 30})
    await app.database.add(Person, *({"login": f"p{number}"} for number in range(40)))
    assert len(await lines(app, PEOPLE)) == 42
    assert (await ask(app, PEOPLE + "?limit=31")).status_code == 422
