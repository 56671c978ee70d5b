"""Processes that read files are killed while many ask for files: a sentence for whom it concerns, and
others in their place."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from support.beamline import fill
from support.commands import Running, Site
from support.load import Load
from support.schemas import SQLITE, fresh_database

pytestmark = [pytest.mark.anyio, pytest.mark.long]

CLIENTS, TIMES = 16, 5
VALUES = np.arange(6, dtype="<i4")
PATH = "/ispyb/api/v1/data/h5grove/data?dataCollectionId=1&path=/values"
HEALED_WITHIN, GRACE = 5.0, 5.0
CRASHED = "The file cannot be read: reading it failed."


def readers(running: Running) -> list[int]:
    """The processes that read files for a server."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            words = (folder / "cmdline").read_bytes()
        except OSError:  # it has ended
            continue
        if parent == running.process.pid and b"starbeam_data.reader" in words:
            found.append(int(folder.name))
    return found


async def all_are_answered(load: Load, since: float) -> None:
    """As many right answers as there are clients, soon."""
    await load.until(lambda: load.counts(since)[200] >= CLIENTS, HEALED_WITHIN + GRACE)


async def test_readers_that_are_killed_under_load(tmp_path: Path) -> None:
    killed, url = 0, await fresh_database(SQLITE, tmp_path)
    with h5py.File(tmp_path / "all.h5", "w") as file:
        file["values"] = VALUES
    await fill(url, tmp_path, "all.h5")
    options = f'[files]\nroots = ["{tmp_path}"]\n'
    site = Site(tmp_path, plugins=["auth_dummy", "ispyb", "data"], url=url, more=options)
    with site.serving("serve", "--config", str(site.config)) as running:
        async with Load(running, PATH, CLIENTS, login="boss") as load:
            await load.until(lambda: load.counts(load.began)[200] >= CLIENTS, 30)
            for _ in range(TIMES):
                since, found = time.monotonic(), readers(running)
                assert found
                for number in found:
                    os.kill(number, signal.SIGKILL)
                killed += len(found)
                await all_are_answered(load, since)
        answers = load.since(load.began)
        assert len(load.lost) <= killed, "those whose answer had begun"
        assert running.end() == 0
    assert {answer.status_code for _, answer in answers} <= {200, 503}
    for _, answer in answers:
        if answer.status_code == 503:
            assert answer.json()["detail"] == CRASHED
            assert answer.headers["Retry-After"] == "5"
        else:
            assert answer.json() == VALUES.tolist()
    told = [event["event"] for event in running.events() if event["level"] != "info"]
    assert {*told} <= {"a process that reads files died", "a file could not be read to its end"}
    assert len(told) <= killed
