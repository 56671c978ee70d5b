"""A release: one version for all distributions, a changelog that is drafted, and the same bytes each time."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from datetime import date
from pathlib import Path

import pytest
from release import changelog, contents, versions

from support import workspace
from support.clean import environment

TEXT = """# Changelog

## [Unreleased]

### Added

- Pages.

## [0.1.0] - 2026-11-30

### Added

- Everything.
"""


def test_all_distributions_have_one_version() -> None:
    said = {workspace.pyproject(file.parent)["project"]["version"] for file in versions.files()}
    assert said == {versions.current()}, "make release VERSION=… writes it"


def test_distributions_want_each_other_as_released_together() -> None:
    wanted = {
        bound
        for file in versions.files()
        for bound in re.findall(r'"starbeam-[a-z-]+([<>=][^"]*)"', file.read_text(encoding="utf-8"))
    }
    assert wanted == {versions.bounds(versions.current())}, "make release VERSION=… writes them"


def test_what_others_may_not_exceed_has_a_reason_beside_it() -> None:
    """Bounds on what core needs too are core's, and so is the reason."""
    lines = [line for file in versions.files() for line in file.read_text(encoding="utf-8").splitlines()]
    bounded = [line for line in lines if re.match(r' *"(?!starbeam-)[^"]*<', line)]
    assert len(bounded) > 8
    assert [line for line in bounded if not re.search(r", # \w", line)] == []


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("0.1.0", ">=0.1.0,<0.2"),
        ("0.2.3", ">=0.2.3,<0.3"),
        ("0.2.0rc1", ">=0.2.0rc1,<0.3"),
        ("1.4.2", ">=1.4.2,<2"),
    ],
)
def test_bounds_end_before_what_may_break(version: str, expected: str) -> None:
    assert versions.bounds(version) == expected


@pytest.mark.parametrize("text", ["0.2", "v0.2.0", "0.2.0.dev1", "0.2.0+here", "00.2.0", "two"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(SystemExit):
        versions.checked(text)


def test_a_version_is_written_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in [*versions.files()]:
        to = tmp_path / file.relative_to(workspace.ROOT)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, to)
    monkeypatch.setattr(workspace, "ROOT", tmp_path)
    versions.write("3.4.5")
    for file in versions.files():
        project = tomllib.loads(file.read_text())["project"]
        assert project["version"] == "3.4.5"
        own = [line for line in project["dependencies"] if line.startswith("starbeam-")]
        assert all(line.endswith(">=3.4.5,<4") for line in own)
    extra = workspace.pyproject(tmp_path)["project"]["optional-dependencies"]["testing"]
    assert extra == ["starbeam-testing>=3.4.5,<4"]


def test_what_was_unreleased_becomes_the_section_of_a_release() -> None:
    drafted = changelog.drafted(TEXT, "0.2.0", date(2027, 1, 31), ["not asked"])
    assert drafted == TEXT.replace("## [Unreleased]\n", "## [Unreleased]\n\n## [0.2.0] - 2027-01-31\n")
    assert changelog.day_of(drafted, "0.2.0") == date(2027, 1, 31)
    assert changelog.day_of(drafted, "0.1.0") == date(2026, 11, 30)
    assert changelog.day_of(drafted, "0.3.0") is None
    assert changelog.drafted(drafted, "0.2.0", date(2027, 2, 1), []) == drafted, "made again, it stays"


def test_commits_are_the_draft_where_nobody_wrote_anything() -> None:
    silent = TEXT.replace("\n### Added\n\n- Pages.\n", "", 1)
    drafted = changelog.drafted(silent, "0.2.0", date(2027, 1, 31), ["A is B now", "C is gone"])
    assert (
        "## [Unreleased]\n\n## [0.2.0] - 2027-01-31\n\n### Changed\n\n- A is B now\n- C is gone\n"
        "\n## [0.1.0] - 2026-11-30\n"
    ) in drafted


def test_a_distribution_built_twice_is_the_same_bytes(tmp_path: Path) -> None:
    epoch = changelog.epoch(date(2027, 1, 31))
    assert epoch == 1801353600
    built = [_built(tmp_path / name, epoch) for name in ("once", "twice")]
    assert [file.name for file in built[0]] == [file.name for file in built[1]]
    assert [file.read_bytes() for file in built[0]] == [file.read_bytes() for file in built[1]]
    wheel = next(file for file in built[0] if file.suffix == ".whl")
    assert {entry.date_time for entry in zipfile.ZipFile(wheel).infolist()} == {(2027, 1, 31, 0, 0, 0)}


def _built(folder: Path, epoch: int) -> list[Path]:
    """Wheel and source of a small distribution, from a copy whose files are as old as the copy."""
    shutil.copytree(
        workspace.ROOT / "plugins/auth_dummy", folder / "plugins/auth_dummy", copy_function=shutil.copyfile
    )
    shutil.copyfile(workspace.ROOT / "LICENSE", folder / "LICENSE")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", folder / "dist"],
        cwd=folder / "plugins/auth_dummy",
        env=environment() | {"SOURCE_DATE_EPOCH": str(epoch)},
        check=True,
        capture_output=True,
    )
    return sorted((folder / "dist").iterdir())


def test_a_wheel_without_a_licence_or_a_file_is_found_out(tmp_path: Path) -> None:
    folder = workspace.ROOT / "core"
    info = "starbeam_core-0.1.0.dist-info"
    bundle = "starbeam/http/static/swagger-ui-bundle.js"
    wheel = tmp_path / "starbeam_core-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in contents.of_package(folder) - {bundle}:
            archive.writestr(name, "")
        archive.writestr(f"{info}/licenses/LICENSE", "")
    assert contents.lacks(wheel, folder) == {
        bundle,
        f"{info}/licenses/{bundle}.LICENSE.txt",
        f"{info}/licenses/starbeam/http/static/swagger-ui.LICENSE",
        f"{info}/licenses/starbeam/http/static/swagger-ui.NOTICE",
    }
