"""The client in Python that the documentation shows works as it stands there."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from starbeam_ispyb.models import BLSession, Proposal
from starbeam_testing.app import TestDatabase
from support.commands import Site
from support.workspace import ROOT

PAGE = (ROOT / "docs/how-to/clients.md").read_text(encoding="utf-8")
DEMO = "http://127.0.0.1:8000"


def shown() -> tuple[str, str]:
    """The client, and how it is used."""
    section = PAGE.partition("## A client in Python\n")[2].partition("\n## ")[0]
    found = re.findall(r"(?:^    .*\n|^\n(?=\n?    ))+", section, re.MULTILINE)
    client, use = (dedent(block) for block in found)
    return client, use


def test_it_has_thirty_lines() -> None:
    assert len([line for line in shown()[0].splitlines() if line]) <= 30


async def filled(url: str) -> None:
    """A person who sees all, and 230 sessions of one proposal."""
    database = TestDatabase(url)
    await database.person("admin", "all_proposals", "all_sessions")
    await database.add(Proposal, proposalId=1, personId=1, proposalCode="mx", proposalNumber="1001")
    rows = [
        {"sessionId": n, "proposalId": 1, "beamLineName": "id01", "visit_number": n} for n in range(1, 231)
    ]
    await database.add(BLSession, *rows)
    await database.engine.dispose()


def test_it_logs_in_reads_all_pages_and_says_what_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = Site(tmp_path)
    site.make_database()
    asyncio.run(filled(f"sqlite+aiosqlite:///{tmp_path}/union.db"))
    client, use = shown()
    names: dict[str, Any] = {}
    with site.serving("serve", "--config", str(site.config)) as server:
        exec(client + use.replace(DEMO, f"http://127.0.0.1:{server.port}"), names)
        found = capsys.readouterr().out.splitlines()
        assert sorted(found) == sorted(f"mx1001-{n} id01 0" for n in range(1, 231))
        with pytest.raises(RuntimeError, match=r"^404 /proposals/mx9999: Proposal not found$"):
            names["server"].ask("/proposals/mx9999")
        names["server"].http.close()
