"""The bundled plugins are listed alike wherever they are listed, and one name means one thing."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from starbeam.cli.tools import GROUP as TOOLS
from support import workspace

MANIFEST = workspace.manifest()
DISTRIBUTIONS = {"starbeam-core", *map(workspace.distribution, workspace.plugin_folders())}
TOOL_DISTRIBUTIONS = DISTRIBUTIONS - {"starbeam-core", *map(workspace.distribution, MANIFEST)}
"""Those that only bring commands: nothing enables them, so nothing requires them."""
TESTING = "starbeam-testing"
CONFIGURATIONS = sorted((workspace.ROOT / "config").glob("*.toml"))


def test_pyprojects_say_what_the_manifest_says() -> None:
    declared = {
        name: points
        for name, folder in workspace.plugin_folders().items()
        if (points := workspace.entry_points_of(folder, workspace.GROUP))
    }
    assert declared == {name: {name: target} for name, target in MANIFEST.items()}, (
        f"edit entrypoints.toml, or [project.entry-points.{workspace.GROUP!r}] in the plugin's pyproject.toml"
    )


def test_installed_metadata_says_what_the_manifest_says() -> None:
    installed = {
        point.name: (point.dist.name, point.value)
        for point in entry_points(group=workspace.GROUP)
        if point.dist is not None and point.dist.name.startswith("starbeam-")
    }
    expected = {name: (workspace.distribution(name), target) for name, target in MANIFEST.items()}
    assert installed == expected, "what is installed is out of date: make install"


def test_the_distribution_starbeam_installs_core_and_every_plugin() -> None:
    extra = workspace.pyproject(workspace.ROOT)["project"]["optional-dependencies"]["testing"]
    assert [line.partition(">")[0] for line in extra] == [TESTING], "pytest is for who tests plugins"
    assert workspace.own_dependencies(workspace.ROOT) == DISTRIBUTIONS - {TESTING}, (
        "edit [project] dependencies in the workspace's pyproject.toml"
    )


def test_dependencies_between_members_are_resolved_in_the_workspace() -> None:
    sources = workspace.pyproject(workspace.ROOT)["tool"]["uv"]["sources"]
    assert sources == {name: {"workspace": True} for name in DISTRIBUTIONS}, (
        "edit [tool.uv.sources] in the workspace's pyproject.toml"
    )


def test_installed_commands_are_those_of_the_pyprojects() -> None:
    declared = {
        (workspace.distribution(name), command, target)
        for name, folder in workspace.plugin_folders().items()
        for command, target in workspace.entry_points_of(folder, TOOLS).items()
    }
    installed = {
        (point.dist.name, point.name, point.value) for point in entry_points(group=TOOLS) if point.dist
    }
    assert installed == declared, "what is installed is out of date: make install"


@pytest.mark.parametrize("name", workspace.plugin_folders())
def test_a_distribution_is_called_as_its_folder(name: str) -> None:
    declared = workspace.pyproject(workspace.plugin_folders()[name])["project"]["name"]
    assert declared == workspace.distribution(name), f"edit [project] name in plugins/{name}/pyproject.toml"


@pytest.mark.parametrize("name", MANIFEST)
def test_one_name_for_one_thing(name: str) -> None:
    plugin = next(iter(entry_points(group=workspace.GROUP, name=name))).load()
    assert plugin.__module__ == f"starbeam_{name}", f"the class belongs to starbeam_{name}/__init__.py"
    assert plugin.name == name, f"edit {plugin.__qualname__}.name"


@pytest.mark.parametrize("name", MANIFEST)
def test_a_plugin_depends_on_what_it_requires(name: str) -> None:
    plugin = next(iter(entry_points(group=workspace.GROUP, name=name))).load()
    required = {"starbeam-core", *map(workspace.distribution, plugin.requires)}
    assert workspace.own_dependencies(workspace.plugin_folders()[name]) - TOOL_DISTRIBUTIONS == required, (
        f"edit {plugin.__qualname__}.requires, or [project] dependencies in plugins/{name}/pyproject.toml"
    )


OPTIONAL = {"acquisition", "audit", "mxcube", "telemetry", "tokens"}
"""What has tables of its own, changes answers to log-ins, lets more people write, or sends anything
elsewhere: a facility decides."""


def test_the_demo_enables_every_bundled_plugin_but_few() -> None:
    demo = tomllib.loads((workspace.ROOT / "config" / "demo.toml").read_text(encoding="utf-8"))
    assert {*demo["plugins"]["enabled"]} == {*workspace.manifest()} - OPTIONAL, "edit config/demo.toml"


def test_the_readme_tells_of_every_plugin_and_tool() -> None:
    told = re.findall(r"\]\(plugins/(\w+)\)", (workspace.ROOT / "README.md").read_text(encoding="utf-8"))
    assert sorted(told) == sorted(workspace.plugin_folders()), "edit README.md"


@pytest.mark.parametrize("file", CONFIGURATIONS, ids=lambda file: file.name)
def test_configurations_enable_only_what_there_is(file: Path) -> None:
    enabled = tomllib.loads(file.read_text(encoding="utf-8")).get("plugins", {}).get("enabled", [])
    assert set(enabled) <= set(MANIFEST), f"edit {file.name}"


def test_a_facility_runs_all_that_serves_but_log_ins_and_made_up_data() -> None:
    production = tomllib.loads((workspace.ROOT / "config/production.toml").read_text(encoding="utf-8"))
    expected = {name for name in MANIFEST if not name.startswith("auth_")} - {"simulator"} - OPTIONAL
    assert set(production["plugins"]["enabled"]) == expected, "edit config/production.toml"
