"""Walks through all pages: with each plugin switched off in turn, and over texts that are scripts."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import String, inspect

from contract.conftest import PLUGINS, SETTINGS
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support import world
from support.pages import Visitor
from support.strolling import Stroll, stroll
from support.workspace import distribution, own_dependencies, plugin_folders

pytestmark = [pytest.mark.anyio, pytest.mark.on("sqlite-union")]

KEPT = {"auth_dummy", "ispyb", "web"}
"""What pages need."""
HOSTILE = "'\"><script onload=x>"
MEANT = {
    "login",
    "type",
    "scalingStatisticsType",
    "severity",
    "recordTimeStamp",
    "value",
    "containerType",
    "dataFormat",
}
"""Columns whose values lead to pages, or to what they show."""


async def started(make_app: MakeApp, plugins: list[str], folder: Path, **settings: Any) -> TestApp:
    where = {"files.roots": [str(folder)], "files.path_map": str(folder)}
    return await make_app(*plugins, **SETTINGS, **where, **settings)


async def walked(app: TestApp, most: int) -> Stroll:
    """By somebody who sees everything: so many pages of each kind."""
    await world.enter(app)
    visitor = Visitor(app)
    assert (await visitor.log_in("administrator")).status_code == 303
    return await stroll(visitor, most)


def bring_pages() -> set[str]:
    """The plugins that have pages or parts of them."""
    folders = plugin_folders()
    return {one for one in PLUGINS if (folders[one] / f"starbeam_{one}" / "templates").is_dir()} - KEPT


def without(*plugins: str) -> list[str]:
    """All plugins but these, and those that need them."""
    off = {distribution(plugin) for plugin in plugins}
    needs = {name: own_dependencies(folder) for name, folder in plugin_folders().items()}
    return [one for one in PLUGINS if one not in plugins and off.isdisjoint(needs[one])]


SOME = {"proposals", "events"}
"""What is switched off every day; `make check-long` switches off each."""


@pytest.mark.parametrize(
    "among", [SOME, pytest.param({*PLUGINS}, marks=pytest.mark.long)], ids=["some", "each"]
)
async def test_a_plugin_that_is_off_leaves_no_dead_link(
    make_app: MakeApp, tmp_path: Path, among: set[str]
) -> None:
    app = await started(make_app, PLUGINS, tmp_path)
    await world.build(app.database, tmp_path)
    whole = await walked(app, 1)
    assert whole.faults == []
    with_pages = bring_pages()
    others = {*PLUGINS} - KEPT - with_pages
    fewer = set()
    for off in [others, *({plugin} for plugin in sorted(with_pages & among))]:
        seen = await walked(await started(make_app, without(*off), tmp_path), 1)
        assert seen.faults == [], f"without {sorted(off)}"
        if len(seen.pages) < len(whole.pages):
            fewer |= off
    lose = {"proposals", "samples", "shipping", "events", "processing", "stats", "mapping", "admin"}
    assert fewer >= lose & among


class Elements(HTMLParser):
    """What would run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        ours = str(dict(attrs).get("src")).startswith("/static/")
        if (tag == "script" and not ours) or any(name.startswith("on") for name, _ in attrs):
            self.found.append(str(self.get_starttag_text()))


async def test_scripts_in_every_text_column_are_shown_as_texts(make_app: MakeApp, tmp_path: Path) -> None:
    app = await started(make_app, PLUGINS, tmp_path)
    await world.build(app.database, tmp_path)
    await poison(app)
    seen = await walked(app, 2)
    assert seen.faults == []
    assert len(seen.pages) > 40
    shown = {path for path, html in seen.pages.items() if "&lt;script onload=x&gt;" in html}
    assert len(shown) > len(seen.pages) / 2
    for path, html in seen.pages.items():
        elements = Elements()
        elements.feed(html)
        assert elements.found == [], path


async def poison(app: TestApp) -> None:
    """Put a script before each text in the database, where it may hold any."""
    for entity in app.starbeam.registry.models.values():
        table = inspect(entity).local_table
        for column in table.columns:
            if isinstance(column.type, String) and column.name not in MEANT and not column.foreign_keys:
                name, text = column.name, HOSTILE.replace("'", "''")
                await app.database.sql(f"UPDATE OR IGNORE `{table.name}` SET `{name}` = '{text}' || `{name}`")
