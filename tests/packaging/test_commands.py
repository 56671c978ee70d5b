"""Every command is there and ends as it should, with a facility's configuration and with none."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from starbeam.cli.group import cli
from support import workspace
from support.commands import SECRET

PRODUCTION = workspace.ROOT / "config" / "production.toml"
AWAY = "mysql+asyncmy://ispyb:word@127.0.0.1:1/ispyb"
COMMANDS = {
    # command: its status without a configuration, and with one whose database is away
    "serve --port BUSY": (2, 1),
    "demo --port BUSY": (1, 2),
    "plugins list": (0, 0),
    "plugins show ispyb": (0, 0),
    "plugins new weather": (0, 0),
    "doctor": (2, 1),
    "doctor --db": (2, 3),
    "config check": (2, 0),
    "config show": (0, 0),
    "config import py-ispyb.env": (0, 0),
    "db create": (0, 3),
    "db check": (1, 3),
    "db upgrade": (1, 0),  # none of the plugins brings tables: there is nothing to ask
    "db indexes": (1, 3),
    "admin grant visitor manage_groups": (1, 3),
    "token visitor": (2, 3),
    "explain visitor /sessions/1": (1, 3),
    "routes": (0, 0),
    "openapi": (0, 0),
    "call /health/live --server http://127.0.0.1:1": (3, 3),
    "simulate": (1, 1),
    "status http://127.0.0.1:1": (3, 3),
}


@pytest.fixture
def busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A port that is taken. The working directory holds py-ispyb's settings and nothing else."""
    monkeypatch.chdir(tmp_path)
    Path("py-ispyb.env").write_text("API_ROOT=/api\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield str(taken.getsockname()[1])


def status(command: str, busy: str) -> int:
    result = CliRunner().invoke(cli, [busy if word == "BUSY" else word for word in command.split()])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "No such command" not in result.stderr
    return result.exit_code


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_without_a_configuration(command: str, busy: str) -> None:
    assert status(command, busy) == COMMANDS[command][0]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_with_a_configuration(command: str, busy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STARBEAM_CONFIG", str(PRODUCTION))
    monkeypatch.setenv("STARBEAM_AUTH__SECRET_KEY", SECRET)
    monkeypatch.setenv("STARBEAM_DATABASE__URL", AWAY)
    assert status(command, busy) == COMMANDS[command][1]
