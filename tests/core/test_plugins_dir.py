"""A folder of plugins, a file each: `plugins.dir`, and `--plugins-dir` of what serves."""

from __future__ import annotations

import json
import re
import sys
from importlib.metadata import version
from pathlib import Path
from textwrap import dedent

import pytest

from starbeam.app import Starbeam
from starbeam.faults import Fault, StartupError
from starbeam.settings import load
from starbeam_testing.fixtures import SECRET, AsUser, MakeApp
from support.commands import Site
from support.workspace import ROOT

TUTORIAL = ROOT / "docs/tutorials/first-plugin.md"

CALENDAR = """
    from __future__ import annotations
    from typing import Annotated
    from litestar import Router, get
    from litestar.di import NamedDependency
    from msgspec import Meta
    from starbeam.api import Plugin, Principal, Section, authenticated, hookimpl
    from starbeam.api.http import always

    class CalendarSettings(Section, frozen=True):
        closed: Annotated[str, Meta(description="When the facility is closed.")] = "never"

    @get("/closed", access=authenticated, tags=["Calendar"])
    async def get_closed(who: NamedDependency[Principal], closed: NamedDependency[str]) -> dict[str, str]:
        \"\"\"When the facility is closed\"\"\"
        return {"login": who.login, "closed": closed}

    class CalendarPlugin(Plugin[CalendarSettings]):
        name = "calendar"
        title = "When the facility is closed"
        requires = ("ispyb",)
        Settings = CalendarSettings

        @hookimpl
        def register_routes(self, ctx):
            given = always(closed=self.settings.closed)
            return [Router("/", route_handlers=[get_closed], dependencies=given)]
"""
"""A plugin that is called like a module of Python's own."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the plugin `calendar`, and what is none: nothing of that may be imported."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    put(folder, "calendar.py", CALENDAR)
    for name in ("_draft.py", ".hidden.py", "notes.txt"):
        put(folder, name, "raise SystemExit('imported')")
    return folder


def put(folder: Path, name: str, source: str) -> Path:
    file = folder / name
    file.write_text(dedent(source))
    return file


@pytest.mark.anyio
async def test_a_file_of_the_folder_serves_without_being_named(
    folder: Path, make_app: MakeApp, as_user: AsUser
) -> None:
    settings = {"plugins.dir": str(folder), "plugin.calendar.closed": "in August"}
    app = await make_app("ispyb", **settings)
    assert (await app.client.get("/closed")).status_code == 401
    answer = await app.client.get("/closed", headers=await as_user(app, "abcd"))
    assert (answer.status_code, answer.json()) == (200, {"login": "abcd", "closed": "in August"})
    document = (await app.client.get("http://testserver.local/docs/openapi.json")).json()
    assert document["paths"]["/ispyb/api/v1/closed"]["get"]["description"] == "When the facility is closed"


@pytest.mark.anyio
async def test_no_folder_is_looked_into_that_nobody_named(
    folder: Path, make_app: MakeApp, as_user: AsUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    app = await make_app("ispyb")
    assert (await app.client.get("/closed", headers=await as_user(app, "abcd"))).status_code == 404


@pytest.mark.anyio
async def test_the_file_of_the_tutorial_answers_as_it_says(
    tmp_path: Path, make_app: MakeApp, as_user: AsUser
) -> None:
    page = TUTORIAL.read_text(encoding="utf-8")
    found = re.search(
        r"^for something small. `plugins/(hello\.py)`:\n\n((?:    .*\n|\n)+)", page, re.MULTILINE
    )
    assert found
    put(tmp_path, found[1], found[2])
    app = await make_app("ispyb", **{"plugins.dir": str(tmp_path)})
    answer = await app.client.get("/hello", headers=await as_user(app, "jweiss"))
    assert answer.text == '{"hello":"jweiss"}'
    assert '`{"hello":"jweiss"}`' in page


def start(folder: Path, *enabled: str) -> list[Fault]:
    """What stops a server with this folder."""
    given = {"auth.secret_key": SECRET, "plugins.enabled": [*enabled], "plugins.dir": str(folder)}
    with pytest.raises(StartupError) as raised:
        Starbeam(load(None, {}, given))
    return raised.value.faults


def test_faults_of_files_are_told_as_those_of_packages_are(folder: Path) -> None:
    failing = put(folder, "failing.py", "import json\n1 / 0\n")
    wrong = put(folder, "wrong.py", CALENDAR)
    put(folder, "proposals.py", CALENDAR.replace('"calendar"', '"proposals"'))
    remedy = "repair or reinstall its package, or disable the plugin"
    assert start(folder, "ispyb") == [
        Fault(
            "proposals",
            str(folder / "proposals.py"),
            "discover",
            f"starbeam-proposals {version('starbeam-proposals')} has a plugin of this name too",
            "uninstall one of the two, or rename the plugin",
        ),
        Fault(
            "failing", str(failing), "import", f"ZeroDivisionError: division by zero ({failing}:2)", remedy
        ),
        Fault(
            "wrong",
            str(wrong),
            "import",
            "is no subclass of starbeam.api.Plugin with name = 'wrong'",
            "correct the plugin",
        ),
    ]
    assert "plugins_dir_failing" not in sys.modules


def test_a_folder_that_everybody_may_write_to_is_not_read(folder: Path) -> None:
    remedy = "correct the path or who may write there, or leave it out"
    for path in (folder, folder / "calendar.py"):
        mode = path.stat().st_mode
        path.chmod(mode | 0o002)
        cause = f"plugins.dir: {path}: everybody may write there"
        assert start(folder, "ispyb") == [Fault("", str(folder), "discover", cause, remedy)]
        path.chmod(mode)
    away = folder / "away"
    cause = f"plugins.dir: {away}: No such file or directory"
    assert start(away, "ispyb") == [Fault("", str(away), "discover", cause, remedy)]


def test_commands_tell_of_it(folder: Path, tmp_path: Path) -> None:
    site = Site(tmp_path, more=f'dir = "{folder}"\n')
    listed = json.loads(site.invoke("plugins", "list", "--json").stdout)
    (row,) = [row for row in listed if row["name"] == "calendar"]
    assert row == {
        "name": "calendar",
        "enabled": True,
        "package": str(folder / "calendar.py"),
        "requires": ["ispyb"],
        "title": "When the facility is closed",
        "fault": None,
    }
    shown = json.loads(site.invoke("plugins", "show", "calendar", "--json").stdout)
    assert (shown["enabled"], [route["path"] for route in shown["routes"]]) == (
        True,
        ["/ispyb/api/v1/closed"],
    )
    checked = site.invoke("config", "check").stdout
    assert checked.startswith("ok: ")
    assert "calendar" in checked


def test_a_server_serves_the_folder_of_the_command_line(folder: Path, tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.make_database()
    words = ("--config", str(site.config), "--plugins-dir", "plugins")
    with site.serving("serve", *words) as server:
        assert server.get("/ispyb/api/v1/closed").status_code == 401
        assert server.end() == 0
