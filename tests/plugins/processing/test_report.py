"""The report of a session, read back from paper; and any list."""

from __future__ import annotations

import re
from asyncio import to_thread
from datetime import datetime
from pathlib import Path

import pytest

from plugins.processing.test_pages import opened, program, scaling, shells
from starbeam.db.models import Person
from starbeam_ispyb import models as m
from starbeam_testing.app import Statements, TestApp
from starbeam_testing.fixtures import MakeApp
from support.pages import text_of
from support.paper import pages_of

pytestmark = pytest.mark.anyio


async def filled(app: TestApp) -> None:
    """A person, and when and of what the two data collections are; the first was processed."""
    db = app.database
    await db.add(Person, personId=50, login="ida", givenName="Ida", familyName="Bo")
    await db.add(m.Session_has_Person, sessionId=1, personId=50, role="Team Leader")
    await db.add(m.Protein, proteinId=1, proposalId=1, acronym="KinA")
    await db.add(m.Crystal, crystalId=1, proteinId=1)
    await db.sql("UPDATE BLSession SET beamLineName = 'MX3', comments = 'All went well'")
    for key, hour in ((1, 9), (2, 11)):
        await db.add(m.BLSample, blSampleId=key, crystalId=1, name=f"KinA-x{key}")
        await db.sql(f"UPDATE DataCollectionGroup SET blSampleId = {key} WHERE dataCollectionGroupId = {key}")
        start = datetime(2026, 3, 10, hour)
        await db.sql(
            f"UPDATE DataCollection SET startTime = '{start}', endTime = '{start}', numberOfImages = 3600 "
            f"WHERE dataCollectionId = {key}"
        )
    await program(app, 1, 1, processingPrograms="autoPROC")
    await scaling(app, 1, "P 21 21 21", **shells(1.58, 99.4, 0.52))


@pytest.mark.four_databases
async def test_the_report_of_a_session_on_paper(make_app: MakeApp, tmp_path: Path) -> None:
    app, visitor = await opened(make_app)
    await filled(app)
    shown = await visitor.open("/sessions/1/report")
    assert shown.status_code == 200, text_of(shown.text)
    pages = await to_thread(pages_of, shown.text, tmp_path)
    assert [re.findall(r"(\d) of (\d)$", page.partition(" /sessions")[0]) for page in pages]
    said = " ".join(pages)
    for sentence in (
        "mx1-1 MX3",
        "Comments All went well",
        "Ida Bo Team Leader",
        "KinA-x1 KinA 09:00:00 autoPROC P 2₁ 2₁ 2₁",
        "overall 46.20 – 1.58 99.4",
        f"{len(pages)} of {len(pages)}",
    ):
        assert sentence in said, sentence
    blocks = said.partition("Data collections")[2]
    assert blocks.index("KinA-x1") < blocks.index("KinA-x2")
    assert "3,600" in blocks
    for hidden in ("Log out", "made for paper", "Search proposals", "Overview"):
        assert hidden not in said


async def test_the_report_costs_no_statement_more_for_more_collections(make_app: MakeApp) -> None:
    app, visitor = await opened(make_app)
    await filled(app)
    counted = []
    for key in (3, 4):
        await visitor.open("/sessions/1/report")
        with Statements(app) as ran:
            assert (await visitor.open("/sessions/1/report")).status_code == 200
        counted.append(len(ran.texts))
        await app.database.add(m.DataCollectionGroup, dataCollectionGroupId=key, sessionId=1)
        await app.database.add(m.DataCollection, dataCollectionId=key, dataCollectionGroupId=key)
        await program(app, key, key)
        await scaling(app, key, "P 1", **shells(2, 90, 0.4))
    assert counted[0] == counted[1]


async def test_a_list_on_paper_says_what_it_lists_and_as_of_when(make_app: MakeApp, tmp_path: Path) -> None:
    app, visitor = await opened(make_app)
    await filled(app)
    shown = await visitor.open("/sessions/1/results?spaceGroup=P212121&skip=0")
    said = " ".join(await to_thread(pages_of, shown.text, tmp_path))
    assert "mx1-1" in said
    assert "KinA-x1" in said
    assert re.search(r"/sessions/1/results, as of \d+ \w+ 20\d\d \d\d:\d\d; only spaceGroup P212121$", said)
    unfiltered = (await visitor.open("/sessions/1/results")).text
    assert "; only" not in text_of(unfiltered)
