"""`starbeam token`: a machine's token from its making to its end, in each place where tokens may be."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from starbeam.cli.group import cli
from support.commands import Site

TOKEN = re.compile(r"sbm_[a-z0-9]{10}_[\w-]{49}")
SECOND = '[plugin.tokens]\ntables = "sqlite+aiosqlite:///second.db"\n'


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A folder with a configuration and a database."""
    monkeypatch.chdir(tmp_path)
    found = Site(tmp_path, ["auth_dummy", "ispyb", "tokens"])
    found.make_database()
    return found


def succeeded(result: Result) -> str:
    """What a command printed."""
    assert result.exit_code == 0, result.output
    return result.stdout


def asked(site: Site, token: str) -> Result:
    """What `starbeam token test` says of a token."""
    return CliRunner().invoke(cli, ["token", "test", "--config", str(site.config)], input=f"{token}\n")


def test_a_token_from_its_making_to_its_end_in_a_second_database(site: Site) -> None:
    site.more = SECOND
    assert "tokens 0002" in succeeded(site.invoke("db", "upgrade"))
    limits = ("--scope", "read", "--scope", "record", "--beamline", "i03", "--proposal", "cm*")
    more = ("--network", "10.3.0.0/16", "--days", "30", "--service", "hyperion")
    first = succeeded(site.invoke("token", "new", "i03", *limits, *more)).strip()
    assert TOKEN.fullmatch(first)
    token_id = first.split("_")[1]
    told = json.loads(succeeded(asked(site, first)))
    assert told.pop("expires") is not None
    assert told == {
        "name": "i03",
        "scopes": ["read", "record"],
        "beamLines": ["i03"],
        "proposals": ["cm*"],
        "networks": ["10.3.0.0/16"],
    }
    (listed,) = json.loads(succeeded(site.invoke("token", "list", "--json")))
    assert (listed["tokenId"], listed["name"], listed["revokedAt"]) == (token_id, "i03", None)
    shown = succeeded(site.invoke("token", "show", token_id))
    assert json.loads(shown)["service"] == "hyperion"
    assert first[16:40] not in shown
    second = succeeded(site.invoke("token", "rotate", token_id, "--grace", "1")).strip()
    assert second.split("_")[1] == token_id
    assert [asked(site, one).exit_code for one in (first, second)] == [0, 0]
    third = succeeded(site.invoke("token", "rotate", token_id, "--grace", "0")).strip()
    assert [asked(site, one).exit_code for one in (first, second, third)] == [1, 1, 0]
    assert "within five seconds" in succeeded(site.invoke("token", "revoke", token_id))
    assert "it is not known, was revoked" in asked(site, third).output
    with closing(sqlite3.connect(site.folder / "second.db")) as connection:
        assert connection.execute("SELECT createdBy <> '' FROM StarbeamToken").fetchall() == [(1,)]


def test_a_token_goes_to_a_file_that_nobody_else_reads(site: Site) -> None:
    succeeded(site.invoke("db", "upgrade"))
    words = ("--scope", "read", "--beamline", "*", "--never", "--out", "key")
    assert succeeded(site.invoke("token", "new", "a", *words)) == ""
    file = site.folder / "key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(succeeded(asked(site, file.read_text())))["expires"] is None
    assert site.invoke("token", "new", "b", *words).exit_code != 0, "nothing is written over"


def test_what_no_token_is_made_of(site: Site) -> None:
    succeeded(site.invoke("db", "upgrade"))
    succeeded(site.invoke("token", "new", "a", "--scope", "read", "--beamline", "*"))
    for name, scope, says in (
        ("a", "read", "Another token is called a"),
        ("b", "sing", "There is no scope sing"),
        ("b", "all_proposals", "the scope all_proposals opens every row"),
        ("c d", "read", "matching regex"),
    ):
        refused = site.invoke("token", "new", name, "--scope", scope, "--beamline", "*")
        assert refused.exit_code == 1
        assert says in refused.stderr
    assert "Token not found" in site.invoke("token", "show", "abcdefghjk").stderr


def test_what_opens_every_row_is_given_with_a_word_of_warning(site: Site) -> None:
    succeeded(site.invoke("db", "upgrade"))
    words = ("--scope", "read", "--scope", "all_proposals", "--beamline", "i03", "--dangerous")
    token = succeeded(site.invoke("token", "new", "a", *words)).strip()
    assert json.loads(succeeded(asked(site, token)))["scopes"] == ["all_proposals", "read"]
    assert site.invoke("token", "new", "b", *words[:-1], "--print-config").exit_code == 1
    section, token = (
        succeeded(site.invoke("token", "new", "b", *words, "--print-config")).strip().rsplit("\n", 1)
    )
    site.more = f"{section}\n"
    assert json.loads(succeeded(asked(site, token)))["name"] == "b"


def test_a_token_of_the_configuration_needs_no_table(site: Site) -> None:
    made = succeeded(
        site.invoke("token", "new", "i03", "--scope", "read", "--beamline", "*", "--print-config")
    )
    section, token = made.strip().rsplit("\n", 1)
    site.more = f'[plugin.tokens]\ntables = "none"\n{section}\n'
    assert json.loads(succeeded(asked(site, token)))["name"] == "i03"
    assert asked(site, token[:-1] + "x").exit_code == 1
    assert "keeps no tokens in tables" in site.invoke("token", "list").stderr


@pytest.mark.parametrize(
    ("tables", "tokens", "writes"),
    [
        ("ispyb", "in tables of the ISPyB database", "in a table of the ISPyB database"),
        ("sqlite+aiosqlite:///second.db", "in a second database", "in a table of a second database"),
        ("none", "are those of the configuration", "in the server's log"),
    ],
    ids=("ispyb", "second", "none"),
)
def test_the_doctor_says_where_tokens_and_the_record_are(
    site: Site, tables: str, tokens: str, writes: str
) -> None:
    site.plugins = [*site.plugins, "audit"]
    site.more = f'[plugin.tokens]\ntables = "{tables}"\n[plugin.audit]\ntables = "{tables}"\n'
    succeeded(site.invoke("db", "upgrade"))
    said = {one["about"]: one["says"] for one in json.loads(site.invoke("doctor", "--json").stdout)}
    assert tokens in said["check tokens.expiry"]
    assert writes in said["check audit.record"]
