"""`starbeam plugins show`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result

from support.commands import Site

PLUGIN = """
@hookimpl
def register_routes(self, ctx):
    return [answer]
@hookimpl
def register_permissions(self):
    return [Permission("see_answer", "the answer")]
@hookimpl
def register_indexes(self):
    return [Index("DataCollection", ("comments",), "the question")]
Settings = LocalSettings
requires = ("ispyb",)
"""
HEAD = '''
from typing import Annotated
from msgspec import Meta
from starbeam.api import needs
from starbeam.db.indexes import Index
from starbeam.permissions import Permission
from starbeam.settings import Section

class LocalSettings(Section, frozen=True):
    """Settings."""
    answer: Annotated[int, Meta(description="The answer.", ge=1)] = 42
    api_secret: Annotated[str, Meta(description="A key.")] = "of-the-default"

@get("/answer", access=needs("see_answer"), tags=["Answer"])
async def answer() -> int:
    """The answer"""
    return 42
'''


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.chdir(tmp_path)
    return Site(tmp_path)


def succeeded(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def test_show_tells_all_that_a_plugin_gives(site: Site) -> None:
    site.add_plugin("oracle", PLUGIN, HEAD)
    found = json.loads(succeeded(site.invoke("plugins", "show", "oracle", "--json")))
    assert found == {
        "name": "oracle",
        "title": "A plugin of this site",
        "enabled": True,
        "package": str(site.folder / "local.toml"),
        "requires": ["ispyb"],
        "after": [],
        "log_in_backend": None,
        "settings": [
            {
                "key": "answer",
                "type": "an integer of at least 1",
                "default": "42",
                "description": "The answer.",
            },
            {"key": "api_secret", "type": "text", "default": '"********"', "description": "A key."},
        ],
        "hooks": ["register_indexes", "register_permissions", "register_routes"],
        "tables": [],
        "permissions": [{"name": "see_answer", "description": "the answer"}],
        "options": [],
        "indexes": [{"table": "DataCollection", "columns": ["comments"], "why": "the question"}],
        "routes": [{"method": "GET", "path": "/ispyb/api/v1/answer", "access": "see_answer"}],
    }
    shown = succeeded(site.invoke("plugins", "show", "oracle"))
    for text in ("A plugin of this site", "see_answer", "/ispyb/api/v1/answer", "The answer.", "comments"):
        assert text in shown
    assert "options" not in shown


def test_show_tells_of_a_plugin_that_is_not_enabled(site: Site) -> None:
    site.plugins = ["auth_dummy"]
    found = json.loads(succeeded(site.invoke("plugins", "show", "proposals", "--json")))
    assert not found["enabled"]
    assert found["tables"] == ["SessionType"]
    assert {"method": "GET", "path": "/ispyb/api/v1/persons", "access": "authenticated"} in found["routes"]


def test_show_knows_no_other_plugins(site: Site) -> None:
    result = site.invoke("plugins", "show", "propsals")
    assert result.exit_code == 1
    assert "there is no plugin propsals" in result.stderr
    assert "Did you mean proposals?" in result.stderr
    assert "plugins list" in site.invoke("plugins", "show", "zzz").stderr


def test_show_says_why_a_plugin_cannot_be_imported(site: Site) -> None:
    site.add_plugin("unlicensed", "", "raise RuntimeError('no licence file')")
    result = site.invoke("plugins", "show", "unlicensed")
    assert result.exit_code == 1
    assert "unlicensed cannot be imported: RuntimeError: no licence file" in result.stderr
