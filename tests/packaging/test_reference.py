"""The reference says what the code says, all of it; and the documentation builds without a warning."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest
from msgspec.structs import fields

from starbeam import hookspecs
from starbeam.app import Starbeam
from starbeam.cli.group import cli
from starbeam.registry import operations_of
from starbeam.settings import Settings
from starbeam.settings.convert import struct_of
from support.workspace import ROOT

HOOKS = [name for name, thing in vars(hookspecs).items() if hasattr(thing, "starbeam_spec")]


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """The script that writes the pages."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["generate"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def app(generate: ModuleType) -> Starbeam:
    made: Starbeam = generate.every_plugin()
    return made


@pytest.fixture(scope="module")
def pages(generate: ModuleType, app: Starbeam) -> dict[str, str]:
    return {name: page(app) for name, page in generate.PAGES.items()}


def test_every_hook_is_there_with_its_exact_signature(pages: dict[str, str]) -> None:
    source = inspect.getsource(hookspecs)
    assert len(HOOKS) == source.count("@hookspec\n") > 10
    for name in HOOKS:
        written = next(line for line in source.splitlines() if line.startswith(f"def {name}("))
        assert f"```python\n{written.removesuffix(':')}\n```" in pages["hooks"]
        assert f"## `{name}`" in pages["hooks"]
        assert "Merge: " in inspect.getdoc(getattr(hookspecs, name))


def test_every_setting_is_there(pages: dict[str, str], app: Starbeam) -> None:
    for section in fields(Settings):
        if (struct := struct_of(section.type)) is not None:
            for field in fields(struct):
                assert f"| `{section.name}.{field.name}` |" in pages["settings"]
    for name, plugin in app.plugins.enabled.items():
        for field in fields(plugin.Settings):
            assert f"of {name}\n" in pages["settings"]
            assert f"| `{field.encode_name}" in pages["settings"]


def test_every_permission_and_option_is_there(pages: dict[str, str], app: Starbeam) -> None:
    assert all(f"| `{name}` |" in pages["permissions"] for name in app.registry.permissions)
    assert all(f"| `{name}` |" in pages["options"] for name in app.registry.options)


def test_every_operation_is_there(pages: dict[str, str], app: Starbeam) -> None:
    for one in operations_of(app.asgi):
        assert f"| `{one.method} {one.path}` | {one.access} |" in pages["routes"]
    assert "|  |\n" not in pages["routes"], "each says what it does"
    assert "| `GET /metrics` | public | Figures for Prometheus; 404 for whom" in pages["routes"]
    assert "| `GET /docs` | public | The API page: the document to read and to try. |" in pages["routes"]


def test_every_command_is_there_with_its_usage(pages: dict[str, str]) -> None:
    def walk(command: click.Command, words: str) -> None:
        assert f"# `{words}`\n" in pages["commands"], words
        assert f"Usage: {words} " in pages["commands"], words
        assert command.help, words
        if isinstance(command, click.Group):
            for name, inner in command.commands.items():
                walk(inner, f"{words} {name}")

    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        walk(command, f"starbeam {name}")
    assert "# `starbeam db create`" in pages["commands"]


def test_every_figure_is_there(pages: dict[str, str]) -> None:
    for name in ("starbeam_requests_total", "starbeam_request_seconds", "starbeam_requests_running"):
        assert f"| `{name}` |" in pages["metrics"]
    assert "| `plugin`, `method`, `route`, `status` |" in pages["metrics"]


def test_every_hook_is_used_by_a_plugin_or_an_example() -> None:
    used = {
        function.name
        for place in ("plugins", "examples")
        for file in (ROOT / place).glob("*/*/__init__.py")
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef)
        and any(isinstance(mark, ast.Name) and mark.id == "hookimpl" for mark in function.decorator_list)
    }
    assert set(HOOKS) <= used


def test_the_documentation_builds_without_a_warning(tmp_path: Path, generate: ModuleType) -> None:
    generate.main()
    sphinx = Path(sys.executable).with_name("sphinx-build")
    command = [sphinx, "-q", "-E", "-W", "--keep-going", "-d", tmp_path / "trees"]
    built = subprocess.run(
        [*command, ROOT / "docs", tmp_path / "html"], capture_output=True, text=True, check=False
    )
    assert (built.returncode, built.stdout, built.stderr) == (0, "", "")
    assert (tmp_path / "html" / "reference" / "generated" / "hooks.html").exists()
