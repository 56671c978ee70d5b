"""What the workspace's own files say: its distributions and the manifest of the bundled plugins."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
"""The folder of the workspace."""
GROUP = "starbeam.plugins"
"""The group of the plugins' entry points."""


def pyproject(folder: Path) -> dict[str, Any]:
    """The content of a folder's pyproject.toml."""
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))


def manifest() -> dict[str, str]:
    """The bundled plugins: name to `module:Class`."""
    content: dict[str, dict[str, str]] = tomllib.loads(
        (ROOT / "entrypoints.toml").read_text(encoding="utf-8")
    )
    return content["plugins"]


def entry_points_of(folder: Path, group: str) -> dict[str, str]:
    """The entry points that a folder's pyproject.toml declares in a group."""
    found: dict[str, str] = pyproject(folder)["project"].get("entry-points", {}).get(group, {})
    return found


def whole_system() -> list[str]:
    """The bundled plugins, without the log-ins that ask a server of their own."""
    return [name for name in manifest() if name not in ("auth_ldap", "auth_keycloak")]


def plugin_folders() -> dict[str, Path]:
    """The folders of the bundled plugins, by name."""
    return {file.parent.name: file.parent for file in sorted(ROOT.glob("plugins/*/pyproject.toml"))}


def distribution(plugin: str) -> str:
    """The distribution that holds a plugin."""
    return f"starbeam-{plugin.replace('_', '-')}"


def own_dependencies(folder: Path) -> set[str]:
    """The distributions of this workspace that a distribution depends on."""
    dependencies = pyproject(folder)["project"]["dependencies"]
    names = (re.split(r"[^\w-]", line, maxsplit=1)[0] for line in dependencies)
    return {name for name in names if name.startswith("starbeam-")}
