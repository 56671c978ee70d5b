"""The version of all distributions: the one in the workspace's pyproject.toml, written into all others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from packaging.version import InvalidVersion, Version

from support import workspace

_VERSION = re.compile(r'^version = "[^"]*"', re.MULTILINE)
_BOUNDS = re.compile(r'"(starbeam-[a-z-]+)[<>=][^"]*"')


def current() -> str:
    """What the workspace's pyproject.toml says."""
    version: str = workspace.pyproject(workspace.ROOT)["project"]["version"]
    return version


def checked(text: str) -> str:
    """A version as releases have it. Raises SystemExit for what is none."""
    try:
        version = Version(text)
    except InvalidVersion as error:
        raise SystemExit(f"{error}; for example 0.2.0 or 0.2.0rc1") from None
    if str(version) != text or len(version.release) != 3 or version.local or version.is_devrelease:
        raise SystemExit(f"{text} is no version of a release: three numbers, and rc1 for a candidate")
    return text


def bounds(text: str) -> str:
    """Which versions of each other the distributions of this version work with.

    All are released together, so none older than this; and a change of the second number, from 1.0 on of the
    first, may break what uses them.
    """
    version = Version(text)
    above = f"{version.major + 1}" if version.major else f"0.{version.minor + 1}"
    return f">={text},<{above}"


def files() -> Iterator[Path]:
    """The pyproject.toml of each distribution, the workspace's first."""
    folders = workspace.ROOT, workspace.ROOT / "core", *workspace.plugin_folders().values()
    return (folder / "pyproject.toml" for folder in folders)


def write(version: str) -> None:
    """Give all distributions this version, and the bounds that go with it."""
    for file in files():
        text = file.read_text(encoding="utf-8")
        text = _VERSION.sub(f'version = "{version}"', text, count=1)
        file.write_text(_BOUNDS.sub(rf'"\1{bounds(version)}"', text), encoding="utf-8")
