"""Writes the pages of `docs/reference/generated` from the code.

`make docs` runs it. The pages are not kept in git: they say what the code says.
"""

from __future__ import annotations

import ast
import inspect
import logging
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import click
import structlog

from starbeam import api as public
from starbeam import hookspecs
from starbeam.app import Starbeam
from starbeam.cli import output
from starbeam.cli.group import cli, plugin_commands
from starbeam.cli.plugin_sheet import hooks_of, settings_of
from starbeam.discovery import bundled
from starbeam.http.metrics import Metrics
from starbeam.plugin import Context
from starbeam.registry import CORE, Operation, operations_of
from starbeam.settings import Settings, load

DOCS = Path(__file__).parent
CONFIG = DOCS.parent / "config" / "demo.toml"
"""The demo's configuration: its log-ins and its folders."""

_OF_LITESTAR = {
    "/docs": "The API page: the document to read and to try.",
    "/docs/openapi.json": "The document with all operations, also those that an option switches off.",
    "/docs/{path}": "404: there is no other page.",
}
"""What those operations do whose handlers are Litestar's own."""


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def code(text: str) -> str:
    """A word as code, or nothing."""
    return f"`{text}`" if text else ""


def docstring(thing: Any) -> str:
    """What a thing says of itself, with reStructuredText's code as Markdown's."""
    return dedent(inspect.getdoc(thing) or "").replace("``", "`")


def settings(app: Starbeam) -> str:
    """Every setting of the server and of each plugin."""
    parts = [
        "# Settings",
        "In the configuration file, TOML. Later wins: the defaults, the file, the environment, the command "
        "line. In the environment `server.port` is `STARBEAM_SERVER__PORT`, and "
        "`STARBEAM_AUTH__SECRET_KEY_FILE` names a file that holds `auth.secret_key`.",
    ]
    by_section: dict[str, list[dict[str, str]]] = {}
    for one in settings_of(Settings):
        by_section.setdefault(one["key"].partition(".")[0], []).append(one)
    for section, found in by_section.items():
        parts += [f"## `[{section}]`", _settings_table(found)]
    for name, plugin in app.plugins.enabled.items():
        if found := settings_of(plugin.Settings):
            where = "auth.backends.…" if plugin.backend_name else f"plugin.{name}"
            parts += [f"## `[{where}]` of {name}", docstring(plugin.Settings), _settings_table(found)]
    return "\n\n".join(parts)


def _settings_table(found: list[dict[str, str]]) -> str:
    headers = ("setting", "takes", "default", "meaning")
    rows = [(code(o["key"]), o["type"], code(o["default"]), o["description"]) for o in found]
    return table(headers, rows)


def hooks(app: Starbeam) -> str:
    """Every hook with its exact signature, of core and of plugins."""
    parts, shown = ["# Hooks", docstring(hookspecs)], samples()
    for name, spec, owner in _specs(app):
        users = [plugin for plugin, one in app.plugins.enabled.items() if name in hooks_of(type(one))]
        parts += [f"## `{name}`", f"```python\ndef {name}{signature(spec)}\n```", docstring(spec)]
        parts += [f"Defined by the plugin {owner}."] if owner != CORE else []
        parts += [f"Used by {', '.join(users)}."] if users else []
        parts += ["In `{}`:\n\n```python\n{}\n```".format(*shown[name])] if name in shown else []
    parts += ["## What `ctx` holds", docstring(Context), _attributes(Context)]
    return "\n\n".join(parts)


def samples() -> dict[str, tuple[str, str]]:
    """Hooks as somebody implements them, file and code: an example, else the shortest of a plugin."""
    found = []
    for file in [*DOCS.parent.glob("plugins/*/*/__init__.py"), *DOCS.parent.glob("examples/*/*/__init__.py")]:
        name = str(file.relative_to(DOCS.parent))
        found += [(hook, name, code) for hook, code in _implemented(file.read_text(encoding="utf-8"))]
    best = sorted(found, key=lambda one: (one[1].startswith("plugins"), len(one[2]), one[1]), reverse=True)
    return {hook: (name, code) for hook, name, code in best}


def _implemented(text: str) -> Iterator[tuple[str, str]]:
    """The hooks that a module implements, each with its code."""
    for node in ast.walk(ast.parse(text)):
        marks = node.decorator_list if isinstance(node, ast.FunctionDef) else []
        if any(ast.unparse(mark).startswith("hookimpl") for mark in marks):
            yield node.name, dedent("\n".join(text.splitlines()[marks[0].lineno - 1 : node.end_lineno]))


def _specs(app: Starbeam) -> Iterator[tuple[str, Any, str]]:
    places = [(CORE, hookspecs)]
    places += [
        (name, one.hookspecs) for name, one in app.plugins.enabled.items() if one.hookspecs is not None
    ]
    for owner, place in places:
        for name, thing in vars(place).items():
            if hasattr(thing, "starbeam_spec"):
                yield name, thing, owner


def signature(function: Any) -> str:
    """Arguments and result as the code writes them."""
    found = inspect.signature(function)
    arguments = ", ".join(
        f"{one.name}: {one.annotation}" for one in found.parameters.values() if one.name != "self"
    )
    return f"({arguments}) -> {found.return_annotation}"


def _attributes(cls: type[Any]) -> str:
    names = cls.__annotations__
    return table(("attribute", "type"), [(code(name), code(str(kind))) for name, kind in names.items()])


def permissions(app: Starbeam) -> str:
    """Every permission, and what asks for it."""
    rows = []
    for plugin in (CORE, *app.plugins.enabled):
        for one in app.registry.permissions_of(plugin):
            needing = [f"`{op.method} {op.path}`" for op in operations_of(app.asgi) if op.access == one.name]
            rows.append((code(one.name), plugin, one.description, ", ".join(needing)))
    intro = (
        "`starbeam admin grant LOGIN PERMISSION` gives one to a person; `/admin/groups` gives them to groups."
    )
    return "\n\n".join(["# Permissions", intro, table(("permission", "plugin", "gives", "needed by"), rows)])


def options(app: Starbeam) -> str:
    """Every runtime option."""
    rows = [
        (code(one.name), plugin, code(output.toml(one.default)), f"{one.title}. {one.description}.")
        for plugin in (CORE, *app.plugins.enabled)
        for one in app.registry.options_of(plugin)
    ]
    intro = "What administrators change while the server runs, in `/options`."
    return "\n\n".join(["# Options", intro, table(("option", "plugin", "default", "meaning"), rows)])


def commands(app: Starbeam) -> str:
    """Every command with its help."""
    found = {**{name: command_of(name) for name in cli.list_commands(_context(cli, "starbeam"))}}
    found |= plugin_commands(CONFIG)
    parts = ["# Commands", "`starbeam COMMAND --help` prints the same."]
    for name, command in found.items():
        parts += list(_command(command, f"starbeam {name}"))
    return "\n\n".join(parts)


def command_of(name: str) -> click.Command:
    """A command of core, or of an installed tool."""
    found = cli.get_command(_context(cli, "starbeam"), name)
    assert found is not None  # noqa: S101 - it was listed
    return found


def _command(command: click.Command, name: str) -> Iterator[str]:
    context = _context(command, name)
    yield f"{'##' if name.count(' ') == 1 else '###'} `{name}`"
    yield f"```text\n{command.get_help(context)}\n```"
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            if (found := command.get_command(context, inner)) is not None:
                yield from _command(found, f"{name} {inner}")


def _context(command: click.Command, name: str) -> click.Context:
    return click.Context(command, info_name=name, max_content_width=100, help_option_names=["-h", "--help"])


def metrics(app: Starbeam) -> str:
    """Every figure of `/metrics`."""
    rows = [
        (code(_name(found)), found.type, ", ".join(map(code, labels)), found.documentation)
        for found, labels in _figures(Metrics())
    ]
    intro = (
        "`/metrics` tells them to the addresses in `server.metrics_from`, for Prometheus; everybody else "
        "reads 404. They are those of all workers together. A route is its template, as in "
        "`/ispyb/api/v1/sessions/{sessionId}`, and `unknown` for what is not served."
    )
    return "\n\n".join(["# Metrics", intro, table(("figure", "type", "labels", "meaning"), rows)])


def _figures(kept: Metrics) -> Iterator[tuple[Any, Sequence[str]]]:
    for collector in dict.fromkeys(kept.registry._names_to_collectors.values()):
        (family,) = collector.collect()
        yield family, collector._labelnames


def _name(family: Any) -> str:
    return f"{family.name}_total" if family.type == "counter" else str(family.name)


def routes(app: Starbeam) -> str:
    """Every operation."""
    parts = [
        "# Routes",
        "With parameters, bodies and answers they are on the page `/docs` of every server, and in the "
        "document that it shows, at `/ispyb/api/v1/openapi.json`.",
    ]
    for plugin in (CORE, *app.plugins.enabled):
        rows = [
            (code(f"{one.method} {one.path}"), one.access, _does(one))
            for one in operations_of(app.asgi)
            if one.plugin == plugin
        ]
        if rows:
            parts += [f"## {plugin}", table(("operation", "access", "does"), rows)]
    return "\n\n".join(parts)


def _does(one: Operation) -> str:
    """The first line of what the handler says of itself; what runs in a thread stands in a wrapper."""
    said = docstring(getattr(one.handler.fn, "func", one.handler.fn)).partition("\n")[0]
    return _OF_LITESTAR.get(one.path, said)


def api(app: Starbeam) -> str:
    """Every name that plugins import from core."""
    inner = sorted(one.name for one in pkgutil.iter_modules(public.__path__, f"{public.__name__}."))
    parts = ["# What plugins import"]
    for module in [public, *map(import_module, inner)]:
        said = _said_below(module)
        rows = [(code(name), said.get(name) or summary(getattr(module, name))) for name in module.__all__]
        parts += [f"## `{module.__name__}`", docstring(module), table(("name", "is"), rows)]
    return "\n\n".join(parts)


def summary(thing: Any) -> str:
    """The first paragraph of a docstring, in one line."""
    return " ".join(docstring(thing).partition("\n\n")[0].split())


def _said_below(module: ModuleType) -> dict[str, str]:
    """What stands below values where they are given their names, in the modules that this one imports."""
    said = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ImportFrom):
            home = ast.parse(inspect.getsource(import_module(str(node.module)))).body
            for one, below in pairwise(home):
                match one, below:
                    case (
                        ast.Assign(targets=[ast.Name(name)]) | ast.AnnAssign(target=ast.Name(name)),
                        ast.Expr(ast.Constant(str(text))),
                    ):
                        said[name] = " ".join(text.replace("``", "`").split())
    return said


PAGES: dict[str, Callable[[Starbeam], str]] = {
    page.__name__: page for page in (settings, hooks, api, permissions, options, commands, metrics, routes)
}


def every_plugin() -> Starbeam:
    """An app with every bundled plugin."""
    return Starbeam(load(CONFIG, {}, {"plugins.enabled": [*bundled()]}), needs_secret=False)


def main() -> None:
    """Write the pages."""
    app = every_plugin()
    folder = DOCS / "reference" / "generated"
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / f"{name}.md").write_text(page(app) + "\n", encoding="utf-8")


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    main()
