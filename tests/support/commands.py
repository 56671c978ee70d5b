"""The command `starbeam` as its users run it: in a process of its own, with a configuration of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

import httpx
from click.testing import CliRunner, Result

from starbeam.cli.group import cli
from support.mariadb import cache_folder
from support.schemas import SQLITE, fresh_database

STARBEAM = Path(sys.executable).with_name("starbeam")
SECRET = "b7d3f1a9c5e8264079bd13f5a7c9e2d4"
PATIENCE = 600
"""Seconds until something that does not happen is given up."""


@dataclass
class Site:
    """A working folder with a configuration, and plugins that are modules in it."""

    folder: Path
    plugins: list[str] = field(default_factory=lambda: ["auth_dummy", "ispyb", "proposals"])
    url: str = "sqlite+aiosqlite:///union.db"
    secret: str = SECRET
    more: str = ""
    _modules: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        """The configuration file, written anew."""
        enabled, files = json.dumps([*self.plugins, *self._modules]), ""
        if self._modules:
            manifest = self.folder / "local.toml"
            entries = (f'{name} = "{name}_plugin:Local"' for name in self._modules)
            manifest.write_text("[plugins]\n" + "\n".join(entries))
            files = f"files = {json.dumps([str(manifest)])}"
        path = self.folder / "site.toml"
        path.write_text(
            f'[database]\nurl = "{self.url}"\n[auth]\nsecret_key = "{self.secret}"\n'
            f'[auth.backends.dummy]\nuse = "auth_dummy"\ntest_system = true\n'
            f"[plugins]\nenabled = {enabled}\n{files}\n{self.more}"
        )
        return path

    def add_plugin(self, name: str, body: str, head: str = "") -> None:
        """Enable a plugin whose class has this body."""
        self._modules[name] = body
        source = (
            "from starbeam.api import Plugin, hookimpl, public\nfrom litestar import get\n"
            + dedent(head)
            + f'\nclass Local(Plugin):\n    name = "{name}"\n    title = "A plugin of this site"\n'
            + "".join(f"    {line}\n" for line in dedent(body).splitlines())
        )
        (self.folder / f"{name}_plugin.py").write_text(source)
        sys.modules.pop(f"{name}_plugin", None)  # that of a test before

    def make_database(self) -> None:
        """A fresh SQLite database, `union.db`."""
        asyncio.run(fresh_database(SQLITE, self.folder))

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [STARBEAM, *words],
            cwd=self.folder,
            env=environment(variables),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def invoke(self, *words: str) -> Result:
        """Run a command with this configuration in this process: for what ends by itself, and is quicker."""
        return CliRunner().invoke(cli, [*words, "--config", str(self.config)])

    @contextmanager
    def serving(self, command: str = "serve", *words: str, **variables: str) -> Iterator[Running]:
        """A server in the foreground of a process, when it has told its address; killed at the end."""
        port = free_port()
        arguments = [STARBEAM, command, "--port", str(port), *words]
        out, err = self.folder / "out.txt", self.folder / "err.txt"
        with out.open("w") as stdout, err.open("w") as stderr:
            process = subprocess.Popen(
                arguments, cwd=self.folder, env=environment(variables), stdout=stdout, stderr=stderr
            )
        try:
            running = Running(process, port, out, err)
            start = "ready" if command == "demo" else "Starbeam"
            running.wait_for(lambda: running.last_line().startswith(start) or running.ended)
            yield running
        finally:
            process.kill()
            process.wait()


@dataclass
class Running:
    """A running server."""

    process: subprocess.Popen[bytes]
    port: int
    _out: Path
    _err: Path

    @property
    def out(self) -> str:
        """What it wrote to stdout so far."""
        return self._out.read_text()

    @property
    def err(self) -> str:
        """What it wrote to stderr so far."""
        return self._err.read_text()

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self.process.poll() is not None

    def events(self) -> list[dict[str, object]]:
        """The lines of its log."""
        return [json.loads(line) for line in self.err.splitlines() if line.startswith("{")]

    def last_line(self) -> str:
        """The last line on stdout that is not blank."""
        return next((line for line in reversed(self.out.splitlines()) if line.strip()), "")

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask for a path."""
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=PATIENCE)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def wait_for(self, condition: object) -> None:
        """Return when the condition holds."""
        assert callable(condition)
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain:\n{self.out}\n{self.err}"
            time.sleep(0.05)


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment without settings of this machine, and with these variables.

    Compiled files are kept from one run to the next: without them every start takes seconds longer.
    """
    ours = ("STARBEAM_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"PYTHONPYCACHEPREFIX": str(cache_folder() / "compiled")} | variables


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
