"""`starbeam call` and `ispyb.rest`: the API from the command line, as whoever may log in."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from starbeam.cli.group import cli
from starbeam.db.sqlite import Connection
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
