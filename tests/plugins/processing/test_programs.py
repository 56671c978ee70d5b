"""The page of a run of a program, and its files."""

from __future__ import annotations

import io
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from starbeam_ispyb import models as m
from starbeam_processing.states import (
    ABORTED,
    DID_NOT_RUN,
    DONE,
    FAILED,
    NO_NEWS,
    RUNNING,
    WARNED,
    State,
    state_of,
)
from starbeam_testing.app import TestApp
from starbeam_testing.fixtures import MakeApp
from support.pages import OPEN, Visitor, text_of

pytestmark = pytest.mark.anyio

PLUGINS = ("auth_dummy", "ispyb", "proposals", "events", "processing", "web")
NOW = datetime(2026, 3, 10, 12)


async def opened(make_app: MakeApp, folder: Path) -> tuple[TestApp, Visitor]:
    """A program that integrated a data collection, with files named, and somebody who sees everything."""
    where: dict[str, Any] = {"files.roots": [str(folder)], "server.timezone": "Europe/Paris"}
    app = await make_app(*PLUGINS, **OPEN, **where)
    app.set_time(NOW)
    db = app.database
    await db.person("proposer")
    await db.add(m.Proposal, proposalId=1, personId=1, proposalCode="mx", proposalNumber="1")
    await db.add(m.BLSession, sessionId=1, proposalId=1, visit_number=2)
    await db.add(m.DataCollectionGroup, dataCollectionGroupId=1, sessionId=1)
    await db.add(m.DataCollection, dataCollectionId=7, dataCollectionGroupId=1, fileTemplate="x_####.cbf")
    times = {
        "processingStartTime": datetime(2026, 3, 10, 9),
        "processingEndTime": datetime(2026, 3, 10, 9, 4, 5),
    }
    await db.add(
        m.AutoProcProgram, autoProcProgramId=3, processingStatus="1", processingPrograms="xia2 <3>", **times
    )
    await db.add(m.AutoProcIntegration, autoProcIntegrationId=1, autoProcProgramId=3, dataCollectionId=7)
    for key, kind, name in (
        (1, "Log", "run.log"),
        (2, "Graph", "plot.png"),
        (3, "Result", "gone.mtz"),
        (4, "Result", "data.mtz"),
        (5, "Log", "../run.log"),
    ):
        file = {"fileType": kind, "fileName": name, "filePath": str(folder)}
        await db.add(
            m.AutoProcProgramAttachment, autoProcProgramAttachmentId=key, autoProcProgramId=3, **file
        )
    (folder / "run.log").write_text("refl <b>bold</b> & more\n" + "x" * 300_000)
    os.utime(
        folder / "run.log", times=(moment := datetime(2026, 3, 10, 8, 30, tzinfo=UTC).timestamp(), moment)
    )
    (folder / "plot.png").write_bytes(b"\x89PNG")
    (folder / "data.mtz").write_bytes(b"MTZ \0" + b"1" * 1235)
    await app.as_user("root", "all_proposals")
    visitor = Visitor(app)
    await visitor.log_in("root")
    return app, visitor


async def test_a_program_with_what_it_said_and_wrote(make_app: MakeApp, tmp_path: Path) -> None:
    _, visitor = await opened(make_app, tmp_path)
    html = (await visitor.open("/programs/3")).text
    said = text_of(html)
    assert "xia2 <3> Tue 10 Mar 09:00 · 4 min 05 s done" in said
    assert "mx1 mx1-2 collection 7 xia2 <3>" in said
    assert "Data collection x_####.cbf Started Tue 10 Mar 09:00 Ended Tue 10 Mar 09:04" in said
    assert "Messages No messages." in said
    rows = [text_of(row) for row in re.findall(r"(?s)<tr>.*?</tr>", html)]
    assert rows == [
        "Name Kind Size Time",
        "data.mtz Result 1.2 kB " + rows[1].split(" kB ")[1],
        "gone.mtz Result not there any more",
        "../run.log Log not there any more",
        "run.log Log 300.0 kB Tue 10 Mar 09:30 download",
        "plot.png Graph 4 B " + rows[5].split(" B ")[1],
    ]


async def test_texts_and_pictures_are_shown(make_app: MakeApp, tmp_path: Path) -> None:
    _, visitor = await opened(make_app, tmp_path)
    text = (await visitor.open("/programs/3/files/1")).text
    assert "refl &lt;b&gt;bold&lt;/b&gt; &amp; more" in text
    assert "The first 256 kB of 300.0 kB: the rest is in the download." in text
    picture = (await visitor.open("/programs/3/files/2")).text
    assert '<img src="/ispyb/api/v1/processings/attachments/2" alt="plot.png">' in picture
    assert "The file is not there any more." in (await visitor.open("/programs/3/files/3")).text
    assert "This is neither a text nor a picture" in (await visitor.open("/programs/3/files/4")).text
    assert (await visitor.open("/programs/3/files/99")).status_code == 404
    assert (await visitor.open("/programs/2/files/1")).status_code == 404


async def test_all_files_as_one(make_app: MakeApp, tmp_path: Path) -> None:
    app, visitor = await opened(make_app, tmp_path)
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "run.log").write_text("second")
    second = {"fileName": "run.log", "filePath": str(tmp_path / "again"), "fileType": "Log"}
    await app.database.add(
        m.AutoProcProgramAttachment, autoProcProgramAttachmentId=6, autoProcProgramId=3, **second
    )
    answer = await visitor.open("/programs/3/files.zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="xia2-3--3.zip"'
    with ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["data.mtz", "run.log", "run (2).log", "plot.png"]
        assert archive.read("run (2).log") == b"second"
        assert archive.read("data.mtz") == (tmp_path / "data.mtz").read_bytes()
        assert archive.getinfo("run.log").file_size == 300_024
    assert len(answer.content) < 10_000  # it is packed


async def test_messages_stand_on_the_page_and_change_the_word(make_app: MakeApp, tmp_path: Path) -> None:
    app, visitor = await opened(make_app, tmp_path)
    for key, severity, hour in ((1, "INFO", 9), (2, "WARNING", 10)):
        message = {
            "severity": severity,
            "message": f"said {key}",
            "recordTimeStamp": datetime(2026, 3, 10, hour),
        }
        await app.database.add(
            m.AutoProcProgramMessage, autoProcProgramMessageId=key, autoProcProgramId=3, **message
        )
    said = text_of((await visitor.open("/programs/3")).text)
    assert "with warnings" in said
    assert "Messages 2 warning said 2 Tue 10 Mar 10:00 info said 1 Tue 10 Mar 09:00" in said
    assert "Processing 1 with warnings" in text_of((await visitor.open("/collections/7")).text)


@pytest.mark.parametrize(
    ("status", "message", "heard", "warned", "state"),
    [
        (1, None, None, False, DONE),
        (1, None, None, True, WARNED),
        (0, "no spots", None, True, FAILED),
        (0, "Aborted by the user", None, False, ABORTED),
        (2, None, None, False, DID_NOT_RUN),
        (None, None, None, False, RUNNING),
        (None, None, datetime(2026, 3, 9, 12, 1), False, RUNNING),
        (None, None, datetime(2026, 3, 9, 12), False, NO_NEWS),
    ],
)
def test_the_state_of_a_program(
    status: int | None, message: str | None, heard: datetime | None, warned: bool, state: State
) -> None:
    run = m.AutoProcProgram(processingStatus=status, processingMessage=message, recordTimeStamp=heard)
    assert state_of(run, NOW, warned) is state
