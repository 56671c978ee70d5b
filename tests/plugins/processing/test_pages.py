"""The results of programs on the cards of data collections."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest

from starbeam_ispyb import models as m
from starbeam_testing.app import Statements, TestApp
from starbeam_testing.fixtures import MakeApp
from support.pages import Visitor, text_of

pytestmark = pytest.mark.anyio

OPEN = {
    "auth.backends.dummy.use": "auth_dummy",
    "auth.backends.dummy.test_system": True,
    "plugin.events.total_age": 0,
}
CELL = {
    "refinedCell_a": 61.34,
    "refinedCell_b": 72.8,
    "refinedCell_c": 108.0,
    "refinedCell_alpha": 90,
    "refinedCell_beta": 90,
    "refinedCell_gamma": 90,
}


async def opened(make_app: MakeApp) -> tuple[TestApp, Visitor]:
    """A session with two data collections, and somebody who sees everything, logged in."""
    plugins = ("auth_dummy", "ispyb", "proposals", "events", "datacollections", "processing", "web")
    app = await make_app(*plugins, **OPEN)
    await app.database.person("proposer")
    await app.database.add(m.Proposal, proposalId=1, personId=1, proposalCode="mx", proposalNumber="1")
    await app.database.add(m.BLSession, sessionId=1, proposalId=1, visit_number=1)
    for key in (1, 2):
        await app.database.add(m.DataCollectionGroup, dataCollectionGroupId=key, sessionId=1)
        await app.database.add(m.DataCollection, dataCollectionId=key, dataCollectionGroupId=key)
    await app.as_user("root", "all_proposals")
    visitor = Visitor(app)
    await visitor.log_in("root")
    return app, visitor


async def program(app: TestApp, key: int, collection: int, status: str | None = "1", **columns: Any) -> None:
    """A run of a program that integrated a data collection."""
    await app.database.add(m.AutoProcProgram, autoProcProgramId=key, processingStatus=status, **columns)
    link = {"autoProcIntegrationId": key, "autoProcProgramId": key, "dataCollectionId": collection}
    await app.database.add(m.AutoProcIntegration, link)


async def scaling(app: TestApp, key: int, group: str, **shells: dict[str, Any]) -> None:
    """What the program of this key made: the values of each shell."""
    db = app.database
    await db.add(m.AutoProc, autoProcId=key, spaceGroup=group, **CELL)
    await db.add(m.AutoProcScaling, autoProcScalingId=key, autoProcId=key)
    await db.add(m.AutoProcScaling_has_Int, autoProcScalingId=key, autoProcIntegrationId=key)
    for shell, values in shells.items():
        named = {"autoProcScalingId": key, "scalingStatisticsType": shell, **values}
        await db.add(m.AutoProcScalingStatistics, named)


def shells(high: float, complete: float, outer_cc: float | None, scale: float = 1) -> dict[str, Any]:
    """Three shells; `scale` 100 says R values and correlations in per cent."""
    return {
        "overall": {
            "resolutionLimitLow": 46.2, "resolutionLimitHigh": high, "completeness": complete,
            "meanIOverSigI": 17.8, "multiplicity": 6.7, "anomalousCompleteness": 98.9,
        },
        "innerShell": {"rMeasAllIPlusIMinus": 0.041 * scale, "ccHalf": 0.999 * scale},
        "outerShell": {
            "rMeasAllIPlusIMinus": 0.92 * scale, "meanIOverSigI": 1.4, "completeness": 97.8,
            "ccHalf": None if outer_cc is None else outer_cc * scale,
        },
    }  # fmt: skip


ROW = "P 2₁ 2₁ 2₁ 61.3 72.8 108 90 90 90 46.2 – {} 0.041 / 0.920 17.8 / 1.4 0.999 / {} {} / 97.8 6.7 98.9"


def rows(html: str) -> list[str]:
    """What the rows of all tables say."""
    return [text_of(row) for row in re.findall(r"(?s)<tr[ >].*?</tr>", html.partition("<tbody>")[2])]


@pytest.mark.four_databases
@pytest.mark.parametrize("scale", [1, 100])
async def test_results_stand_below_the_card_and_the_best_on_its_first_line(
    make_app: MakeApp, scale: float
) -> None:
    app, visitor = await opened(make_app)
    await program(app, 1, 1, processingPrograms="autoPROC")
    await scaling(app, 1, "P 21 21 21", **shells(1.58, 99.6, 0.52, scale))
    await program(app, 2, 1, processingPrograms="too far")
    await scaling(app, 2, "P212121", **shells(1.2, 99.6, 0.1, scale))
    await program(app, 3, 1, processingPrograms="holes")
    await scaling(app, 3, "19", **shells(1.1, 60.0, 0.5, scale))
    await program(app, 4, 1, "0", processingPrograms="xia2", processingMessage="no <indexing>")
    await program(app, 5, 1, None, processingPrograms="slow", processingMessage="processing")
    for key in (1, 1, 4):
        await app.database.add(m.AutoProcProgramAttachment, autoProcProgramId=key, fileName="a")
    html = (await visitor.open("/sessions/1")).text
    assert rows(html) == [
        "autoPROC best " + ROW.format("1.58", "0.520", "99.6") + " 2 files",
        "too far " + ROW.format("1.20", "0.100", "99.6"),
        "holes " + ROW.format("1.10", "0.500", "60.0"),
        "xia2 failed: no <indexing> 1 file",
        "slow processing",
    ]
    said = text_of(html)
    assert "1.58 Å P 2₁ 2₁ 2₁ " in said
    assert "Processing 3 done 1 running 1 failed 3 files Program" in said
    alone, side_by_side, shells_of_all = (await visitor.open("/collections/1")).text.partition(
        "Shells side by side"
    )
    assert (rows(alone), bool(side_by_side)) == (rows(html), True)
    assert "Resolution Å 46.20 – 1.58 46.20 – 1.20 46.20 – 1.10 " in " ".join(rows(shells_of_all))
    assert "<table" not in (await visitor.open("/groups/2")).text


async def test_the_results_of_all_cards_are_one_statement(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(OPEN, "plugin.events.total_age", 60)
    app, visitor = await opened(make_app)
    for key in (1, 2):
        await program(app, key, key)
        await scaling(app, key, "P 1", **shells(2, 99, None))
    await app.database.add(m.RobotAction, robotActionId=1, blsessionId=1, actionType="LOAD")
    await visitor.open("/sessions/1")  # the figures are kept
    with Statements(app) as statements:
        html = (await visitor.open("/sessions/1")).text
    assert html.count("2.00 Å") == 3
    assert len([text for text in statements.texts if "AutoProcScalingStatistics" in text]) == 1
    assert len(statements) <= 12


async def test_figures_of_a_session(make_app: MakeApp) -> None:
    """The best result that is good enough, and programs that have not said what came of them."""
    app, visitor = await opened(make_app)
    app.set_time(datetime(2026, 3, 10, 12))
    db = app.database
    await db.add(m.Protein, proteinId=1, proposalId=1, acronym="P")
    await db.add(m.Crystal, crystalId=1, proteinId=1)
    await db.add(m.BLSample, blSampleId=1, crystalId=1, name="KinA-x12")
    await db.sql("update DataCollectionGroup set blSampleId=1 where dataCollectionGroupId=2")
    whole = {"completeness": 99.6}
    for key, collection, resolution, completeness, cc in (
        (1, 1, 1.2, 60, 0.9),  # not complete
        (2, 1, 1.4, 99, 0.2),  # noise in the outer shell
        (3, 2, 1.58, 99, 0.5),
        (4, 2, 1.6, 99, 50),  # in per cent
    ):
        await program(app, key, collection)
        overall = {"resolutionLimitHigh": resolution, "completeness": completeness}
        await scaling(app, key, "P1", overall=overall, outerShell={**whole, "ccHalf": cc})
    await program(app, 5, 2, None, processingStartTime=datetime(2026, 3, 10, 11))
    await program(app, 6, 2, None, processingStartTime=datetime(2026, 3, 9, 11))  # more than a day ago
    said = text_of((await visitor.open("/sessions/1")).text)
    assert "Best resolution 1.58 Å KinA-x12 Processing 6 1 running" in said


async def test_figures_of_a_session_without_processing(make_app: MakeApp) -> None:
    _, visitor = await opened(make_app)
    assert "Best resolution none yet Processing 0" in text_of((await visitor.open("/sessions/1")).text)
