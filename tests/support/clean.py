"""Clean environments: packages installed from their wheels, away from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from support import workspace

UV = Path(sys.executable).with_name("uv")


def build_workspace(folder: Path) -> dict[str, Path]:
    """The wheels of the whole workspace by distribution, each built from its source distribution."""
    options = ("--quiet", "--offline", "--all-packages", "--no-build-isolation", "--python", sys.executable)
    run(UV, "build", *options, "--out-dir", folder, cwd=workspace.ROOT)
    return {file.name.partition("-")[0].replace("_", "-"): file for file in folder.glob("*.whl")}


def build(folder: Path, dist: Path, *more: str) -> Path:
    """The wheel of a package."""
    options = ("--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable, "--out-dir", dist)
    run(UV, "build", *options, *more, cwd=folder)
    name = workspace.pyproject(folder)["project"]["name"].replace("-", "_")
    (wheel,) = dist.glob(f"{name}-*.whl")
    return wheel


def make_environment(folder: Path) -> None:
    """An empty environment in `venv`."""
    run(UV, "venv", "--quiet", "--python", sys.executable, "venv", cwd=folder)


def install(folder: Path, wanted: Iterable[str | Path]) -> None:
    """Install wheels and what they need at the pinned versions, from the cache alone if it has them."""
    command = [
        *(UV, "pip", "install", "--quiet", "--python", "venv/bin/python"),
        *("--constraint", workspace.ROOT / "requirements.txt", *wanted),
    ]
    try:
        run(*command, "--offline", cwd=folder)
    except subprocess.CalledProcessError:
        run(*command, cwd=folder)


def run(*command: str | Path, cwd: Path) -> None:
    """Run a command to its end, away from this process's own environment."""
    subprocess.run(command, cwd=cwd, env=environment(), check=True)


def environment() -> dict[str, str]:
    """The environment without what leads Python or Starbeam back to the checkout."""
    ours = ("PYTHON", "STARBEAM_", "VIRTUAL_ENV", "PYTEST_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}
