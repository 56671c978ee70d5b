"""The reference says what the code says, all of it; and the documentation builds without a warning."""

from __future__ import annotations

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
from starbeam.discovery import bundled
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
    assert {*bundled()} == {*app.plugins.enabled}
    assert "| `issuers.NAME.clients.NAME.scopes` | a list of text | `required` |" in pages["settings"]


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


def test_every_hook_is_shown_as_a_plugin_or_an_example_uses_it(
    generate: ModuleType, pages: dict[str, str], app: Starbeam
) -> None:
    shown = generate.samples()
    assert {*HOOKS, "register_event_sources"} <= shown.keys()
    assert shown["register_indexes"][0] == "examples/starbeam-shiftlog/starbeam_shiftlog/__init__.py"
    for name, (file, code) in shown.items():
        assert f"In `{file}`:\n\n```python\n@hookimpl" in pages["hooks"].partition(f"## `{name}`")[2]
        assert code in pages["hooks"]


@pytest.mark.long  # `make docs` builds it every day
def test_the_documentation_builds_without_a_warning(tmp_path: Path, generate: ModuleType) -> None:
    generate.main()
    subprocess.run([sys.executable, ROOT / "docs" / "tested.py"], check=True)
    sphinx = Path(sys.executable).with_name("sphinx-build")
    command = [sphinx, "-q", "-E", "-W", "--keep-going", "-d", tmp_path / "trees"]
    built = subprocess.run(
        [*command, ROOT / "docs", tmp_path / "html"], capture_output=True, text=True, check=False
    )
    assert (built.returncode, built.stdout, built.stderr) == (0, "", "")
    assert (tmp_path / "html" / "reference" / "generated" / "hooks.html").exists()
