"""The site of the documentation: its versions lie side by side, and each leads to the others."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from support.browser import WIDE, browser, looker
from support.workspace import ROOT

sys.path.append(str(ROOT / "docs"))
import versions

PAGE = """<!doctype html>
<html lang="en" data-content_root="../">
<script>const DOCUMENTATION_OPTIONS = {{ VERSION: "{version}" }};</script>
<script src="../_static/versions.js"></script>
<h1>{version}</h1><form class="sidebar-search-container"></form>
</html>
"""
"""What counts here of a page as Sphinx makes it."""


def test_versions_stand_newest_first_and_releases_before_the_rest() -> None:
    names = ["0.9.0", "main", "0.10.0", "0.10.0rc1", "1.0.0rc1"]
    assert versions.ordered(names) == ["1.0.0rc1", "0.10.0", "0.10.0rc1", "0.9.0", "main"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [(["1.0.0rc1", "0.10.0", "main"], "0.10.0"), (["0.2.0rc1", "main"], "0.2.0rc1"), (["main"], "main")],
)
def test_the_site_opens_with_the_newest_release(names: list[str], expected: str) -> None:
    assert versions.newest(names) == expected


def test_a_reader_goes_from_one_version_to_another(tmp_path: Path) -> None:
    """Also where a folder is opened without any server."""
    for name in ("0.2.0", "0.10.0"):
        (tmp_path / name / "how-to").mkdir(parents=True)
        (tmp_path / name / "index.html").write_text(PAGE.format(version=name).replace("../", ""))
        (tmp_path / name / "how-to" / "page.html").write_text(PAGE.format(version=name))
        (tmp_path / name / "_static").mkdir()
        shutil.copy(ROOT / "docs/_static/versions.js", tmp_path / name / "_static")
    versions.write(tmp_path)
    with browser() as started:
        one = looker(started, f"file://{tmp_path}", WIDE, "light")
        one.page.goto(f"{one.base}/0.2.0/how-to/page.html")
        choice = one.page.get_by_label("Version")
        assert choice.locator("option").all_text_contents() == ["0.10.0", "0.2.0"]
        assert choice.input_value() == "0.2.0"
        choice.select_option("0.10.0")
        one.page.wait_for_url(f"{one.base}/0.10.0/index.html")
        one.page.goto(f"{one.base}/index.html")
        one.page.wait_for_url(f"{one.base}/0.10.0/index.html")
        assert one.complaints == []
