"""The plot of a data collection's images, on its card."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from starbeam_datacollections.models import ImageQualityIndicators
from starbeam_datacollections.plots import plot
from starbeam_datacollections.queries.curves import Stretch
from starbeam_ispyb import models as m
from starbeam_testing.app import Statements, TestApp
from starbeam_testing.fixtures import MakeApp
from support.pages import OPEN, Visitor, text_of
from support.schemas import Kind

pytestmark = pytest.mark.anyio

PLUGINS = ("auth_dummy", "ispyb", "proposals", "events", "datacollections", "web")
LONG_AGO = datetime(2020, 3, 10, 12)


async def opened(make_app: MakeApp, *groups: int) -> tuple[TestApp, Visitor]:
    """A session with data collections, each with its group, and somebody who sees everything, logged in."""
    app = await make_app(*PLUGINS, **OPEN)
    await app.database.person("proposer")
    await app.database.add(m.Proposal, proposalId=1, personId=1, proposalCode="mx", proposalNumber="1")
    await app.database.add(m.BLSession, sessionId=1, proposalId=1, visit_number=1)
    await app.database.add(m.AutoProcProgram, autoProcProgramId=1)
    for key in groups:
        await collection(app, key, startTime=LONG_AGO, endTime=LONG_AGO + timedelta(minutes=1))
    await app.as_user("root", "all_proposals")
    visitor = Visitor(app)
    await visitor.log_in("root")
    return app, visitor


async def collection(app: TestApp, key: int, **columns: Any) -> None:
    await app.database.add(m.DataCollectionGroup, dataCollectionGroupId=key, sessionId=1)
    await app.database.add(m.DataCollection, dataCollectionId=key, dataCollectionGroupId=key, **columns)


async def images(app: TestApp, collection: int, *found: tuple[int, int | None, float | None]) -> None:
    """The number, spots and resolution of images."""
    rows = [
        {
            "imageQualityIndicatorsId": collection * 10_000 + number,
            "autoProcProgramId": 1,
            "dataCollectionId": collection,
            "imageNumber": number,
            "goodBraggCandidates": spots,
            "method2Res": resolution,
        }
        for number, spots, resolution in found
    ]
    await app.database.add(ImageQualityIndicators, *rows)


async def drawn(visitor: Visitor, key: int) -> tuple[str, list[str], str, str]:
    """The plot on the page of a data collection: its sentence, what is written on it, its line and dots."""
    html = (await visitor.open(f"/collections/{key}")).text
    found = re.search(r'(?s)<svg class="plot[^>]*aria-label="([^"]*)">(.*?)</figure>', html)
    assert found is not None, html
    line, dots = (re.search(rf'class="{name}" d="([^"]*)"', found[2]) for name in ("l1", "l2 dot"))
    words = re.findall(r"<text[^>]*>([^<]*)</text>", found[2])
    return found[1], words, line[1] if line else "", dots[1] if dots else ""


@pytest.mark.four_databases
async def test_up_is_better_for_spots_and_for_resolution(make_app: MakeApp) -> None:
    app, visitor = await opened(make_app, 1)
    await images(app, 1, (1, 0, 3.0), (2, 1200, 1.5), (3, 300, 2.25), (5, 600, 2.0))
    assert await drawn(visitor, 1) == (
        "Spots and resolution of images 1 to 5: at most 1,200 spots, 1.50 Å at best, 3.00 Å at worst",
        ["1,200", "0", "1.50", "3.00", "1", "5"],
        "M0 100L25 0L50 75L100 50",
        "M0 100h.01M25 0h.01M50 50h.01M100 33h.01",
    )


@pytest.mark.four_databases
async def test_of_many_images_the_extremes_stay(make_app: MakeApp) -> None:
    """401 images from number 11. Stretches of (411 - 11) // 100 + 1 = 5 images up to number 300: 58. Those
    after it in twelves: 301 to 311, 312 to 323 and so on to 408 to 411: 10. All images have 40 spots and 2 Å
    but those of the second stretch, 16 to 20, and of 312 to 323."""
    app, visitor = await opened(make_app, 1)
    odd = {17: (100, 1.0), 19: (0, 3.0), 320: (80, 1.5)}
    await images(app, 1, *((number, *odd.get(number, (40, 2.0))) for number in range(11, 412)))
    said, words, line, dots = await drawn(visitor, 1)
    assert said.endswith("images 11 to 411: at most 100 spots, 1.00 Å at best, 3.00 Å at worst")
    assert words == ["100", "0", "1.00", "3.00", "11", "411"]
    # Middles: 13, 18, 23, 317.5 and 409.5 are 0.5, 1.75, 3, 76.6 and 99.6 % of the way from 11 to 411.
    assert line.startswith("M0.5 60L1.8 100V0L3 60L")
    assert "L76.6 60V20L" in line
    assert line.endswith("L99.6 60")
    assert line.count("L") + line.count("V") == 67 + 2  # after the first corner; two stretches have two
    assert dots.startswith("M0.5 50h.01M1.8 100h.01M1.8 0h.01M3 50h.01")
    assert "M76.6 50h.01M76.6 25h.01M" in dots
    assert dots.count("M") == 68 + 2


async def test_where_nothing_was_found_there_is_no_value(make_app: MakeApp) -> None:
    app, visitor = await opened(make_app, 1, 2, 3)
    await images(app, 1, (1, 0, 0), (2, None, None), (3, 0, -1), (4, 0, None))
    assert await drawn(visitor, 1) == (
        "Spots and resolution of images 1 to 4: at most 0 spots",
        ["0", "1", "4"],
        "M0 100h1M66.7 100L100 100",
        "",
    )
    await images(app, 2, (7, 5, 2.5))
    assert (await drawn(visitor, 2))[2:] == ("M50 0h1", "M50 50h.01")
    await images(app, 3, (1, None, 2.0), (2, None, 4.0))
    assert await drawn(visitor, 3) == (
        "Spots and resolution of images 1 to 2: 2.00 Å at best, 4.00 Å at worst",
        ["2.00", "4.00", "1", "2"],
        "",
        "M0 0h.01M100 100h.01",
    )


async def test_a_card_says_that_there_is_no_analysis(make_app: MakeApp) -> None:
    app, visitor = await opened(make_app, 1)
    await images(app, 1, (1, None, None))
    just_now = app.starbeam.clock.now() - timedelta(minutes=1)
    await collection(app, 2, startTime=just_now)
    await collection(app, 3, startTime=LONG_AGO, voltage=0)
    await collection(app, 4, startTime=just_now, voltage=300)
    for key, words in ((1, "No analysis"), (2, "Not analysed yet"), (3, "No analysis")):
        assert await drawn(visitor, key) == (words, [words], "", "")
    assert 'class="plot' not in (await visitor.open("/collections/4")).text


async def said(visitor: Visitor, path: str) -> str:
    return text_of((await visitor.open(path)).text)


@pytest.mark.four_databases
async def test_while_it_runs_one_sees_how_many_images_are_analysed(make_app: MakeApp, kind: Kind) -> None:
    app, visitor = await opened(make_app, 1)
    began = app.starbeam.clock.now() - timedelta(seconds=20)
    await collection(app, 2, startTime=began, numberOfImages=3600, exposureTime=0.01)
    waiting = r"\b(20|21|22) s of about 36 s collecting"
    assert re.search(waiting, await said(visitor, "/collections/2"))
    # from number 1001 on; where a database lets it be, one was looked at twice
    await images(app, 2, *((number, 5, 2.0) for number in range(1001, 2241)))
    if kind.flavour == "community":
        again = {"imageQualityIndicatorsId": 1, "autoProcProgramId": 1, "dataCollectionId": 2}
        await app.database.add(ImageQualityIndicators, {**again, "imageNumber": 2000})
    assert "1,240 of 3,600 collecting" in await said(visitor, "/collections/2")
    html = (await visitor.open("/collections/2")).text
    assert '<progress max="3600" value="1240" aria-label="Images analysed">' in html
    for path in ("/sessions/1", "/sessions/1/cards?keys=g-2", "/groups/2"):
        # several cards must not cost what a table without an index holds
        known = kind.flavour != "community" or path != "/sessions/1"
        assert ("1,240 of 3,600 collecting" in await said(visitor, path)) == known, path
    await app.database.sql("UPDATE DataCollection SET numberOfImages = NULL")
    assert "1,240 images collecting" in await said(visitor, "/collections/2")
    await app.database.sql("UPDATE DataCollection SET endTime = startTime")
    assert "1,240 images" not in await said(visitor, "/collections/2")


async def test_the_plots_of_all_cards_are_one_statement(make_app: MakeApp) -> None:
    app, visitor = await opened(make_app, 1, 2, 3)
    for key in (1, 2):
        await images(app, key, (1, key, 2.0))
    with Statements(app) as statements:
        html = (await visitor.open("/sessions/1")).text
    assert [html.count(f"at most {spots} spots") for spots in (1, 2)] == [1, 1]
    assert html.count('aria-label="No analysis"') == 1
    assert len([text for text in statements.texts if "ImageQualityIndicators" in text]) == 1


async def test_a_database_without_the_table_has_cards_without_plots(make_app: MakeApp) -> None:
    app, visitor = await opened(make_app, 1)
    await app.database.sql("DROP TABLE ImageQualityIndicators")
    await app.starbeam.database.look_again()
    answer = await visitor.open("/collections/1")
    assert answer.status_code == 200
    assert 'class="plot' not in answer.text


def test_a_plot_has_two_points_a_stretch_at_most() -> None:
    made = plot([Stretch(1, 2, 4, 8, 1.0, 2.0), Stretch(3, 4, 8, 8, 2.0, 2.0)])
    assert made is not None
    assert (made.line, made.dots) == ("M16.7 50V0L83.3 0", "M16.7 100h.01M16.7 0h.01M83.3 100h.01")


async def images_are_keyed(app: TestApp) -> bool:
    """Whether an index of this database finds the quality of a data collection's images."""
    if not app.database.url.startswith("mysql"):
        return True
    return bool(
        await app.database.sql(
            "SELECT 1 FROM information_schema.statistics WHERE table_schema = DATABASE() AND seq_in_index = 1"
            " AND table_name = 'ImageQualityIndicators' AND column_name = 'dataCollectionId'"
        )
    )


@pytest.mark.four_databases
async def test_cards_have_plots_where_an_index_finds_the_images(make_app: MakeApp) -> None:
    """Else a session's page would read all images that were ever looked at."""
    app, visitor = await opened(make_app, 1, 2)
    for key in (1, 2):
        await images(app, key, (1, 5, 2.0), (2, 7, 1.8))
    keyed = await images_are_keyed(app)
    plots = (await visitor.open("/sessions/1")).text.count("Spots and resolution of images 1 to 2")
    assert plots == (2 if keyed else 0)
    assert "Spots and resolution of images 1 to 2" in (await visitor.open("/collections/1")).text


async def test_the_steps_of_a_workflow_stand_with_what_it_collected(
    make_app: MakeApp, tmp_path: Path
) -> None:
    app = await make_app(*PLUGINS, **OPEN, **{"files.roots": [str(tmp_path)]})
    db = app.database
    await db.person("proposer")
    await db.add(m.Proposal, proposalId=1, personId=1, proposalCode="mx", proposalNumber="1")
    await db.add(m.BLSession, sessionId=1, proposalId=1, visit_number=1)
    await db.add(m.Workflow, workflowId=4, workflowTitle="MXPress")
    await db.add(m.DataCollectionGroup, dataCollectionGroupId=1, sessionId=1, workflowId=4)
    await db.add(m.DataCollection, dataCollectionId=1, dataCollectionGroupId=1)
    (tmp_path / "step.png").write_bytes(b"png")
    paths = {"imageResultFilePath": str(tmp_path / "step.png"), "resultFilePath": str(tmp_path / "gone.json")}
    step = {"workflowStepType": "X-ray <centring>", "status": "success", "comments": "moved by 12 µm"}
    await db.add(m.WorkflowStep, workflowStepId=9, workflowId=4, **step, **paths)
    await app.as_user("root", "all_proposals")
    visitor = Visitor(app)
    await visitor.log_in("root")
    for path in ("/collections/1", "/groups/1"):
        html = (await visitor.open(path)).text
        assert "Steps of the workflow 1 X-ray <centring> success moved by 12 µm" in text_of(html)
        address = "/ispyb/api/v1/datacollections/workflows/steps/9?attachmentType="
        assert f'<img src="{address}imageResultFilePath"' in html
        assert f"{address}resultFilePath" not in html  # it is not there
