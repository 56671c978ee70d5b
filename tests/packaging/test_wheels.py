"""The wheels are complete: installed without the checkout, a few serve a database that was made elsewhere."""

from __future__ import annotations

import asyncio
import secrets
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from release import contents, versions

from starbeam_testing.app import TestDatabase
from support import workspace
from support.clean import build_workspace, environment, install, make_environment
from support.schemas import SQLITE, Kind, fresh_database

DISTRIBUTIONS = ("starbeam-core", "starbeam-auth-dummy", "starbeam-ispyb", "starbeam-proposals")
CONFIG = """
[database]
url = "{url}"
[auth]
secret_key = "{secret}"
[auth.backends.dummy]
use = "auth_dummy"
test_system = true
[plugins]
enabled = ["auth_dummy", "ispyb", "proposals"]
"""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheels of the whole workspace by distribution, each built from its source distribution."""
    return build_workspace(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def site(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with a fresh environment in `venv`: a server and no tool."""
    folder = tmp_path_factory.mktemp("site")
    make_environment(folder)
    install(folder, [wheels[name] for name in DISTRIBUTIONS])
    return folder


def test_packages_hold_their_code_and_all_licences(wheels: dict[str, Path]) -> None:
    assert contents.faults(next(iter(wheels.values())).parent, versions.current()) == []


def test_the_distribution_of_all_has_no_code_of_its_own(tmp_path: Path) -> None:
    """Built from the checkout, too, where core's package lies below it."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=workspace.ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("starbeam-*.whl")
    held = zipfile.ZipFile(wheel).namelist()
    assert held
    assert all(name.startswith("starbeam-") and ".dist-info/" in name for name in held)


async def made_elsewhere(kind: Kind, folder: Path) -> str:
    """The address of a database with one person."""
    database = TestDatabase(await fresh_database(kind, folder))
    await database.person("visitor")
    await database.engine.dispose()
    return database.url


@pytest.mark.parametrize("made", [SQLITE, Kind("mariadb", "community")], ids=str)
def test_the_wheels_alone_serve_a_database_made_elsewhere(made: Kind, site: Path) -> None:
    url = asyncio.run(made_elsewhere(made, site))
    (site / "site.toml").write_text(CONFIG.format(url=url, secret=secrets.token_hex(32)))
    with serving(site) as client:
        login = client.post("/auth/login", json={"plugin": "dummy", "login": "visitor", "password": "any"})
        assert login.status_code == 201, login.text
        client.headers["Authorization"] = f"Bearer {login.json()['token']}"
        answer = client.get("/proposals")
        assert answer.status_code == 200, answer.text
        assert answer.json()["total"] == 0
    log = (site / "serve.log").read_text()
    assert f"{site}/venv" in log, "the log tells where each module came from"
    assert str(workspace.ROOT) not in log, "a module of the checkout was imported"


@contextmanager
def serving(site: Path) -> Iterator[httpx.Client]:
    """A client of a server that writes each module it imports, with the module's file, to `serve.log`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = ("--host", "127.0.0.1", "--port", str(port))
    command = ("venv/bin/starbeam", "serve", "--config", "site.toml", *address)
    verbose = environment() | {"PYTHONVERBOSE": "1"}
    with (site / "serve.log").open("w") as log:
        server = subprocess.Popen(command, cwd=site, env=verbose, stdout=log, stderr=log)
    try:
        wait_until_ready(server, port)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/ispyb/api/v1") as client:
            yield client
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=120) == 0
    finally:
        server.kill()
        server.wait()


def wait_until_ready(server: subprocess.Popen[bytes], port: int) -> None:
    """Return once the server answers."""
    for _ in range(300):
        assert server.poll() is None, "the server stopped; serve.log says why"
        try:
            httpx.get(f"http://127.0.0.1:{port}/health/ready").raise_for_status()
        except httpx.HTTPError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the server does not answer within 30 seconds")
