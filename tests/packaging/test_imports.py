"""Who may import whom: core no plugin, a plugin only core and what it requires, a module nothing above it, no
two modules each other. Imports for types alone count too.

What a plugin requires is read from its dependencies, which `test_manifest` holds equal to the class.
"""

from __future__ import annotations

import ast
import importlib
import os
import pkgutil
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

from support import workspace
from support.workspace import ROOT

PLUGINS = sorted(workspace.plugin_folders())
SERVING = sorted(workspace.manifest())
"""Those that can be enabled; the others are tools, which no request runs."""
LAYERS = ("routes", "queries", grimp.Layer("schemas", "models", independent=False))
"""The modules of a plugin, those that call above those that are called."""
FLOORS = (
    {"__main__", "api"},
    {"cli"},
    {"server", "workers"},
    {"app"},
    {"http"},
    {
        "demo",
        "discovery",
        "forms",
        "hooks",
        "hookspecs",
        "loader",
        "pages",
        "plugin",
        "plugins_dir",
        "registry",
    },
    {"auth"},
    {"contents", "db", "explanation", "repeats", "store", "visibility"},
    {"faults", "files", "logs", "permissions", "settings", "shared"},
    {
        "access",
        "aliases",
        "cache",
        "calls",
        "checks",
        "clock",
        "conversion",
        "deprecation",
        "fields",
        "garbage",
        "lifespan",
        "observing",
        "options",
        "paging",
        "params",
        "patch",
        "refusals",
        "routers",
        "sheets",
        "streams",
    },
)
"""The modules of core, those that call above those that are called."""


PUBLIC = "starbeam.api"


@cache
def import_graph() -> grimp.ImportGraph:
    return grimp.build_graph("starbeam", *map(package, PLUGINS), cache_dir=None)


def package(plugin: str) -> str:
    return f"starbeam_{plugin}"


def required(plugin: str) -> set[str]:
    """The plugins that a plugin may import: those it requires, and in turn theirs."""
    dependencies = workspace.own_dependencies(workspace.plugin_folders()[plugin])
    direct = {other for other in PLUGINS if workspace.distribution(other) in dependencies}
    return direct.union(*map(required, direct))


def imports_of(importer: str) -> set[str]:
    """Every import from a package to another, written as `module -> module`."""
    graph = import_graph()
    modules = graph.find_descendants(importer) | {importer}
    return {
        f"{module} -> {imported}"
        for module in modules
        for imported in graph.find_modules_directly_imported_by(module)
        if imported.partition(".")[0] != importer
    }


def test_core_imports_no_plugin() -> None:
    assert imports_of("starbeam") == set()


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_plugin_imports_only_core_and_what_it_requires(plugin: str) -> None:
    allowed = {"starbeam", *map(package, required(plugin))}
    forbidden = {
        line
        for line in imports_of(package(plugin))
        if line.partition(" -> ")[2].partition(".")[0] not in allowed
    }
    assert forbidden == set(), f"forbidden, or missing in the plugin's `requires`: {sorted(forbidden)}"


KNOW_HTTP = {"routes", "pages"}
"""Modules of a plugin, and packages of such names, that know HTTP. (The class names types of its hooks.)"""
KNOW_SQL = {"queries", "models", "sources", "visibility", "names", "migrations", "demo"}
"""Those that write SQL."""
OF_HTTP = ("litestar", "starlette", "starbeam.api.http")
OF_SQL = ("sqlalchemy",)
KNOW_BOTH = {
    "starbeam_simulator": "the simulator writes rows",
    "starbeam_demo": "the demo writes rows",
    "starbeam_admin.record": "a record that cannot be written is left out: it is written in a savepoint",
    "starbeam_web": "it serves pages and no list: all of it is about HTTP",
    "starbeam_tokens.authenticator": "it finds tokens in requests",
    "starbeam_userportal.rows": "a plan holds instances of models, and what was set on them",
}
"""Modules that may know what others of their kind may not, and why."""


def knowing(targets: tuple[str, ...], allowed: set[str]) -> set[str]:
    """Modules of plugins that import one of these packages and are not called as those that may."""
    graph = grimp.build_graph(*map(package, SERVING), include_external_packages=True, cache_dir=None)
    found = set()
    for module in graph.modules:
        parts = module.split(".")
        if parts[0] not in map(package, SERVING) or len(parts) == 1 or parts[1] in allowed:
            continue
        imported = graph.find_modules_directly_imported_by(module)
        if any(one == target or one.startswith(target + ".") for one in imported for target in targets):
            found.add(module)
    return found


def test_only_routes_know_http() -> None:
    assert but_for_known(knowing(OF_HTTP, KNOW_HTTP)) == set()


def test_only_queries_sources_and_visibility_know_sql() -> None:
    assert but_for_known(knowing(OF_SQL, KNOW_SQL)) == set()


def but_for_known(found: set[str]) -> set[str]:
    """Those that no reason is known for."""
    return {one for one in found if not any(one.startswith(known) for known in KNOW_BOTH)}


def test_plugins_import_of_core_only_what_is_public() -> None:
    sources = [
        source
        for folder in (*workspace.plugin_folders().values(), ROOT / "examples")
        for source in folder.rglob("*.py")
        if "build" not in source.relative_to(ROOT).parts
    ]
    assert len(sources) > 300
    private = {
        f"{source.relative_to(ROOT)}: {module}.{name}"
        for source in sources
        for module, name in imported_of_core(ast.parse(source.read_text()))
        if name not in public_names(module)
    }
    assert private == set()


def imported_of_core(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Module and name of everything that a file imports of core, for types alone too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            yield from ((name, "") for name in names if name.partition(".")[0] == "starbeam")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "starbeam":
            yield from ((str(node.module), alias.name) for alias in node.names)


def public_names(module: str) -> set[str]:
    """The names that a module gives to plugins: none, unless it is one of the public ones."""
    if module != PUBLIC and not module.startswith(f"{PUBLIC}."):
        return set()
    found = importlib.import_module(module)
    return {*found.__all__, *(one.name for one in pkgutil.iter_modules(getattr(found, "__path__", ())))}


def test_public_names_are_those_that_their_modules_import() -> None:
    for folder, _, names in os.walk(ROOT / "core" / "starbeam" / "api"):
        for name in names:
            if name.endswith(".py"):
                tree = ast.parse((Path(folder) / name).read_text())
                module = PUBLIC if name == "__init__.py" else f"{PUBLIC}.{name[:-3]}"
                imported = {one for _, one in imported_of_core(tree)}
                assert set(importlib.import_module(module).__all__) == imported, module


def test_nothing_calls_back_up() -> None:
    containers = set(map(package, PLUGINS))
    broken = import_graph().find_illegal_dependencies_for_layers(layers=LAYERS, containers=containers)
    assert [f"{found.importer} imports {found.imported}" for found in broken] == []


def test_every_module_of_core_is_on_one_floor() -> None:
    modules = {module.removeprefix("starbeam.") for module in import_graph().find_children("starbeam")}
    assert sorted(name for floor in FLOORS for name in floor) == sorted(modules)


def test_floors_of_core_rest_on_those_below() -> None:
    layers = [grimp.Layer(*floor, independent=False) for floor in FLOORS]
    broken = import_graph().find_illegal_dependencies_for_layers(layers=layers, containers={"starbeam"})
    assert [f"{found.importer} imports {found.imported}" for found in broken] == []


def test_no_modules_of_core_import_each_other() -> None:
    graph = import_graph()
    modules = graph.find_descendants("starbeam") | {"starbeam"}
    imports = {module: graph.find_modules_directly_imported_by(module) & modules for module in modules}
    assert circle(imports) == []


def test_no_packages_of_core_import_each_other() -> None:
    assert circle(imports_between(import_graph().find_children("starbeam"))) == []


def imports_between(packages: set[str]) -> dict[str, set[str]]:
    """Which of these packages and modules imports which."""
    graph = import_graph()
    return {
        one: {
            other
            for other in packages - {one}
            if graph.direct_import_exists(importer=one, imported=other, as_packages=True)
        }
        for one in packages
    }


def circle(imports: dict[str, set[str]]) -> list[str]:
    """The first modules found that import each other in a circle, or nothing."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []
