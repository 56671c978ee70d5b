"""What is imported where: the help is cheap, a server has no tool and a reader no server in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support import workspace

TOOLS = {f"starbeam_{name}" for name in workspace.plugin_folders() if name not in workspace.manifest()}
LIBRARIES_OF_TOOLS = {"pytest", "matplotlib"}
NOT_FOR_HELP = {
    *("alembic", "asyncio", "http", "httpx", "litestar", "numpy", "packaging", "rich", "sqlalchemy"),
    *("structlog", "uvicorn", "yaml"),
}
NOT_IN_A_READER = {"advanced_alchemy", "click", "httpx", "litestar", "sqlalchemy", "uvicorn"}
APP = """
import sys
from pathlib import Path
from starbeam import server
from starbeam.app import Starbeam
from starbeam.settings import load
Starbeam(load(Path(sys.argv[1]), {{}}, {{}}), needs_secret=False)
print(*sys.modules)
"""


def imported(*command: str | Path) -> set[str]:
    """The packages that a program has imported in the end."""
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    return {name.partition(".")[0] for name in ended.stdout.splitlines()[-1].split()}


def test_no_help_imports_a_server() -> None:
    """Neither that of `starbeam` nor that of any command: all of them in one process."""
    program = """
import sys
from starbeam.cli.group import cli

def show(command, *words):
    print(*words)
    cli([*words, "--help"], standalone_mode=False)
    if hasattr(command, "list_commands"):
        for name in command.list_commands(None):
            show(command.get_command(None, name), *words, name)

cli(["--version"], standalone_mode=False)
show(cli)
print(*sys.modules)
"""
    assert imported(sys.executable, "-c", program) & NOT_FOR_HELP == set()


@pytest.mark.parametrize("file", ["production.toml", "demo.toml"])
@pytest.mark.parametrize("words", ["--help", "plugins list", "config show"])
def test_what_tells_of_plugins_imports_no_server(
    words: str, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their classes are imported, to tell their titles, settings and commands, and nothing of what they
    serve."""
    monkeypatch.setenv("STARBEAM_CONFIG", str(workspace.ROOT / "config" / file))
    program = f"""
import sys
from starbeam.cli.group import cli

cli({words.split()}, standalone_mode=False)
print(*sys.modules)
"""
    found = imported(sys.executable, "-c", program)
    assert found & (NOT_FOR_HELP - {"packaging"}) == set()
    assert {"starbeam_ispyb", "starbeam_data"} <= found


def test_the_import_of_old_settings_imports_no_server(tmp_path: Path) -> None:
    env = tmp_path / "old.env"
    env.write_text("SQLALCHEMY_DATABASE_URI=mysql+mysqlconnector://u:p@db/pydb\n")
    program = f"""
import sys
from starbeam.cli.group import cli

cli(["config", "import", {str(env)!r}, "-o", {str(tmp_path / "new.toml")!r}], standalone_mode=False)
print(*sys.modules)
"""
    assert imported(sys.executable, "-c", program) & NOT_FOR_HELP == set()


@pytest.mark.parametrize("file", ["production.toml", "demo.toml"])
def test_a_server_imports_no_tool(file: str) -> None:
    """PyYAML comes with Litestar, whose app imports it at once; structlog imports rich where that is
    installed, and Litestar advanced-alchemy: none of the three asks before."""
    found = imported(sys.executable, "-c", APP.format(), workspace.ROOT / "config" / file)
    assert "litestar" in found
    assert found & LIBRARIES_OF_TOOLS == set()
    assert "alembic" not in found
    assert "httpx" not in found or "starbeam_auth_keycloak" in found
    assert {name for name in found if name in TOOLS} == set()


def test_a_reader_imports_no_server() -> None:
    program = "import sys, starbeam_data.reader.__main__; print(); print(*sys.modules)"
    assert imported(sys.executable, "-c", program) & (NOT_IN_A_READER | TOOLS) == set()
