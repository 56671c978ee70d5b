"""Errors: `{"detail": …}`, with the place of what is wrong and nothing of the inside."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from structlog.testing import capture_logs

from starbeam_testing.app import TestApp, TestDatabase
from starbeam_testing.fixtures import MakeApp
from support.answers import Said, invalid, refused, said
from support.probe import INSIDE, WITH_PROBE

pytestmark = pytest.mark.anyio

AWAY = refused(503, "The database is not available. Please try again in a few seconds.")
UNDECIDED = refused(
    503,
    "The database did not say whether it stored this. Please look whether it is there before you send it"
    " again.",
)
NOT_JSON = invalid(["body"], "JSON decode error", "json_invalid")
TAKEN: dict[str, Any] = {
    "number": None,
    "flag": False,
    "maybe": None,
    "text": None,
    "word": "",
    "day": None,
    "colour": None,
    "proposal": None,
    "session": None,
}


class Caller:
    """Somebody who is logged in."""

    def __init__(self, app: TestApp, headers: dict[str, str]) -> None:
        self.app = app
        self.headers = headers

    async def get(self, path: str) -> Said:
        return said(await self.app.client.get(path, headers=self.headers))

    async def taken(self, query: str) -> Said:
        return await self.get(f"/probe/taken?{query}")

    async def send(self, content: Any, kind: str | None = "application/json", method: str = "POST") -> Said:
        headers = {**self.headers, **({"Content-Type": kind} if kind else {})}
        return said(await self.app.client.request(method, "/probe/bodies", content=content, headers=headers))


@pytest.fixture
async def caller(make_app: MakeApp) -> Caller:
    app = await make_app("probe", **WITH_PROBE)
    return Caller(app, await app.as_user("abcd"))


def taken(**changed: Any) -> Said:
    return 200, {**TAKEN, **changed}


async def test_parameters_that_hold(caller: Caller) -> None:
    """Unknown ones are ignored, of repeated ones the last counts."""
    assert await caller.taken("") == taken()
    assert await caller.taken("unknown=1&other[]=2&number=5&number=7") == taken(number=7)
    assert await caller.taken("text=a%20b%2B%25%26&day=2026-01-31&colour=red") == taken(
        text="a b+%&", day="2026-01-31", colour="red"
    )
    assert await caller.taken("proposal=mx1234&session=mx1234-5") == taken(
        proposal="mx1234", session="mx1234-5"
    )
    assert await caller.taken("number=-9223372036854775808") == taken(number=-(2**63))
    assert await caller.taken("number=%20-007&text=%20-007") == taken(number=-7, text=" -007")
    assert await caller.taken("text=") == taken(text="")


async def test_null_is_no_value(caller: Caller) -> None:
    """Taken for nothing it would be a filter that is not given, and show all rows."""
    for name in ("number", "flag", "maybe", "day", "colour"):
        for word in ("null", "NULL", "%6Eull"):
            wanted = invalid(["query", name], "Expected a value, got `null`")
            assert await caller.taken(f"text=a&{name}={word}") == wanted
    assert await caller.get("/probe/pages?limit=null") == invalid(
        ["query", "limit"], "Expected a value, got `null`"
    )
    assert await caller.taken("text=null&unknown=null") == taken(text="null")


async def test_booleans_in_every_spelling(caller: Caller) -> None:
    for value, words in ((True, "true t 1 yes y on"), (False, "false f 0 no n off")):
        for word in words.split():
            for spelled in (word, word.upper(), word.capitalize()):
                assert await caller.taken(f"flag={spelled}&maybe={spelled}") == taken(flag=value, maybe=value)
    assert await caller.taken("text=yes&flag=on") == taken(text="yes", flag=True)
    assert await caller.taken("text=t&flag=t&word=n") == taken(text="t", flag=True, word="n")
    for wrong in ("2", "ye", "maybe", "", "tru", "-1", "null"):
        status, body = await caller.taken(f"flag={wrong}")
        assert (status, body["detail"][0]["loc"]) == (422, ["query", "flag"])


async def test_parameters_that_do_not_hold(caller: Caller) -> None:
    """Each with its place, and all of a request at once where there are several."""
    wrong = {
        "number=x": invalid(["query", "number"], "Expected `int | null`, got `str`"),
        "number=1.5": invalid(["query", "number"], "Expected `int | null`, got `str`"),
        "number=": invalid(["query", "number"], "Expected `int | null`, got `str`"),
        "number=nan": invalid(["query", "number"], "Expected `int | null`, got `str`"),
        "number=99999999999999999999": invalid(["query", "number"], "Expected `int` <= 9223372036854775807"),
        "number=-99999999999999999999": invalid(
            ["query", "number"], "Expected `int` >= -9223372036854775808"
        ),
        "word=toolong": invalid(["query", "word"], "Expected `str` of length <= 5"),
        "day=2026-02-30": invalid(["query", "day"], "Invalid RFC3339 encoded date"),
        "colour=blue": invalid(["query", "colour"], "Invalid enum value 'blue'"),
        "proposal=mx": invalid(["query", "proposal"], "Expected `str` matching regex '^(\\\\w|-)+\\\\d+$'"),
        "session=mx1": invalid(
            ["query", "session"], "Expected `str` matching regex '^(\\\\w|-)+\\\\d+-\\\\d+$'"
        ),
    }
    found = {query: await caller.taken(query) for query in wrong}
    assert found == wrong
    status, body = await caller.taken("number=x&word=toolong")
    assert (status, [one["loc"] for one in body["detail"]]) == (422, [["query", "number"], ["query", "word"]])
    assert await caller.get("/probe/needed") == invalid(["query", "number"], "Field required", "missing")
    assert await caller.get("/probe/items/x") == invalid(["path", "itemId"], "Expected `int`, got `str`")
    assert await caller.get("/probe/items/99999999999999999999") == invalid(
        ["path", "itemId"], "Expected `int` <= 9223372036854775807"
    )


async def test_the_place_of_a_wrong_path_is_the_path(caller: Caller) -> None:
    """Also where the query has something of the same name."""
    wrong = invalid(["path", "itemId"], "Expected `int`, got `str`")
    assert await caller.get("/probe/items/x?itemId=1") == wrong
    assert await caller.get("/probe/items/history?itemId=x&itemId=2") == wrong


async def test_bodies_that_hold(caller: Caller) -> None:
    """Unknown fields are ignored, of repeated ones the last counts, whatever the content type says."""
    body = b'{"name": "a", "unknown": [1], "name": "b", "parts": [{"size": 1, "more": 2}]}'
    expected = {"name": "b", "parts": [{"size": 1, "label": ""}], "one": None}
    for kind in ("application/json", "application/json; charset=utf-8", "text/plain", None):
        assert await caller.send(body, kind) == (201, expected)
    assert await caller.send(body, method="PATCH") == (200, expected)


async def test_values_of_another_type_that_mean_one_of_the_right_type(caller: Caller) -> None:
    """As pydantic took them: numbers for texts, 0 and 1 for booleans, and texts for numbers; at any depth."""
    body = (
        b'\xef\xbb\xbf{"name": 12345, "one": {"size": 2.0},'
        b' "parts": [{"size": " 7 ", "label": 1.5}, {"size": true, "label": false}]}'
    )
    parts = [{"size": 7, "label": "1.5"}, {"size": 1, "label": "False"}]
    wanted = (201, {"name": "12345", "parts": parts, "one": {"size": 2, "label": ""}})
    assert await caller.send(body) == wanted
    for encoding in ("utf-16", "utf-16-le", "utf-32-be"):
        assert await caller.send(body.decode("utf-8-sig").encode(encoding)) == wanted
    assert await caller.send(b'{"name": -3, "parts": null}') == invalid(
        ["body", "parts"], "Expected `array`, got `null`"
    )
    assert await caller.send(b'{"name": "a", "one": {"size": 1, "label": 12345678901}}') == invalid(
        ["body", "one", "label"], "Expected `str` of length <= 10"
    )


async def test_bodies_that_do_not_hold(caller: Caller) -> None:
    nested = b'{"name": "a", "parts": [{"size": 1}, {"size": %s}]}'
    wrong = {
        b"{}": invalid(["body", "name"], "Field required", "missing"),
        b'{"name": null}': invalid(["body", "name"], "Expected `str`, got `null`"),
        b'{"name": [5]}': invalid(["body", "name"], "Expected `str`, got `array`"),
        b'{"name": "a", "parts": {}}': invalid(["body", "parts"], "Expected `array`, got `object`"),
        nested % b'"x"': invalid(["body", "parts", 1, "size"], "Value should be a whole number"),
        nested % b'"1e1"': invalid(["body", "parts", 1, "size"], "Value should be a whole number"),
        nested % b"101": invalid(["body", "parts", 1, "size"], "Expected `int` <= 100"),
        nested % b"1e400": NOT_JSON,
        b'{"name": "a", "parts": [{}]}': invalid(["body", "parts", 0, "size"], "Field required", "missing"),
        b'{"name": "a", "one": {"size": 1, "label": "12345678901"}}': invalid(
            ["body", "one", "label"], "Expected `str` of length <= 10"
        ),
        b"[]": invalid(["body"], "Expected `object`, got `array`"),
        b"null": invalid(["body"], "Expected `object`, got `null`"),
        b'"text"': invalid(["body"], "Expected `object`, got `str`"),
        b"": invalid(["body"], "Field required", "missing"),
        b"{": NOT_JSON,
        b'{"name": "a"': NOT_JSON,
        b'{"name": "a"} x': NOT_JSON,
        b"{'name': 'a'}": NOT_JSON,
        b'{"name": NaN}': NOT_JSON,
        b"name=a": NOT_JSON,
        b"\xff\xfe": invalid(["body"], "Field required", "missing"),  # nothing, in UTF-16
        b"\xff\xfe{": NOT_JSON,
        b'{"name": "\xff"}': NOT_JSON,
        b'{"name": "\\ud800"}': NOT_JSON,
        b"[" * 100_000: NOT_JSON,
    }
    found = {content: await caller.send(content) for content in wrong}
    assert {key[:60]: value for key, value in found.items()} == {
        key[:60]: value for key, value in wrong.items()
    }


async def test_strange_letters_are_never_an_error_of_the_server(caller: Caller) -> None:
    """NUL, half of a surrogate pair, bytes that are no UTF-8: in the path, the query and the body."""
    get = caller.get
    for escaped in ("%00", "%ed%a0%80", "%ff", "%f0%9f%98%80", "a%2Fb", "%0a"):
        statuses = [
            (await get(f"/probe/names/{escaped}"))[0],
            (await get(f"/probe/items/{escaped}"))[0],
            (await caller.taken(f"text={escaped}"))[0],
            (await caller.taken(f"{escaped}=1&flag=yes"))[0],
            (await get(f"/probe/people?search={escaped}"))[0],
            (await get(f"/{escaped}"))[0],
        ]
        assert not {status for status in statuses if status not in (200, 404, 422)}, (escaped, statuses)
    assert await caller.send(b'{"name": "a\\u0000b"}') == (201, {"name": "a\0b", "parts": [], "one": None})


async def test_a_body_that_is_too_large(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE, **{"server.max_body": 100})
    caller = Caller(app, await app.as_user("abcd"))
    assert (await caller.send(b'{"name": "%s"}' % (b"x" * 80)))[0] == 201
    too_large = refused(413, "Request Entity Too Large")
    assert await caller.send(b'{"name": "%s"}' % (b"x" * 200)) == too_large

    async def chunks() -> Any:
        for _ in range(10):
            yield b" " * 50

    assert await caller.send(chunks()) == too_large


@pytest.mark.fix(9)
@pytest.mark.four_databases
async def test_an_error_of_the_program_shows_nothing_of_it(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE)
    headers = await app.as_user("abcd")
    with capture_logs() as logs:
        answer = await app.client.get("/probe/fails", headers={**headers, "X-Request-ID": "abc-1"})
    assert said(answer) == refused(500, "Internal server error. The administrator finds it as request abc-1.")
    assert answer.headers["X-Request-ID"] == "abc-1"
    (line,) = [line for line in logs if line["event"] == "unexpected error"]
    assert INSIDE in str(line["exc_info"])


@pytest.mark.four_databases
async def test_a_statement_that_the_database_refuses_is_one_line(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE)
    headers = await app.as_user("abcd")
    with capture_logs() as logs:
        answer = await app.client.get("/probe/sql-fails", headers=headers)
    assert said(answer) == refused(501, "This database has no table or column for it.")
    (line,) = [line for line in logs if line["log_level"] in ("warning", "error")]
    assert line["event"] == "database lacks what a statement names"
    assert "vault" in line["error"]
    assert "exc_info" not in line


async def test_a_request_without_an_id_gets_one(caller: Caller) -> None:
    answer = await caller.app.client.get("/probe/fails")
    name = answer.headers["X-Request-ID"]
    assert len(name) == 32
    assert said(answer) == refused(
        500, f"Internal server error. The administrator finds it as request {name}."
    )


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_the_database_is_away(make_app: MakeApp) -> None:
    url = f"mysql+asyncmy://root:hush@127.0.0.1:{unused_port()}/ispyb"
    app = await make_app("probe", **WITH_PROBE, **{"database.url": url})
    headers = app.token("abcd", 1)
    with capture_logs() as logs:
        answers = [
            await app.client.get("/probe/people", headers=headers),
            await app.client.get("/user/current", headers=headers),
            await app.client.get("/probe/who", params={"onetime": "abc"}),
            await app.client.post("/user/sign", headers=headers, json={"validity": "/x"}),
            await app.client.post("/auth/login", json={"plugin": "probe", "login": "a", "password": "b"}),
        ]
    assert [said(answer) for answer in answers] == [AWAY] * 5
    assert {answer.headers["Retry-After"] for answer in answers} == {"5"}
    assert "hush" not in str(logs)
    assert (await app.client.get("/auth/config")).status_code == 200
    assert (await app.client.get("/openapi.json")).status_code == 200


@pytest.mark.on("sqlite-union", "mariadb-union")
async def test_the_database_lacks_tables(make_app: MakeApp, db: TestDatabase) -> None:
    """As long as it does; the server heals without a new start."""
    await db.sql("ALTER TABLE AdminVar RENAME TO Elsewhere")
    app = await make_app("probe", **WITH_PROBE)
    answer = await app.client.get("/probe/people", headers=app.token("abcd", 1))
    assert answer.headers["Retry-After"] == "5"
    assert said(answer) == refused(
        503,
        "The database lacks tables that this server needs."
        " Its administrator finds them with `starbeam db check`.",
    )
    await db.sql("ALTER TABLE Elsewhere RENAME TO AdminVar")
    assert (await app.client.get("/probe/people", headers=app.token("abcd", 1))).status_code == 200


@pytest.mark.on("mariadb-union")
async def test_a_statement_that_takes_too_long(make_app: MakeApp) -> None:
    app = await make_app("probe", **WITH_PROBE, **{"database.statement_timeout": 0.5})
    headers = await app.as_user("abcd")
    answer = await app.client.get("/probe/sleeps", headers=headers)
    assert said(answer) == refused(
        503, "The database took too long to answer. Please narrow the request or try again."
    )
    assert answer.headers["Retry-After"] == "5"
    assert (await app.client.get("/probe/people", headers=headers)).status_code == 200


@pytest.mark.on("mariadb-union")
async def test_a_connection_that_is_cut_before_the_commit(caller: Caller, db: TestDatabase) -> None:
    answer = await caller.app.client.post("/probe/cut", headers=caller.headers)
    assert said(answer) == UNDECIDED
    assert answer.headers["retry-after"] == "5"
    assert await db.sql("SELECT COUNT(*) FROM Person WHERE login = 'half'") == [(0,)]
