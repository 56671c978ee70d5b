"""Pages of samples and proteins."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from starbeam_ispyb import models as m
from starbeam_samples.models import BLSampleImage
from support.pages import OPEN, Visitor, text_of

if TYPE_CHECKING:
    from starbeam_testing.fixtures import MakeApp

pytestmark = pytest.mark.anyio


async def says(visitor: Visitor, path: str) -> str:
    """What a page says, which is there."""
    shown = await visitor.open(path)
    assert shown.status_code == 200, shown.text
    return text_of(shown.text)


async def names(visitor: Visitor, path: str) -> list[str]:
    """The samples that a page lists, in order."""
    return re.findall(r'<th scope="row"><a href="[^"]+">(\w+)</a>', (await visitor.open(path)).text)


async def test_a_list_says_how_far_each_sample_is(visitor: Visitor) -> None:
    said = await says(visitor, "/samples")
    assert "lys_3 LYS C1 not seen yet 0" in said
    assert "lys_2 LYS C1 9 seen by the robot 0" in said
    assert "lys_1 LYS C1 10 processed 4 1.50 OSC" in said


@pytest.mark.four_databases
async def test_what_failed_and_nothing_else_is_a_failure(visitor: Visitor) -> None:
    db = visitor.app.database
    for sample, status in ((2, "CRITICAL"), (3, "ERROR")):
        await db.add(m.RobotAction, blsessionId=1, blsampleId=sample, actionType="LOAD", status=status)
    said = await says(visitor, "/samples")
    assert "lys_3 LYS C1 failed" in said
    assert "lys_2 LYS C1 9 seen by the robot" in said  # one of its two actions has not ended
    await db.add(m.DataCollectionGroup, dataCollectionGroupId=4, sessionId=1, blSampleId=3)
    await db.add(m.DataCollection, dataCollectionGroupId=4, runStatus="DataCollection Successful")
    assert "lys_3 LYS C1 collected 1" in await says(visitor, "/samples")


async def test_heads_sort_as_the_api_does(visitor: Visitor) -> None:
    assert await names(visitor, "/samples") == ["lys_3", "lys_2", "lys_1"]
    by_location = "/samples?search=lys&order_by=location&order="
    assert await names(visitor, by_location + "asc") == ["lys_3", "lys_2", "lys_1"]
    assert await names(visitor, by_location + "desc") == ["lys_1", "lys_2", "lys_3"]
    html = (await visitor.open(by_location + "asc")).text
    again = re.search(r'aria-sort="ascending"><a href="([^"]+)">Pos. ▴</a>', html)
    assert again is not None
    assert again[1].replace("&amp;", "&") == by_location + "desc"
    assert 'href="/samples?search=lys&amp;order_by=name&amp;order=asc">Sample</a>' in html


async def test_filters_stand_in_the_address(visitor: Visitor) -> None:
    assert await names(visitor, "/samples?status=Sample%20Action") == ["lys_2"]
    assert await names(visitor, "/samples?search=YS_1") == ["lys_1"]
    assert "Nothing matches." in await says(visitor, "/samples?search=%25")
    assert (await visitor.open("/samples?order_by=size")).status_code == 422


async def test_a_sample_and_its_protein(visitor: Visitor) -> None:
    said = await says(visitor, "/samples/1")
    assert "Protein Lysozyme 50% Proposal mx1 Container C1 Position 10" in said
    assert "Data collections 4 Types OSC Strategies 4" in said
    assert "Best resolution 1.50 Å" in said
    said = await says(visitor, "/proteins/1")
    assert "Samples 3 Data collections 4 Structure files 2" in said
    assert await names(visitor, "/proteins/1") == ["lys_3", "lys_2", "lys_1"]
    assert "a_b Insulin 0 0" in await says(visitor, "/proteins")


@pytest.mark.four_databases
async def test_tabs_of_proposals_and_sessions(visitor: Visitor) -> None:
    assert await names(visitor, "/proposals/MX1/samples") == ["lys_3", "lys_2", "lys_1"]
    assert await names(visitor, "/sessions/1/samples") == ["lys_1"]
    assert await names(visitor, "/sessions/1/samples?status=Sample%20Action") == []
    assert (await visitor.open("/sessions/2/samples")).status_code == 404
    assert (await visitor.open("/proposals/mx2/samples")).status_code == 404
    html = (await visitor.open("/sessions/1")).text
    assert '<a href="/sessions/1/samples">Samples</a>' in html


async def test_the_search_finds_samples_and_proteins(visitor: Visitor) -> None:
    said = await says(visitor, "/search?q=lys")
    assert "Samples All 3" in said
    assert "Proteins All 1" in said
    said = await says(visitor, "/search?q=nothing")
    assert said.count("Nothing matches “nothing”.") == 1
    assert "Samples All" not in said
    assert "Proteins All" not in said


async def test_texts_are_texts(visitor: Visitor) -> None:
    hostile = "<script>alert(1)</script>\"'\u202e😀"
    place = {"crystalId": 1, "containerId": 1, "location": "4"}
    await visitor.app.database.add(m.BLSample, blSampleId=4, name=hostile, comments=hostile, **place)
    for path in ("/samples", "/samples/4", "/containers/1", "/search?q=script"):
        shown = await visitor.open(path)
        assert "<script>alert" not in shown.text
        assert "&lt;script&gt;" in shown.text


async def test_a_puck_is_drawn(visitor: Visitor) -> None:
    db = visitor.app.database
    await db.add(m.Container, containerId=2, dewarId=1, code="C2", containerType="Unipuck")
    for key, location in ((5, "12"), (6, "3"), (7, "3"), (8, "17")):
        place = {"crystalId": 1, "containerId": 2, "location": location}
        await db.add(m.BLSample, blSampleId=key, name=f"lys_{key}", **place)
    shown = await visitor.open("/containers/2")
    assert 'aria-label="C2, 16 positions"' in shown.text
    assert '<a href="/samples/5" aria-label="Position 12: lys_5, not seen yet">' in shown.text
    assert shown.text.count('class="pos none"') == 14
    said = text_of(shown.text)
    assert "lys_6 LYS 3: held twice" in said
    assert "lys_7 LYS 3: held twice" in said
    assert "lys_8 LYS 17: no such position" in said


async def test_positions_say_what_came_of_them(visitor: Visitor) -> None:
    await visitor.app.database.sql("UPDATE Container SET containerType = 'Unipuck'")
    shown = await visitor.open("/containers/1")
    assert 'aria-label="Position 10: lys_1, processed, 1.50 Å"' in shown.text
    assert 'aria-label="Position 9: lys_2, seen by the robot"' in shown.text


async def test_a_container_of_an_unknown_type_is_a_list(visitor: Visitor) -> None:
    shown = await visitor.open("/containers/1")
    assert 'class="puck"' not in shown.text
    assert await names(visitor, "/containers/1") == ["lys_3", "lys_2", "lys_1"]


async def test_a_plugin_that_is_off_leaves_no_dead_link(make_app: MakeApp) -> None:
    app = await make_app("auth_dummy", "ispyb", "samples", "web", **OPEN)
    visitor = Visitor(app)
    db = app.database
    member = await db.person("member")
    await db.add(m.Proposal, proposalId=1, proposalCode="mx", proposalNumber="1", personId=member)
    await db.add(m.ProposalHasPerson, proposalId=1, personId=member)
    await db.add(m.Shipping, shippingId=1, proposalId=1)
    await db.add(m.Dewar, dewarId=1, shippingId=1)
    await db.add(m.Container, containerId=1, dewarId=1, code="C1")
    await db.add(m.Protein, proteinId=1, proposalId=1, acronym="LYS")
    await db.add(m.Crystal, crystalId=1, proteinId=1)
    await db.add(m.BLSample, blSampleId=1, crystalId=1, containerId=1, name="x1")
    await visitor.log_in("member")
    shown = await visitor.open("/samples/1")
    assert "Proposal mx1 Container C1" in text_of(shown.text)
    assert "/containers/" not in shown.text
    assert "/proposals/" not in shown.text
    assert 'href="/proteins/1"' in shown.text
    assert (await visitor.open("/proposals/mx1/samples")).status_code == 404


async def test_the_place_of_a_sample_is_marked_in_its_container(visitor: Visitor) -> None:
    await visitor.app.database.sql("UPDATE Container SET containerType = 'Unipuck'")
    html = (await visitor.open("/samples/2")).text
    assert re.findall(r'class="pos [a-z]+ here"><circle[^>]+/><text[^>]+>(\d+)<', html) == ["9"]
    assert "C1 position 9" in text_of(html)
    assert 'class="puck' not in (await visitor.open("/samples/3")).text  # without a position


async def test_a_sample_has_its_pictures(make_app: MakeApp, tmp_path: Path) -> None:
    app = await make_app("auth_dummy", "ispyb", "samples", "web", **OPEN, **{"files.roots": [str(tmp_path)]})
    db = app.database
    await db.person("proposer")
    await db.add(m.Proposal, proposalId=1, proposalCode="mx", proposalNumber="1", personId=1)
    await db.add(m.Protein, proteinId=1, proposalId=1, acronym="LYS")
    await db.add(m.Crystal, crystalId=1, proteinId=1)
    await db.add(m.Shipping, shippingId=1, proposalId=1)
    await db.add(m.Dewar, dewarId=1, shippingId=1)
    await db.add(m.Container, containerId=1, dewarId=1, code="C1")
    for key in (1, 2):
        await db.add(m.BLSample, blSampleId=key, crystalId=1, containerId=1, name=f"x{key}")
    Image.new("RGB", (40, 30)).save(tmp_path / "a.png")
    paths = {1: "a.png", 2: "gone.png", 3: None}
    for key, name in paths.items():
        path = str(tmp_path / name) if name else None
        await db.add(
            BLSampleImage, blSampleImageId=key, blSampleId=1, imageFullPath=path, micronsPerPixelX=0.5
        )
    await app.as_user("root", "all_proposals")
    visitor = Visitor(app)
    await visitor.log_in("root")
    html = (await visitor.open("/samples/1")).text
    assert "Pictures 3, the newest first Picture not recorded The picture's file is not there" in text_of(
        html
    )
    address = "/ispyb/api/v1/samples/images/1"
    assert f'<a class="th picture" href="{address}" data-box="" data-microns="0.5"' in html
    shown = await visitor.open(address, Accept="image/*", **{"Sec-Fetch-Site": "same-origin"})
    assert shown.content == (tmp_path / "a.png").read_bytes()
    assert "Pictures" not in (await visitor.open("/samples/2")).text


@pytest.mark.four_databases
async def test_a_sample_with_all_that_was_done_with_it(make_app: MakeApp) -> None:
    """In every session that the caller sees, and the best result."""
    names = ("auth_dummy", "ispyb", "proposals", "samples", "events", "processing", "web")
    app = await make_app(*names, **OPEN)
    db = app.database
    await db.person("proposer")
    await db.add(m.Proposal, proposalId=1, proposalCode="mx", proposalNumber="1", personId=1)
    await db.add(m.Protein, proteinId=1, proposalId=1, acronym="LYS")
    await db.add(m.Crystal, crystalId=1, proteinId=1)
    await db.add(m.Shipping, shippingId=1, proposalId=1)
    await db.add(m.Dewar, dewarId=1, shippingId=1)
    await db.add(m.Container, containerId=1, dewarId=1, code="C1")
    await db.add(m.BLSample, blSampleId=1, crystalId=1, containerId=1, name="x1")
    for n, high in ((1, 1.9), (2, 1.5)):
        await db.add(m.BLSession, sessionId=n, proposalId=1, visit_number=n)
        await db.add(m.DataCollectionGroup, dataCollectionGroupId=n, sessionId=n, blSampleId=1)
        collection = {"startTime": datetime(2026, 3, n, 9), "fileTemplate": f"run_{n}.h5"}
        await db.add(m.DataCollection, dataCollectionId=n, dataCollectionGroupId=n, **collection)
        await db.add(
            m.AutoProcProgram, autoProcProgramId=n, processingStatus="1", processingPrograms=f"xia{n}"
        )
        await db.add(m.AutoProcIntegration, autoProcIntegrationId=n, autoProcProgramId=n, dataCollectionId=n)
        await db.add(m.AutoProc, autoProcId=n, spaceGroup="P 1")
        await db.add(m.AutoProcScaling, autoProcScalingId=n, autoProcId=n)
        await db.add(m.AutoProcScaling_has_Int, autoProcScalingId=n, autoProcIntegrationId=n)
        shell = {"resolutionLimitHigh": high, "completeness": 99.5, "scalingStatisticsType": "overall"}
        await db.add(m.AutoProcScalingStatistics, autoProcScalingId=n, **shell)
    await app.as_user("root", "all_proposals")
    visitor = Visitor(app)
    await visitor.log_in("root")
    shown = await visitor.open("/samples/1")
    said = text_of(shown.text)
    assert (
        "Best result xia2 of run_2.h5 in mx1-2 Resolution 1.50 Å Space group P 1 Completeness 99.5 %" in said
    )
    assert re.findall(r'<li class="ev[^"]*" id="([^"]+)"', shown.text) == ["g-2", "g-1"]
    assert "Monday 2 March 2026 09:00:00 mx1-2" in said
    assert "Nothing was collected of this sample yet." not in said
    assert "x1 LYS · Data collection · run_2.h5" in said
    assert '<a href="/proteins/1">LYS</a>' in shown.text
    await db.add(m.Protein, proteinId=2, proposalId=1, acronym="NONE")
    of_protein = await says(visitor, "/proteins/1")
    assert "Best result xia2 of run_2.h5 in mx1-2 Resolution 1.50 Å Space group P 1" in of_protein
    assert re.search(r"Sessions 2 .*mx1-[12] .*mx1-[12] ", of_protein)
    untouched = await says(visitor, "/proteins/2")
    assert ("Best result" in untouched, "Sessions 0" in untouched, "mx1-" in untouched) == (False,) * 3


@pytest.mark.four_databases
async def test_a_sample_changer_has_its_containers_beside_each_other(visitor: Visitor) -> None:
    """By their places as numbers; those of others, and those that have left, are not there."""
    db = visitor.app.database
    assert "Nothing that you may see is in the sample changer." in await says(
        visitor, "/beamlines/id01/changer"
    )
    await db.add(
        m.Proposal, proposalId=2, proposalCode="mx", proposalNumber="2", personId=await db.person("b")
    )
    await db.add(m.Shipping, shippingId=2, proposalId=2)
    await db.add(m.Dewar, dewarId=2, shippingId=2, dewarStatus="processing")
    await db.add(m.Dewar, dewarId=3, shippingId=1, dewarStatus="at facility")
    for key, dewar, place in ((2, 1, "12"), (3, 2, "2"), (4, 3, "4")):
        its = {"dewarId": dewar, "beamlineLocation": "id02", "sampleChangerLocation": place}
        await db.add(m.Container, containerId=key, code=f"C{key}", containerType="Unipuck", **its)
    await db.add(m.BLSample, blSampleId=5, crystalId=1, containerId=2, name="lys_5", location="16")
    shown = await visitor.open("/beamlines/id02/changer")
    said = text_of(shown.text)
    assert "Sample changer of id02 2 containers" in said
    assert "3 C1 3 samples" in said.partition("12 C2 1 sample")[0]
    assert "10 lys_1 processed" in said  # of a container of no known type
    assert '<a href="/samples/5" aria-label="Position 16: lys_5, not seen yet">' in shown.text
    assert "live.js" not in shown.text  # no session runs there
    await db.sql(
        "UPDATE BLSession SET beamLineName = 'id02', startDate = '2020-01-01', endDate = '2120-01-01' "
        "WHERE sessionId = 1"
    )
    assert "live.js" in (await visitor.open("/beamlines/id02/changer")).text


@pytest.mark.four_databases
async def test_exact_names_are_gone_to_at_once(visitor: Visitor) -> None:
    """By the search and by addresses, in any case; what one does not see is not there."""
    for text, address in (
        ("MX1", "/proposals/mx1"),
        ("mx1-1", "/sessions/1"),
        (" C1 ", "/containers/1"),
    ):
        answer = await visitor.open(f"/search?q={text}")
        assert (answer.status_code, answer.headers.get("Location")) == (302, address), text
    for text in ("mx1-2", "mx", "C", "lys"):
        assert (await visitor.open(f"/search?q={text}")).status_code == 200, text
    assert "C1" in await says(visitor, "/search?q=C")
    for path, status, address in (
        ("/sessions/mx1-1", 302, "/sessions/1"),
        ("/proposals/mx1/sessions", 301, "/proposals/mx1"),
        ("/proposals/mx1/sessions/1", 301, "/sessions/1"),
        ("/proposals/mx1/samples/3", 301, "/samples/3"),
    ):
        answer = await visitor.open(path)
        assert (answer.status_code, answer.headers["Location"]) == (status, address), path
    for path in ("/sessions/mx1-2", "/sessions/mx1-01", "/sessions/mx1", "/sessions/nothing"):
        assert (await visitor.open(path)).status_code == 404, path


async def test_a_proposal_without_its_empty_sessions(visitor: Visitor) -> None:
    db = visitor.app.database
    await db.add(m.BLSession, sessionId=3, proposalId=1, visit_number=3)
    await db.add(m.Session_has_Person, sessionId=3, personId=await db.person("session_member"))
    assert "mx1-3" in await says(visitor, "/proposals/mx1")
    said = await says(visitor, "/proposals/mx1?collected=true")
    assert ("mx1-1" in said, "mx1-3" in said) == (True, False)
