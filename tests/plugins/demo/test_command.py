"""`starbeam demo`, in real processes."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import stat
import subprocess
import time
import tomllib
from pathlib import Path

import pytest

from starbeam.db.sqlite import Connection
from starbeam_demo.command import BEAMLINE, BUNDLED
from support import workspace
from support.commands import PATIENCE, STARBEAM, Running, Site, environment, free_port

LAMP = """
from litestar import get
from starbeam.api import Plugin, hookimpl, public

@get("/lamp", access=public, tags=["Lamp"])
async def get_lamp() -> str:
    \"\"\"The lamp\"\"\"
    return "on"

class LampPlugin(Plugin):
    name = "lamp"
    title = "A lamp"

    @hookimpl
    def register_routes(self, ctx):
        return [get_lamp]
"""


def test_the_first_start_makes_data_that_later_ones_keep(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with site.serving("demo") as demo:
        assert demo.last_line() == f"ready http://127.0.0.1:{demo.port}"
        assert demo.get("/docs").status_code == 200
        health = demo.get("/health/ready").json()
        assert (health["status"], health["checks"]["database"], health["test_system"]) == ("ok", "ok", True)
        check_the_printed_commands(demo)
        check_the_secret(site, demo)
        assert demo.end(signal.SIGINT) == 0
        assert "Traceback" not in demo.err
        accounts = demo.out[demo.out.index("Log in") : demo.out.index("Try")]
    retitle_a_proposal(site)
    (tmp_path / "own").mkdir()
    (tmp_path / "own/lamp.py").write_text(LAMP)
    with site.serving("demo", "--plugins-dir", "own", STARBEAM_SERVER__HOST="0.0.0.0") as demo:
        assert demo.get("/ispyb/api/v1/lamp").text == "on"
        assert demo.last_line() == f"ready http://127.0.0.1:{demo.port}"
        assert accounts in demo.out
        assert "making data" not in demo.err
        assert "whoever reaches it may log in as anybody" in demo.err
        assert demo.end(signal.SIGTERM) == 0
    assert retitle_a_proposal(site) == "kept"


def check_the_printed_commands(demo: Running) -> None:
    """The commands work in a shell as printed,."""
    lines = [line.strip() for line in demo.out.splitlines()]
    log_in, *commands = lines[lines.index("Try") + 1 :][:4]
    script = "\n".join([log_in, *(f"{command}; echo" for command in commands)])
    ran = subprocess.run(["sh", "-euc", script], capture_output=True, text=True, check=True)
    proposals, session, file = map(json.loads, ran.stdout.splitlines())
    assert len(proposals["results"]) == 3
    assert proposals["total"] > 3
    assert session["session"] == "mx1001-2"
    assert "1.1" in [child["name"] for child in file["children"]]
    demo.wait_for(lambda: "/data/h5grove/meta" in demo.err)
    assert demo.err.count('"logged in"') == 1, "the greeting asks nothing by itself"


def check_the_secret(site: Site, demo: Running) -> None:
    """It is for its owner alone."""
    file = site.folder / "starbeam-demo.secret"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(file.read_text()) == 64
    assert file.read_text() not in demo.out + demo.err


def retitle_a_proposal(site: Site) -> str:
    """Change a row of the demo; what was there."""
    with sqlite3.connect(site.folder / "starbeam-demo.db", factory=Connection) as connection:
        (title,) = connection.execute("SELECT title FROM Proposal WHERE proposalId = 1").fetchone()
        connection.execute("UPDATE Proposal SET title = 'kept' WHERE proposalId = 1")
    return str(title)


def test_an_interrupted_first_start_leaves_nothing_that_passes_for_data(tmp_path: Path) -> None:
    port = free_port()
    command = [STARBEAM, "demo", "--port", str(port)]
    with (tmp_path / "said").open("w") as said:
        process = subprocess.Popen(command, cwd=tmp_path, env=environment({}), stdout=said, stderr=said)
    deadline = time.monotonic() + PATIENCE
    while "making data" not in (tmp_path / "said").read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 0
    assert "Traceback" not in (tmp_path / "said").read_text()
    assert not (tmp_path / "starbeam-demo.db").exists()


def test_a_busy_port_stops_it_before_it_makes_data(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        ended = Site(tmp_path).run("demo", "--port", str(busy.getsockname()[1]))
    assert ended.returncode == 1
    assert "Address already in use" in ended.stderr
    assert not list(tmp_path.glob("*.db"))


def test_a_folder_that_cannot_be_written_stops_it(tmp_path: Path) -> None:
    ended = Site(tmp_path).run("demo", STARBEAM_DATABASE__URL="sqlite+aiosqlite:////nowhere/demo.db")
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-2].startswith("starbeam: /nowhere/demo.db cannot be written")


def test_a_demo_on_a_database_server_is_refused(tmp_path: Path) -> None:
    ended = Site(tmp_path).run("demo", STARBEAM_DATABASE__URL="mysql+asyncmy://root@localhost/ispyb")
    assert ended.returncode == 2
    assert "SQLite" in ended.stderr


def test_the_configuration_that_ships_is_the_one_of_the_checkout() -> None:
    assert (workspace.ROOT / "config" / "demo.toml").samefile(BUNDLED)
    assert (workspace.ROOT / "config" / "demo-beamline.toml").samefile(BEAMLINE)


def test_a_beamlines_demo_is_the_demo_and_what_beamlines_need() -> None:
    demo, beamline = (tomllib.loads(file.read_text(encoding="utf-8")) for file in (BUNDLED, BEAMLINE))
    more = {*beamline["plugins"]["enabled"]} - {*demo["plugins"]["enabled"]}
    assert more == {"acquisition", "mxcube", "tokens"}
