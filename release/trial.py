"""The wheels of a release in an empty environment: commands, a demo that answers, tests of a new plugin, and
the suite."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

import httpx

from support.clean import build, environment, install, make_environment, run
from support.workspace import ROOT

PATIENCE = 300.0
"""Seconds within which the demo is made and answers."""
SUITE = (
    *("-m", "not (long or slow or mariadb)", "tests/core", "tests/plugins"),
    *("tests/contract/test_access.py", "tests/contract/test_document.py"),
)
"""What is tried of the suite: `make test-fast`, every operation as every kind of caller, and the document."""


def installed(folder: Path, wheels: Iterable[Path]) -> None:
    """Install all wheels into a new environment in `venv`."""
    make_environment(folder)
    install(folder, list(wheels))


def commands(folder: Path, version: str) -> None:
    """`starbeam --help` and `--version`."""
    _said(folder, "--help")
    if version not in (said := _said(folder, "--version")):
        raise SystemExit(f"starbeam --version says {said.strip()}, not {version}")


def _said(folder: Path, *words: str) -> str:
    """What a command of the new environment says."""
    command = [folder / "venv/bin/starbeam", *words]
    done = subprocess.run(
        command, cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def demo(folder: Path) -> None:
    """A demo that is made, lets somebody in, and lists proposals."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (folder / "demo.log").open("w") as log:
        server = subprocess.Popen(
            [folder / "venv/bin/starbeam", "demo", "--port", str(port)],
            cwd=folder,
            env=environment(),
            stdout=log,
            stderr=log,
        )
    try:
        _answers(server, f"http://127.0.0.1:{port}")
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=120)


def _answers(server: subprocess.Popen[bytes], address: str) -> None:
    with httpx.Client(base_url=f"{address}/ispyb/api/v1", timeout=60) as client:
        for _ in range(int(PATIENCE)):
            if server.poll() is not None:
                raise SystemExit("the demo ended; demo.log says why")
            try:
                httpx.get(f"{address}/health/ready").raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(1)
        login = client.post("/auth/login", json={"plugin": "dummy", "login": "admin", "password": "any"})
        bearer = {"Authorization": f"Bearer {login.raise_for_status().json()['token']}"}
        if not client.get("/proposals", headers=bearer).raise_for_status().json()["total"]:
            raise SystemExit("the demo has no proposals")


def tests(folder: Path) -> None:
    """A new plugin, written, built, installed and tested with the wheels alone."""
    _said(folder, "plugins", "new", "ring_current")
    package = folder / "starbeam-ring-current"
    install(folder, ["--no-deps", build(package, folder / "new")])
    run(
        folder / "venv/bin/pytest", "-q", "--disable-warnings", "-p", "no:cacheprovider", "tests", cwd=package
    )


def suite(folder: Path) -> None:
    """The suite, with the wheels: the checkout gives the tests, and no module of Starbeam."""
    install(folder, ["--group", f"{ROOT / 'pyproject.toml'}:test"])
    where = [folder / "venv/bin/python", "-c", "import starbeam_ispyb; print(starbeam_ispyb.__file__)"]
    said = subprocess.run(where, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True, check=True)
    if not Path(said.stdout).is_relative_to(folder):
        raise SystemExit(f"not the wheels are tried, but {said.stdout.strip()}")
    run(folder / "venv/bin/pytest", "-q", "--no-header", "-p", "no:cacheprovider", *SUITE, cwd=ROOT)
