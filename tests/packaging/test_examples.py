"""The examples as a third party ships them: built, installed from wheels, tested away from the checkout."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from support import workspace
from support.clean import UV, build_workspace, install, make_environment, run

EXAMPLES = sorted(folder.parent.name for folder in (workspace.ROOT / "examples").glob("*/pyproject.toml"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an environment that has core, the shared tables and what tests need."""
    folder = tmp_path_factory.mktemp("examples")
    wheels = build_workspace(tmp_path_factory.mktemp("dist"))
    make_environment(folder)
    install(folder, [f"{wheels['starbeam-core']}[testing]", wheels["starbeam-ispyb"]])
    return folder


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_passes_its_own_tests(name: str, site: Path) -> None:
    copy = shutil.copytree(workspace.ROOT / "examples" / name, site / name)
    run(UV, "build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable, cwd=copy)
    (wheel,) = (copy / "dist").glob("*.whl")
    install(site, [wheel])
    run(site / "venv/bin/pytest", "-q", "tests", cwd=copy)


def test_there_are_examples() -> None:
    assert "starbeam-hello" in EXAMPLES
