"""`starbeam plugins show` and `new`."""

from __future__ import annotations

import ast
import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from starbeam.cli.group import cli
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
from starbeam import needs
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


def new(*words: str) -> Result:
    return CliRunner().invoke(cli, ["plugins", "new", *words])


def test_new_writes_a_package_of_the_name(site: Site) -> None:
    said = succeeded(new("beam_tuning", "--into", "mine"))
    assert "cd mine/starbeam-beam-tuning" in said
    folder = Path("mine/starbeam-beam-tuning")
    files = sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
    package = "starbeam_beam_tuning"
    assert files == sorted(
        [
            "README.md",
            "pyproject.toml",
            *(f"{package}/{name}.py" for name in ("__init__", "models", "queries", "routes", "schemas")),
            f"{package}/migrations/0001_notes.py",
            f"{package}/py.typed",
            "tests/test_beam_tuning.py",
            "tests/test_contract.py",
        ]
    )
    for file in folder.rglob("*.py"):
        ast.parse(file.read_text())
    texts = {str(file): file.read_text() for file in folder.rglob("*") if file.is_file()}
    assert [name for name, text in texts.items() if "skeleton" in text.lower()] == []
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["name"] == "starbeam-beam-tuning"
    assert project["entry-points"]["starbeam.plugins"] == {
        "beam_tuning": "starbeam_beam_tuning:BeamTuningPlugin"
    }
    assert "class BeamTuningNote(Base)" in (folder / package / "models.py").read_text()
    assert "beamTuningNoteId: Mapped[int]" in (folder / package / "models.py").read_text()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Tuning", "cannot be the name"),
        ("beam-tuning", "cannot be the name"),
        ("1beam", "cannot be the name"),
        ("beam__x", "cannot be the name"),
        ("../beam", "cannot be the name"),
        ("class", "cannot be the name"),
        ("b" * 31, "cannot be the name"),
        ("proposals", "is taken"),
        ("core", "is taken"),
        ("json", "is taken"),
    ],
)
def test_new_refuses_bad_names(site: Site, name: str, why: str) -> None:
    result = new(name)
    assert result.exit_code == 2
    assert why in result.stderr
    assert list(site.folder.iterdir()) == []


def test_new_overwrites_nothing(site: Site) -> None:
    succeeded(new("radiation"))
    result = new("radiation")
    assert result.exit_code == 1
    assert "starbeam-radiation already" in result.stderr


def test_new_says_where_it_cannot_write(site: Site) -> None:
    result = new("radiation", "--into", "/proc/none")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[0] == "starbeam: /proc/none: No such file or directory"
