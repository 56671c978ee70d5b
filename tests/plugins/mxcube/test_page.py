"""What the page about MXCuBE tells to do works as it stands there."""

from __future__ import annotations

import asyncio
import re
import shlex
import sqlite3
import subprocess
import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner

from plugins.mxcube.test_client import PYTHON
from starbeam.cli.group import cli
from starbeam.db.sqlite import Connection
from starbeam_ispyb import models as m
from starbeam_testing.app import TestDatabase
from support.commands import STARBEAM, Site, environment
from support.workspace import ROOT

PAGE = (ROOT / "docs/how-to/mxcube.md").read_text(encoding="utf-8")
KEYCLOAK = '[auth.backends.keycloak]\nuse = "auth_dummy"\ntest_system = true\n'


def blocks(heading: str) -> list[str]:
    """What a section shows as code."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return [dedent(one) for one in re.findall(r"(?:^    .*\n|^\n(?=\n?    ))+", section, re.MULTILINE)]


def run(site: Site, script: str) -> str:
    """What a shell prints that runs this where the site's configuration is."""
    variables = environment({"PATH": f"{STARBEAM.parent}:/usr/bin:/bin"})
    told = subprocess.run(
        ["sh", "-euc", script], cwd=site.folder, env=variables, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    return told.stdout


async def fill(url: str) -> None:
    """Sessions that run now: 7 of jweiss on ID27-1, and 46 on ID30."""
    database, now = TestDatabase(url), datetime.now().replace(microsecond=0)
    person = await database.person("jweiss")
    await database.add(m.Proposal, proposalId=1, personId=person, proposalCode="mx", proposalNumber="1001")
    await database.add(m.ProposalHasPerson, proposalId=1, personId=person)
    for key, line in ((7, "ID27-1"), (46, "ID30")):
        times = {"startDate": now - timedelta(hours=1), "endDate": now + timedelta(hours=7)}
        await database.add(
            m.BLSession, sessionId=key, proposalId=1, visit_number=key, beamLineName=line, **times
        )
    await database.engine.dispose()


def mxcube(port: int) -> str:
    """What MXCuBE's own client prints, told to do what the page shows."""
    *_, script = blocks("Try it")
    program = script.partition("<<'END'\n")[2].partition("\nEND\n")[0]
    program = program.replace("127.0.0.1:8000", f"127.0.0.1:{port}")
    told = subprocess.run([PYTHON, "-c", program], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    return told.stdout


def test_a_client_reads_and_a_machine_records(tmp_path: Path) -> None:
    configured = tomllib.loads(blocks("1. Switch it on")[0])
    plugins = [name for name in configured["plugins"]["enabled"] if name != "auth_keycloak"]
    url, more = f"sqlite+aiosqlite:///{tmp_path}/union.db", f"{KEYCLOAK}{blocks('2. Say who records')[0]}"
    site = Site(tmp_path, [*plugins, "auth_dummy"], url, more=more)
    site.make_database()
    asyncio.run(fill(url))
    assert site.invoke("db", "upgrade").exit_code == 0
    token, curl = (one.replace("/etc/", f"{tmp_path}/") for one in blocks("4. Let a machine record"))
    site.config.rename(tmp_path / "starbeam.toml")
    made = token.replace("10.3.0.0/16", "127.0.0.1/32").replace("starbeam.toml", f"{tmp_path}/starbeam.toml")
    assert CliRunner().invoke(cli, shlex.split(made)[1:]).exit_code == 0
    with site.serving("serve", "--config", "starbeam.toml") as server:
        assert mxcube(server.port) == "7\n"
        here = curl.replace("https://ispyb.example.org", f"http://127.0.0.1:{server.port}")
        assert [run(site, here) for _ in range(2)] == ['"1"'] * 2
        server.end()
    with sqlite3.connect(tmp_path / "union.db", factory=Connection) as connection:
        stored = connection.execute("SELECT blsessionId, actionType, status, startTimestamp FROM RobotAction")
        assert [(*rest, start[:19]) for *rest, start in stored] == [
            (46, "LOAD", "SUCCESS", "2026-03-10 14:01:02")
        ]


@pytest.mark.long
def test_mxcubes_client_works_with_the_demo(tmp_path: Path) -> None:
    command = blocks("Try it")[0].split()
    assert command == ["starbeam", "demo", "--beamline", "--port", "8000"]
    site = Site(tmp_path)
    with site.serving("demo", "--beamline") as demo:
        key = int(mxcube(demo.port))
        assert demo.get(f"/ispyb/api/v1/sessions/{key}").status_code == 401
        with sqlite3.connect(tmp_path / "starbeam-demo-beamline.db", factory=Connection) as connection:
            of_session = (
                "SELECT proposalCode, proposalNumber, beamLineName FROM BLSession"
                " JOIN Proposal USING (proposalId) WHERE sessionId = ?"
            )
            assert connection.execute(of_session, (key,)).fetchall() == [("mx", "1001", "ID27-1")]
        demo.end()
