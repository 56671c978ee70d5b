"""The commands that end by themselves."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from importlib.metadata import version
from pathlib import Path

import click
import jwt
import pytest
from click.testing import CliRunner, Result

from starbeam.cli import output
from starbeam.cli.failure import Faults
from starbeam.cli.group import cli
from starbeam.cli.progress import steps
from starbeam.db.sqlite import Connection
from starbeam.faults import Fault
from support.commands import SECRET, STARBEAM, Site, free_port


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.chdir(tmp_path)
    return Site(tmp_path)


def succeeded(result: Result) -> str:
    """What a command printed that went well."""
    assert result.exit_code == 0, result.output
    return result.stdout


def rows(site: Site, statement: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(site.folder / "union.db", factory=Connection) as connection:
        return connection.execute(statement).fetchall()


# Looking at a configuration


def test_openapi_needs_no_secret_and_no_database_and_prints_one_document(site: Site) -> None:
    site.secret = ""
    site.url = f"mysql+asyncmy://root@127.0.0.1:{free_port()}/ispyb"
    ended = site.run("openapi", "--config", str(site.config))
    assert ended.returncode == 0, ended.stderr
    assert "/ispyb/api/v1/proposals" in json.loads(ended.stdout)["paths"]


def test_routes_tell_plugin_access_and_operation(site: Site) -> None:
    found = {
        (route["method"], route["path"]): route
        for route in json.loads(succeeded(site.invoke("routes", "--json")))
    }
    route = found["GET", "/ispyb/api/v1/proposals"]
    assert (route["plugin"], route["access"], route["operation_id"]) == (
        "proposals",
        "authenticated",
        "get_proposals",
    )
    assert found["GET", "/health/live"]["access"] == "public"
    assert found["GET", "/docs"]["operation_id"] is None  # not in the document
    header, *lines = succeeded(site.invoke("routes")).splitlines()
    assert header.split() == ["method", "path", "plugin", "access", "operation", "id"]
    assert len(lines) == len(found)


def test_plugins_are_listed_with_what_is_wrong_with_them(site: Site) -> None:
    site.add_plugin("broken", "", "raise RuntimeError('no licence file')")
    site.plugins = ["ispyb", "nobody"]
    listed = {
        plugin["name"]: plugin for plugin in json.loads(succeeded(site.invoke("plugins", "list", "--json")))
    }
    assert listed["ispyb"]["enabled"]
    assert listed["ispyb"]["package"] == f"starbeam-ispyb {version('starbeam-ispyb')}"
    assert listed["ispyb"]["fault"] is None
    assert not listed["proposals"]["enabled"]
    assert listed["proposals"]["requires"] == ["ispyb"]
    assert listed["proposals"]["title"] == "Proposals, sessions and people"
    place = site.folder / "broken_plugin.py"
    assert listed["broken"]["fault"] == f"RuntimeError: no licence file ({place}:3)"
    assert listed["nobody"]["fault"] == "is not installed"


def test_config_check_says_ok_or_why_not(site: Site) -> None:
    assert succeeded(site.invoke("config", "check")).startswith("ok: ")
    assert json.loads(succeeded(site.invoke("config", "check", "--json"))) == {"ok": True, "faults": []}
    site.secret = ""
    result = site.invoke("config", "check", "--json")
    assert result.exit_code == 2
    (fault,) = json.loads(result.stdout)["faults"]
    assert "auth.secret_key is empty" in fault["cause"]
    assert "STARBEAM_AUTH__SECRET_KEY" in fault["remedy"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["srve"], "No such command 'srve'. Did you mean serve?"),
        (["plugin", "list"], "No such command 'plugin'. Did you mean plugins?"),
        (["db", "craete"], "No such command 'craete'. Did you mean create?"),
        (["xyzzy"], "No such command 'xyzzy'.\n"),
    ],
)
def test_an_unknown_command_asks_which_was_meant(words: list[str], said: str) -> None:
    result = CliRunner().invoke(cli, words)
    assert (result.exit_code, said in result.stderr) == (2, True), result.stderr


def test_the_help_of_80_columns_has_whole_sentences() -> None:
    commands = CliRunner().invoke(cli, ["--help"], env={"COLUMNS": "80"}).stdout.partition("Commands:")[2]
    assert commands.count("\n") > 8
    assert "..." not in commands


def test_settings_that_cannot_be_read_are_a_table(site: Site) -> None:
    site.more = "[sever]\nport = 1\n"
    result = site.invoke("routes")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "sever" in result.stderr
    assert "server" in result.stderr


# The table of faults

FAULT = Fault("mapping", "starbeam-mapping 1.2", "import", "a long story " * 20, "mend it")


def test_the_table_is_one_line_for_each_cause_where_programs_read_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Faults([FAULT, FAULT]).show()
    title, headers, *lines = capsys.readouterr().err.splitlines()
    assert title == "starbeam: cannot start: 2 causes"
    assert len(lines) == 2
    assert all(FAULT.cause in line and line.endswith(FAULT.remedy) for line in lines)
    assert lines[0].index(FAULT.cause) == headers.index("cause")


def test_the_table_is_wrapped_and_not_cut_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    output.table(("plugin", "cause"), [(FAULT.plugin, FAULT.cause)], err=True)
    shown = capsys.readouterr().err
    assert shown.count("story") == 20
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= 70


def test_a_table_of_many_columns_is_blocks_on_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    headers = ("name", "package", "title", "fault")
    output.table(headers, [("auth_keycloak", "starbeam-auth-keycloak 0.1.0", "Log in at the provider", "")])
    assert capsys.readouterr().out.splitlines() == [
        "name     auth_keycloak",
        "package  starbeam-auth-keycloak 0.1.0",
        "title    Log in at the provider",
        "",
    ]


def test_a_table_for_people_is_blocks_where_its_lines_are_too_long(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    headers, row = ("", "about", "says", "to do"), ("ok", "roots", "/data can be read", "")
    for columns, shown in (
        ("35", ["    about  says               to do", "ok  roots  /data can be read"]),
        ("34", ["       ok", "about  roots", "says   /data can be read", ""]),
    ):
        monkeypatch.setenv("COLUMNS", columns)
        output.table(headers, [row], lines=False)
        assert capsys.readouterr().out.splitlines() == shown


def test_progress_on_a_terminal_begins_at_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    with steps("making", 2) as tell:
        tell("first")
        tell("second")
    shown = capsys.readouterr().err
    assert "0/2" in shown
    assert "-1/2" not in shown


# The database


def test_a_database_is_made_once(site: Site) -> None:
    assert "union.db" in succeeded(site.invoke("db", "create", "--flavour", "community"))
    result = site.invoke("db", "create")
    assert result.exit_code == 1
    assert "refuses to touch an existing database" in result.stderr
    assert succeeded(site.invoke("db", "check")) != ""


def test_check_tells_what_a_flavour_lacks_by_plugin(site: Site) -> None:
    succeeded(site.invoke("db", "create", "--flavour", "community"))
    lacks = json.loads(succeeded(site.invoke("db", "check", "--json")))
    assert {row["kind"] for row in lacks} == {"optional"}
    assert {"plugin": "ispyb", "lacks": "ProcessingJob", "kind": "optional"} in lacks
    rows(site, "DROP TABLE BLSession")
    result = site.invoke("db", "check", "--json")
    assert result.exit_code == 1
    assert {"plugin": "ispyb", "lacks": "BLSession", "kind": "required"} in json.loads(result.stdout)


def test_a_complete_database_lacks_nothing(site: Site) -> None:
    site.make_database()
    assert succeeded(site.invoke("db", "check")).startswith("ok")
    assert json.loads(succeeded(site.invoke("db", "check", "--json"))) == []


@pytest.mark.parametrize("words", [("db", "check"), ("db", "create"), ("token", "abcd")])
def test_a_database_that_is_away_is_one_line(site: Site, words: tuple[str, ...]) -> None:
    site.url = f"mysql+asyncmy://root:pass-word@127.0.0.1:{free_port()}/ispyb"
    result = site.invoke(*words)
    assert result.exit_code == 3
    assert "the database does not answer" in result.stderr
    assert "pass-word" not in result.output


@pytest.mark.parametrize("words", [("db", "check"), ("token", "abcd")])
def test_a_missing_file_names_the_command_that_makes_it(site: Site, words: tuple[str, ...]) -> None:
    result = site.invoke(*words)
    assert result.exit_code == 1
    assert "starbeam db create" in result.stderr
    assert not (site.folder / "union.db").exists()


@pytest.mark.parametrize("words", [("db", "create"), ("db", "check"), ("serve",)])
def test_a_database_in_a_folder_that_cannot_be_written_is_one_line(
    site: Site, words: tuple[str, ...]
) -> None:
    site.make_database()
    site.url = f"sqlite+aiosqlite:////proc/{os.getpid()}/environ"
    result = site.invoke(*words)
    assert result.exit_code in {1, 2}
    assert "environ cannot be written" in result.stderr
    assert len(result.stderr.splitlines()) == 2


# People


@pytest.fixture
def people(site: Site) -> Site:
    site.make_database()
    with sqlite3.connect(site.folder / "union.db", factory=Connection) as connection:
        connection.executemany("INSERT INTO Person (login) VALUES (?)", [("emarin",), ("jweiss",)])
    return site


@pytest.mark.parametrize("words", [(), ("person",)])
def test_a_token_has_the_permissions_of_the_database(people: Site, words: tuple[str, ...]) -> None:
    succeeded(people.invoke("admin", "grant", "emarin", "all_proposals"))
    token = succeeded(people.invoke("token", *words, "EMARIN")).strip()
    claims = jwt.decode(token, SECRET, algorithms=["HS256"])
    assert claims["login"] == "emarin"
    assert claims["personId"] == 1
    assert claims["permissions"] == ["all_proposals"]


@pytest.mark.parametrize("words", [("token", "emarinn"), ("admin", "grant", "emarinn", "all_proposals")])
def test_an_unknown_login_is_answered_with_near_ones(people: Site, words: tuple[str, ...]) -> None:
    result = people.invoke(*words)
    assert result.exit_code == 1
    assert "nobody has the login emarinn" in result.stderr
    assert "Did you mean emarin?" in result.stderr
    assert rows(people, "SELECT * FROM UserGroup") == []


def test_a_token_without_a_good_secret_is_refused(people: Site) -> None:
    people.secret = "short"
    result = people.invoke("token", "emarin")
    assert result.exit_code == 2
    assert "auth.secret_key" in result.stderr


HOLDERS = """
SELECT Person.login, UserGroup.name, Permission.type FROM UserGroup_has_Person
JOIN Person USING (personId) JOIN UserGroup USING (userGroupId)
JOIN UserGroup_has_Permission USING (userGroupId) JOIN Permission USING (permissionId) ORDER BY login
"""


def test_a_new_database_gets_its_first_administrator(people: Site) -> None:
    assert "--create" in people.invoke("admin", "grant", "zoe", "all_proposals").stderr
    for _ in range(2):
        succeeded(people.invoke("admin", "grant", "zoe", "all_proposals", "--create"))
    assert rows(people, HOLDERS) == [("zoe", "all_proposals", "all_proposals")]
    assert len(rows(people, "SELECT * FROM Person WHERE login = 'zoe'")) == 1


def test_output_that_nobody_reads_is_no_fault_of_the_database(people: Site) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [STARBEAM, "config", "show", "--config", str(people.config)]
    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert ended.returncode == 1
    assert "database" not in ended.stderr
    assert "Traceback" not in ended.stderr


def test_granting_twice_changes_nothing(people: Site) -> None:
    for login in ("emarin", "jweiss", "emarin"):
        succeeded(people.invoke("admin", "grant", login, "all_proposals"))
    assert rows(people, HOLDERS) == [
        ("emarin", "all_proposals", "all_proposals"),
        ("jweiss", "all_proposals", "all_proposals"),
    ]
    assert len(rows(people, "SELECT * FROM Permission")) == 1
    assert len(rows(people, "SELECT * FROM UserGroup")) == 1


def test_a_permission_in_other_letters_is_another(people: Site) -> None:
    rows(people, "INSERT INTO Permission (type) VALUES ('ALL_PROPOSALS')")
    succeeded(people.invoke("admin", "grant", "emarin", "all_proposals"))
    assert rows(people, HOLDERS) == [("emarin", "all_proposals", "all_proposals")]


def test_only_declared_permissions_are_granted_unless_forced(people: Site) -> None:
    result = people.invoke("admin", "grant", "emarin", "all_proposal")
    assert result.exit_code == 1
    assert "all_proposals" in result.stderr
    assert rows(people, "SELECT * FROM Permission") == []
    succeeded(people.invoke("admin", "grant", "emarin", "of_old_times", "--force"))
    assert rows(people, HOLDERS) == [("emarin", "of_old_times", "of_old_times")]


def test_what_the_database_does_not_hold_is_one_line(people: Site) -> None:
    """The column has room for 15 characters, that of logins for 45."""
    result = people.invoke("admin", "grant", "emarin", "of_very_old_times", "--force")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == ["starbeam: type must not be longer than 15 characters"]
    result = people.invoke("admin", "grant", "e" * 46, "all_proposals", "--create")
    assert result.stderr.splitlines() == ["starbeam: login must not be longer than 45 characters"]


# Commands of plugins

COMMAND = """
@hookimpl
def register_commands(self, cli):
    cli.add_command({0})
"""


def greeting(name: str) -> str:
    return f"""
import click
from starbeam.api.commands import build, config_option
@click.command()
@config_option
def {name}(config):
    click.echo("greetings of " + ", ".join(build(config).plugins.enabled))
"""


def test_an_enabled_plugin_adds_commands(site: Site) -> None:
    site.add_plugin("greeter", COMMAND.format("greet"), greeting("greet"))
    assert "greeter" in succeeded(site.invoke("greet"))
    assert "greet" in site.run("--help", STARBEAM_CONFIG=str(site.config)).stdout


def test_a_command_whose_name_is_taken_is_a_fault(site: Site) -> None:
    site.add_plugin("greedy", COMMAND.format("serve"), greeting("serve"))
    result = site.invoke("unheard")
    assert result.exit_code == 2
    assert "command serve is claimed by core too" in result.stderr


def test_commands_are_added_and_not_returned(site: Site) -> None:
    site.add_plugin("giver", COMMAND.format("give") + "    return [give]\n", greeting("give"))
    result = site.invoke("give")
    assert result.exit_code == 2
    assert "register_commands: got [<Command give>] (list), wanted None" in " ".join(result.stderr.split())


def test_an_unknown_command_is_an_error_of_usage(site: Site) -> None:
    result = site.invoke("unheard")
    assert result.exit_code == click.UsageError.exit_code
    assert "No such command 'unheard'" in result.stderr


# Commands of installed packages


def install(site: Site, package: str, source: str, **points: str) -> None:
    """A package on the path of commands: a module and the metadata of its entry points."""
    (site.folder / f"{package}.py").write_text(source)
    info = site.folder / f"{package}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
    lines = [f"{name.replace('__', '.')} = {package}:{value}" for name, value in points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[starbeam.commands]", *lines, ""]))


def tool(name: str) -> str:
    return f"""
import click
@click.command(help="Say it.")
def {name}():
    click.echo("said by {name}")
"""


def test_a_command_of_an_installed_package_needs_no_configuration(site: Site) -> None:
    install(site, "teller", tool("tell"), tell="tell", db__tell="tell")
    path = str(site.folder)
    for words in (("tell",), ("db", "tell")):
        ended = site.run(*words, PYTHONPATH=path)
        assert (ended.returncode, ended.stdout) == (0, "said by tell\n"), ended.stderr
    assert "Say it." in site.run("--help", PYTHONPATH=path).stdout
    helped = site.run("db", "--help", PYTHONPATH=path).stdout
    assert "Say it." in helped
    assert "create" in helped


def test_only_the_command_that_is_called_is_imported(site: Site) -> None:
    install(site, "teller", tool("tell"), tell="tell")
    install(site, "broken", "raise RuntimeError('no licence file')", shout="shout")
    path = str(site.folder)
    assert site.run("tell", PYTHONPATH=path).stdout == "said by tell\n"
    ended = site.run("shout", "--loud", "now", PYTHONPATH=path)
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[0] == (
        "starbeam: broken cannot be imported: RuntimeError: no licence file"
    )
    assert "tell " in site.run("--help", PYTHONPATH=path).stdout


def test_a_command_that_two_packages_bring_names_both(site: Site) -> None:
    install(site, "first", tool("tell"), tell="tell")
    install(site, "second", tool("tell"), tell="tell")
    ended = site.run("tell", PYTHONPATH=str(site.folder))
    assert ended.returncode == 2
    assert "both bring the command tell" in ended.stderr
    assert "first" in ended.stderr
    assert "second" in ended.stderr


def test_a_command_of_core_is_nobody_elses(site: Site) -> None:
    install(site, "greedy", tool("routes"), routes="routes")
    ended = site.run("routes", "--help", PYTHONPATH=str(site.folder))
    assert "said by" not in ended.stdout
    assert "--config" in ended.stdout
