"""`starbeam call` and `ispyb.rest`: the API from the command line, as whoever may log in."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from starbeam.cli.group import cli
from starbeam.db.sqlite import Connection
from starbeam_pyispyb.call import _all_pages
from starbeam_pyispyb.commands import rest
from support.commands import Running, Site, free_port

OWN = """
backend_name = "{0}"
@hookimpl
def register_auth_backends(self, ctx):
    return [Backend("{0}")]
"""
HEAD = """
from starbeam.auth.backends import AuthBackend, Identity
class Backend(AuthBackend):
    async def authenticate(self, credentials):
        if credentials.token == "ticket-of-abcd" or credentials.password == "pass-word":
            return Identity(credentials.login or "abcd")
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site of the persons abcd and efgh, with the backends dummy and office."""
    folder = tmp_path_factory.mktemp("site")
    url = f"sqlite+aiosqlite:///{folder}/union.db"
    site = Site(folder, plugins=["auth_dummy", "ispyb", "admin"], url=url)
    site.add_plugin("office", OWN.format("office"), HEAD)
    site.make_database()
    with sqlite3.connect(site.folder / "union.db", factory=Connection) as connection:
        connection.executemany("INSERT INTO Person (login) VALUES (?)", [("abcd",), ("efgh",)])
    return site


@pytest.fixture(scope="module")
def running(site: Site) -> Iterator[Running]:
    assert site.invoke("admin", "grant", "efgh", "manage_groups").exit_code == 0
    with site.serving("serve", "--config", str(site.config)) as server:
        yield server


def call(running: Running, *words: str, given: str | None = None) -> Result:
    server = f"http://127.0.0.1:{running.port}/ispyb/api/v1"
    return CliRunner().invoke(cli, ["call", *words, "--server", server], input=given)


def test_an_answer_is_written_to_a_file(running: Running, tmp_path: Path) -> None:
    file = tmp_path / "page.css"
    result = call(running, f"http://127.0.0.1:{running.port}/docs/assets/page.css", "--output", str(file))
    assert (result.exit_code, result.stdout) == (0, "")
    assert file.read_bytes() == running.get("/docs/assets/page.css").content
    refused = call(running, "/admin/groups", "--output", str(tmp_path / "groups.json"))
    assert (refused.exit_code, "detail" in refused.stdout) == (1, True)
    assert not (tmp_path / "groups.json").exists()


def old(running: Running, *words: str) -> Result:
    return CliRunner().invoke(rest, [*words, "-b", f"127.0.0.1:{running.port}"])


def who(result: Result) -> str:
    """The login that /user/current told."""
    assert result.exit_code == 0, result.output
    login: str = json.loads(result.stdout)["login"]
    return login


def test_prints_status_length_and_indented_json(running: Running) -> None:
    result = call(running, "/auth/config")
    assert result.exit_code == 0
    plugins = [{"name": "dummy", "config": {}}, {"name": "office", "config": {}}]
    assert json.loads(result.stdout) == {"plugins": plugins}
    assert result.stdout.startswith('{\n  "plugins": [\n')
    length = len(json.dumps({"plugins": plugins}, separators=(",", ":")))
    assert result.stderr.startswith(f"200 OK, {length} bytes, ")


@pytest.mark.fix(163)
def test_logs_in_with_any_backend_or_a_token(running: Running, site: Site) -> None:
    assert who(call(running, "user/current", "-l", "abcd")) == "abcd"  # dummy is the default
    office = ("/user/current", "--plugin", "office")
    assert who(call(running, *office, "-l", "efgh", "--password", "pass-word")) == "efgh"
    assert who(call(running, *office, "-l", "efgh", given="pass-word\n")) == "efgh"
    assert who(call(running, *office, "--provider-token", "ticket-of-abcd")) == "abcd"
    token = site.invoke("token", "efgh").stdout.strip()
    assert who(call(running, "/user/current", "--token", token)) == "efgh"
    assert who(old(running, "/user/current", "--plugin", "office", "--password", "pass-word")) == "abcd"
    assert who(old(running, "/user/current", "--token", token)) == "efgh"


def test_the_old_command_takes_its_old_arguments(running: Running) -> None:
    assert who(old(running, "/user/current")) == "abcd"
    assert who(old(running, "/user/current", "-a")) == "efgh"
    assert who(old(running, "/user/current", "-l", "efgh", "-r", "ispyb/api/v1/")) == "efgh"
    assert who(old(running, f"http://127.0.0.1:{running.port}/ispyb/api/v1/user/current")) == "abcd"
    made = old(running, "/admin/groups", "-a", "-m", "post", "-d", '{"name": "readers"}')
    assert (made.exit_code, json.loads(made.stdout)["name"]) == (0, "readers")


def test_bodies_come_from_the_line_a_file_or_stdin(running: Running, tmp_path: Path) -> None:
    file = tmp_path / "body.json"
    file.write_text('{"name": "of a file"}')
    post = ("/admin/groups", "-l", "efgh", "-m", "POST", "-d")
    for given, stdin, name in (
        ('{"name": "of the line"}', None, "of the line"),
        (f"@{file}", None, "of a file"),
        ("-", '{"name": "of stdin"}', "of stdin"),
    ):
        result = call(running, *post, given, given=stdin)
        assert (result.exit_code, json.loads(result.stdout)["name"]) == (0, name)
    bad = call(running, *post, "{name: x}")
    assert (bad.exit_code, bad.stdout) == (2, "")
    assert "the body is not JSON" in bad.stderr
    assert "cannot be read" in call(running, *post, f"@{tmp_path}/nothing").stderr


def test_answers_that_are_errors_are_printed_and_end_with_1(running: Running) -> None:
    result = call(running, "/user/current")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {"detail": "No token provided."}
    assert result.stderr.startswith("401 Unauthorized, ")
    page = call(running, f"http://127.0.0.1:{running.port}/docs")
    assert (page.exit_code, page.stdout[:9].lower()) == (0, "<!doctype")


def test_who_cannot_log_in_reads_why(running: Running) -> None:
    result = call(running, "/user/current", "-l", "nobody")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[0] == "starbeam: cannot log in: 401 User does not exist in database."
    result = call(running, "/user/current", "--plugin", "office", "-l", "abcd", "--password", "wrong-word")
    assert "cannot log in: 401 Could not verify" in result.stderr
    assert "wrong-word" not in result.output


def test_no_token_is_sent_elsewhere(running: Running) -> None:
    result = call(running, "http://localhost:1/x", "-l", "abcd")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no token is sent there" in result.stderr


def test_a_server_that_is_away_is_one_line() -> None:
    result = CliRunner().invoke(
        cli, ["call", "/x", "--server", f"http://127.0.0.1:{free_port()}/api", "-l", "a"]
    )
    assert result.exit_code == 3
    assert "does not answer" in result.stderr
    assert len(result.stderr.splitlines()) == 2


def test_the_rows_of_all_pages_come_as_one(running: Running) -> None:
    for name in ("one", "two", "three"):
        body = json.dumps({"name": f"page {name}"})
        assert call(running, "/admin/groups", "-l", "efgh", "-m", "post", "-d", body).exit_code == 0
    result = call(running, "/admin/groups?limit=2&search=page", "--all", "-l", "efgh")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["total"], found["skip"], found["limit"]) == (0, 3, 0, 3)
    assert [group["name"] for group in found["results"]] == ["page one", "page two", "page three"]
    assert len(result.stderr.splitlines()) == 1
    later = json.loads(call(running, "/admin/groups?search=page&skip=1", "--all", "-l", "efgh").stdout)
    assert [group["name"] for group in later["results"]] == ["page two", "page three"]
    whole = json.loads(call(running, "/auth/config", "--all").stdout)
    assert [plugin["name"] for plugin in whole["plugins"]] == ["dummy", "office"]
    refused = call(running, "/admin/groups?limit=x", "--all", "-l", "efgh")
    assert (refused.exit_code, json.loads(refused.stdout)["detail"][0]["loc"]) == (1, ["query", "limit"])
    assert call(running, "/admin/groups", "--all", "-m", "post", "-l", "efgh").exit_code == 2


def test_lists_come_as_csv(running: Running, tmp_path: Path) -> None:
    made = call(running, "/admin/groups", "-l", "efgh", "-m", "post", "-d", '{"name": "table, \\"one\\""}')
    assert made.exit_code == 0, made.stderr
    file = tmp_path / "groups.csv"
    result = call(running, "/admin/groups?search=table", "--csv", "-o", str(file), "-l", "efgh")
    assert (result.exit_code, result.stdout) == (0, "")
    header, row = csv.reader(StringIO(file.read_bytes().decode(), newline=""))
    assert dict(zip(header, row, strict=True))["name"] == 'table, "one"'
    printed = call(running, "/admin/groups?search=table", "--csv", "-l", "efgh")
    assert printed.stdout_bytes == file.read_bytes()
    other = call(running, "/auth/config", "--csv")
    assert (other.exit_code, other.stdout) == (1, "")
    assert "/auth/config is no list" in other.stderr


def test_a_cursor_is_followed_on_the_same_server_only() -> None:
    """As `/events` names its next page; `skip` counts from the cursor there."""
    asked = []

    def events(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        after = int(request.url.params.get("cursor", 0))
        link = f'<http://elsewhere.example/api/events?limit=2&cursor={after + 2}>; rel="next"'
        page = {
            "total": 5,
            "results": [{"id": n} for n in range(after, min(after + 2, 5))],
            "skip": 0,
            "limit": 2,
        }
        return httpx.Response(200, json=page, headers={"Link": link} if after < 4 else {})

    with httpx.Client(transport=httpx.MockTransport(events)) as client:
        answer = _all_pages(client, httpx.URL("http://here.example/api/events?limit=2"), {})
    assert [row["id"] for row in answer.json()["results"]] == [0, 1, 2, 3, 4]
    assert asked == [
        f"http://here.example/api/events?limit=2{more}" for more in ("", "&cursor=2", "&cursor=4")
    ]


def test_a_server_that_bounds_pages_is_asked_for_its_own() -> None:
    def rows(request: httpx.Request) -> httpx.Response:
        skip, limit = (
            int(request.url.params.get(name, default)) for name, default in (("skip", 0), ("limit", 25))
        )
        if limit > 100:
            return httpx.Response(422, json={"detail": "too many"})
        results = list(range(60))[skip : skip + limit]
        return httpx.Response(200, json={"total": 60, "results": results, "skip": skip, "limit": limit})

    with httpx.Client(transport=httpx.MockTransport(rows)) as client:
        answer = _all_pages(client, httpx.URL("http://here.example/api/rows"), {})
    assert answer.json()["results"] == list(range(60))
