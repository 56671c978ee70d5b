"""The examples as a third party ships them: built, installed from wheels, tested away from the checkout."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support import workspace
from support.clean import build, install, make_environment, run

EXAMPLES = sorted(folder.parent.name for folder in (workspace.ROOT / "examples").glob("*/pyproject.toml"))
NEW = "beam_tuning"
"""The name of a plugin that `starbeam plugins new` writes."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the examples and a new plugin, and an environment with all of them, core, the shared
    tables, events, pages and what tests need."""
    folder = tmp_path_factory.mktemp("examples")
    dist = tmp_path_factory.mktemp("dist")
    plugins = "ispyb", "events", "proposals", "web", "ddl", "testing", "scaffold"
    names = "core", *(f"plugins/{name}" for name in plugins)
    wheels = [build(workspace.ROOT / name, dist, "--sdist") for name in names]
    make_environment(folder)
    install(folder, wheels)
    for name in EXAMPLES:
        shutil.copytree(workspace.ROOT / "examples" / name, folder / name)
    run(folder / "venv/bin/starbeam", "plugins", "new", NEW, cwd=folder)
    wheels = [build(folder / name, dist) for name in [*EXAMPLES, "starbeam-beam-tuning"]]
    install(folder, ["--no-deps", *wheels])
    return folder


@pytest.mark.parametrize("name", [*EXAMPLES, "starbeam-beam-tuning"])
def test_a_package_passes_its_own_tests(name: str, site: Path) -> None:
    run(site / "venv/bin/pytest", "-q", "-p", "no:cacheprovider", "tests", cwd=site / name)


def test_there_are_examples() -> None:
    assert {"starbeam-hello", "starbeam-shiftlog", "starbeam-ticket"} <= {*EXAMPLES}
