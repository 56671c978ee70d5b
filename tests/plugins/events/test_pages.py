"""The stream of a session as a page, and the pages of a data collection and of a group."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from plugins.events.conftest import Beamline, at
from starbeam_ispyb import models as m
from starbeam_testing.app import Statements
from starbeam_testing.fixtures import MakeApp
from support.pages import Visitor, text_of

pytestmark = pytest.mark.anyio

PLUGINS = ("auth_dummy", "ispyb", "proposals", "events", "datacollections", "web")
OPEN = {
    "auth.backends.dummy.use": "auth_dummy",
    "auth.backends.dummy.test_system": True,
    "plugin.events.total_age": 0,
}
SWEEP = {
    "numberOfImages": 3600,
    "axisRange": 0.1,
    "axisStart": 0,
    "axisEnd": 360,
    "rotationAxis": "Omega",
    "exposureTime": 0.01,
    "transmission": 28,
    "resolution": 1.45,
    "detectorDistance": 182,
    "wavelength": 0.97625,  # 12.39842 / 0.97625 = 12.69999
    "beamSizeAtSampleX": 0.02,
    "beamSizeAtSampleY": 0.01,
    "flux": 4.1e12,
    "overlap": 0,
    "kappaStart": 24,
    "fileTemplate": "x12_%05d.cbf",
    "runStatus": "DataCollection Successful",
}


async def opened(make_app: MakeApp, *plugins: str, **settings: Any) -> tuple[Beamline, Visitor]:
    """A beamline with the session mx1-1, and somebody who sees everything, logged in."""
    app = await make_app(*(plugins or PLUGINS), **OPEN, **settings)
    beamline = Beamline(app)
    await app.database.person("proposer")
    await app.database.add(m.Proposal, proposalId=1, personId=1, proposalCode="mx", proposalNumber="1")
    await app.database.add(m.Protein, proteinId=1, proposalId=1, acronym="P1")
    await beamline.session(1, beamLineName="id01")
    await app.as_user("root", "all_proposals")
    visitor = Visitor(app)
    assert (await visitor.log_in("root")).status_code == 303
    return beamline, visitor


async def page(visitor: Visitor, path: str = "/sessions/1") -> str:
    shown = await visitor.open(path)
    assert shown.status_code == 200, text_of(shown.text)
    return str(shown.text)


def keys(html: str) -> list[str]:
    """The places of the cards, in order."""
    return re.findall(r'<li class="ev[^"]*" id="([^"]+)"', html)


@pytest.mark.four_databases
async def test_every_kind_has_a_card(make_app: MakeApp) -> None:
    beamline, visitor = await opened(make_app)
    await beamline.sample(1, name="KinA-x12")
    await beamline.group(10, blSampleId=1, experimentType="OSC")
    await beamline.collection(1, 10, 0, 2, **SWEEP)
    await beamline.group(20, experimentType="Mesh")
    await beamline.collection(2, 20, 10, 10.75, runStatus="Data collection failed", exposureTime=1.2)
    grid = {"steps_x": 12, "steps_y": 8, "dx_mm": 0.02, "dy_mm": 0.0205, "snaked": 1}
    await beamline.db.add(
        m.GridInfo, gridInfoId=1, dataCollectionGroupId=20, orientation="horizontal", **grid
    )
    await beamline.group(30, experimentType="Characterization")
    await beamline.collection(3, 30, 20)
    await beamline.group(40, experimentType="EM")
    await beamline.collection(
        4, 40, 30, voltage=300, magnification=105000, numberOfImages=1240, minDefocus=-0.8, maxDefocus=-2.2
    )
    await beamline.robot(5, 40, status="ERROR", message="Pin not seen", containerLocation=12, dewarLocation=3)
    peak = {"peakEnergy": 12.6612, "peakFPrime": -8.1, "peakFDoublePrime": 5.9, "element": "Se"}
    await beamline.scan(6, 50, transmissionFactor=0.8, exposureTime=1, **peak)
    await beamline.spectrum(7, 60, energy=12.65, exposureTime=5, beamTransmission=1)

    html = await page(visitor)
    assert keys(html) == ["xrf-7", "es-6", "robot-5", "g-40", "g-30", "g-20", "g-10"]
    said = text_of(html)
    assert "Tuesday 10 March 2026" in said
    for sentence in (
        "12:00:00 2 min 00 s KinA-x12 OSC · x12_%05d.cbf success",
        "Images 3,600 × 0.10° ω 0 – 360° Exposure 10 ms Transmission 28.0 % Detector 1.45 Å, 182.0 mm "
        "Energy 12.700 keV, 0.9762 Å Beam 20 × 10 µm Flux 4.1 × 10¹² ph/s κ 24°",
        "12:10:00 45 s Grid scan Mesh data collection failed",
        "Cells 12 × 8, 20 × 20.5 µm Order horizontal",  # `snaked` is not in every schema
        "12:20:00 Characterisation Characterization",
        "12:30:00 EM movies EM",
        "Movies 1,240 Voltage 300 kV Magnification 105,000 × Defocus 0.8 – 2.2 µm",
        "12:40:00 1 min 00 s Load container 3, position 12 Pin not seen error",
        "12:50:00 Energy scan Se edge",
        "peak 12.6612 keV",
        "Peak 12.6612 keV, 0.9792 Å f″, f′ 5.9, -8.1 e Element Se Transmission 0.8 % Exposure 1.0 s",
        "13:00:00 XRF spectrum XRF spectrum Energy 12.6500 keV, 0.9801 Å Exposure 5.0 s Transmission 1.0 %",
        "No snapshot was stored.",
    ):
        assert sentence in said, sentence
    assert "Overlap" not in said


async def test_what_is_going_on_is_said_until_nobody_believes_it(make_app: MakeApp) -> None:
    beamline, visitor = await opened(make_app)
    await beamline.group(10)
    await beamline.collection(1, 10, 0, numberOfImages=1200, exposureTime=0.1)
    for minutes, words in (
        (0.5, "30 s of about 2 min 00 s collecting"),
        (120, "2 h of about 2 min 00 s collecting"),
        (121, "no end recorded"),
    ):
        beamline.app.set_time(at(minutes))
        assert words in text_of(await page(visitor))
        await beamline.db.sql("UPDATE DataCollection SET runStatus = 'Running'")
        assert words in text_of(await page(visitor))
        await beamline.db.sql("UPDATE DataCollection SET runStatus = NULL")
    await beamline.db.sql("UPDATE DataCollection SET endTime = :end", end=at(2))
    said = text_of(await page(visitor))
    assert "collecting" not in said
    assert "no end" not in said


async def test_what_has_no_value_is_left_out(make_app: MakeApp) -> None:
    beamline, visitor = await opened(make_app)
    await beamline.group(10)
    await beamline.collection(1, 10)
    said = text_of(await page(visitor))
    assert "Without a time no time Data collection Data collection" in said
    assert not re.search(r"\b(None|nan|Images|Beam|Flux|keV)\b", said)


async def test_pages_hang_on_the_cursor(make_app: MakeApp) -> None:
    """What is added meanwhile doubles no card. Links work without script."""
    beamline, visitor = await opened(make_app)
    for key in range(1, 46):
        await beamline.robot(key, key)
    first = await page(visitor)
    await beamline.robot(99, 99)
    found, html = keys(first), first
    while older := re.search(r'href="([^"]+)" rel="next">Older events', html):
        html = await page(visitor, older[1].replace("&amp;", "&"))
        found += keys(html)
        assert "Newest events" in html
    assert found == [f"robot-{key}" for key in range(45, 0, -1)]
    assert len(keys(first)) == 10


async def test_chips_filter(make_app: MakeApp) -> None:
    beamline, visitor = await opened(make_app)
    await beamline.robot(1, 1, status="SUCCESS")
    await beamline.robot(2, 2, status="ERROR")
    await beamline.group(10, experimentType="MAD - Inverse Beam")
    await beamline.collection(1, 10, 3, runStatus="Failed")
    html = await page(visitor)
    assert 'href="/sessions/1?eventType=MAD+-+Inverse+Beam">MAD - Inverse Beam</a>' in html
    assert keys(await page(visitor, "/sessions/1?eventType=MAD+-+Inverse+Beam")) == ["g-10"]
    failed = await page(visitor, "/sessions/1?status=failed")
    assert keys(failed) == ["g-10", "robot-2"]
    assert 'href="/sessions/1?status=failed&amp;eventType=robot">Sample Actions</a>' in failed
    assert keys(await page(visitor, "/sessions/1?status=failed&eventType=robot")) == ["robot-2"]
    nothing = text_of(await page(visitor, "/sessions/1?eventType=xrf"))
    assert "Nothing matches." in nothing
    assert (await visitor.open("/sessions/1?status=broken")).status_code == 422
    assert (await visitor.open("/sessions/1?cursor=abc")).status_code == 422


async def test_a_group_is_one_card_that_leads_to_its_page(make_app: MakeApp) -> None:
    beamline, visitor = await opened(make_app)
    await beamline.group(10, experimentType="OSC")
    await beamline.collection(1, 10, 0, fileTemplate="first")
    await beamline.collection(2, 10, 5, fileTemplate="second")
    html = await page(visitor)
    assert keys(html) == ["g-10"]
    assert 'href="/groups/10"' in html
    assert "second · 2 collections" in text_of(html)
    group = await page(visitor, "/groups/10")
    assert re.findall(r'href="(/collections/\d)"><time', group) == ["/collections/2", "/collections/1"]
    assert "OSC · 2 collections" in text_of(group)
    assert 'href="/sessions/1">mx1-1</a>' in group


async def test_a_data_collection_has_a_page_with_all_values(make_app: MakeApp, tmp_path: Path) -> None:
    log, snapshot = tmp_path / "collection.log", tmp_path / "crystal.png"
    log.write_text("done")
    snapshot.write_bytes(b"\x89PNG\r\n\x1a\n")
    beamline, visitor = await opened(make_app, **{"files.roots": [str(tmp_path)]})
    await beamline.group(10, experimentType="OSC")
    paths = {"xtalSnapshotFullPath1": str(tmp_path / "gone.png"), "xtalSnapshotFullPath2": str(snapshot)}
    await beamline.collection(1, 10, 0, 2, imageDirectory="/data/x", phiStart=10.5, **paths, **SWEEP)
    file = {"dataCollectionFileAttachmentId": 7, "fileFullPath": str(log), "fileType": "log"}
    await beamline.db.add(m.DataCollectionFileAttachment, dataCollectionId=1, **file)

    html = await page(visitor, "/collections/1")
    said = text_of(html)
    for sentence in (
        "Directory /data/x File template x12_%05d.cbf",
        "φ 10.5°",
        "Oscillation 0.10°",
        "collection.log log",
    ):
        assert sentence in said, sentence
    (shown,) = set(re.findall(r'src="([^"]+/images/1\?[^"]*snapshot=true)"', html))
    (offered,) = re.findall(r'href="([^"]+)" download', html)
    for address in (shown.replace("&amp;", "&"), offered):
        answer = await visitor.open(address, **{"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 200, address
    assert "No picture of an image was stored." in said


async def test_a_picture_whose_file_is_gone_is_not_asked_for(make_app: MakeApp) -> None:
    beamline, visitor = await opened(make_app)
    await beamline.group(10)
    await beamline.collection(1, 10, 0, xtalSnapshotFullPath3="/nowhere/x.png")
    html = await page(visitor)
    assert "The snapshot's file is not there." in text_of(html)
    assert "<img" not in html


async def test_an_image_without_a_stored_picture_is_shown_itself(make_app: MakeApp, tmp_path: Path) -> None:
    """Where its file is there, and plugin `data` can read it; pages cost one statement more, and no file is
    opened for them."""
    for name in ("a_0005.cbf", "b.h5"):
        (tmp_path / name).write_bytes(b"")
    picture = tmp_path / "stored.jpeg"
    picture.write_bytes(b"")
    folder = {"files.roots": [str(tmp_path)]}
    beamline, visitor = await opened(make_app, *PLUGINS, "data", **folder)
    await beamline.session(2)
    named: list[dict[str, Any]] = [
        {"fileTemplate": "a_%04d.cbf", "startImageNumber": 5},
        {"fileTemplate": "a_%04d.cbf", "startImageNumber": 6},
        {"fileTemplate": "b.h5"},
        {"fileTemplate": None},
        {"fileTemplate": "b.h5"},
    ]
    for key, columns in enumerate(named, 1):
        await beamline.group(key)
        await beamline.collection(key, key, key, imageDirectory=str(tmp_path), **columns)
    stored = {"imageNumber": 1, "jpegThumbnailFileFullPath": str(picture)}
    await beamline.db.add(m.Image, imageId=1, dataCollectionId=5, **stored)
    html = await page(visitor)
    found = re.findall(r'src="[^"]*/data/frames/(\d+)/(\d+)/thumbnail"', html)
    assert sorted(found) == [("1", "5"), ("3", "1")]
    assert "/datacollections/images/diffraction/5?snapshot=true" in html
    assert text_of(html).count("No picture of an image was stored.") == 2
    assert "/data/frames/3/1/thumbnail" in await page(visitor, "/collections/3")


async def test_without_the_plugin_that_serves_pictures_cards_have_none(make_app: MakeApp) -> None:
    beamline, visitor = await opened(make_app, "auth_dummy", "ispyb", "proposals", "events", "web")
    await beamline.group(10)
    await beamline.collection(1, 10, 0, **SWEEP)
    html = await page(visitor)
    assert keys(html) == ["g-10"]
    assert "snapshot" not in html


async def test_crumbs_lead_to_no_page_that_is_not_there(make_app: MakeApp) -> None:
    beamline, visitor = await opened(make_app, "auth_dummy", "ispyb", "events", "web")
    await beamline.group(10)
    await beamline.collection(1, 10, 0)
    html = await page(visitor, "/collections/1")
    assert "mx1 mx1-1 collection 1" in text_of(html)
    assert 'href="/sessions' not in html


async def test_others_see_no_page(make_app: MakeApp) -> None:
    beamline, _ = await opened(make_app)
    await beamline.group(10)
    await beamline.collection(1, 10, 0)
    await beamline.app.as_user("stranger")
    stranger = Visitor(beamline.app)
    await stranger.log_in("stranger")
    for path in ("/collections/1", "/groups/10", "/collections/999"):
        assert (await stranger.open(path)).status_code == 404


async def test_the_first_page_costs_few_statements(make_app: MakeApp) -> None:
    """However many events there are; each kind of other events than these costs one more."""
    beamline, visitor = await opened(make_app)
    for key in range(1, 31):
        await beamline.group(key, experimentType="OSC")
        await beamline.collection(key, key, key, **SWEEP)
    await beamline.robot(1, 100)
    with Statements(beamline.app) as statements:
        html = await page(visitor)
    assert len(keys(html)) == 10
    assert len(statements) <= 12, "\n".join(statements.texts)
