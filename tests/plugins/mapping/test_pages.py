"""Maps on pages."""

from __future__ import annotations

import gzip
import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from plugins.mapping.conftest import GROUPS, Maps
from starbeam.db.models import AdminVar
from starbeam_ispyb import models as m
from starbeam_testing.fixtures import MakeApp
from support.pages import OPEN, Visitor, text_of

pytestmark = pytest.mark.anyio

PLUGINS = ("auth_dummy", "ispyb", "proposals", "samples", "mapping", "web")


async def opened(make_app: MakeApp, **settings: Any) -> tuple[Maps, Visitor]:
    """Two sessions of two proposals, with a sample of the first each, and a member of this one, logged in."""
    maps = Maps(await make_app(*PLUGINS, **OPEN, **settings))
    db = maps.db
    member = await db.person("member")
    await db.add(AdminVar, name="beamLineGroups", value=json.dumps(GROUPS))
    await db.add(m.Proposal, proposalId=1, proposalCode="mx", proposalNumber="1", personId=member)
    await db.add(
        m.Proposal, proposalId=2, proposalCode="mx", proposalNumber="2", personId=await db.person("other")
    )
    await db.add(m.ProposalHasPerson, proposalId=1, personId=member)
    await db.add(m.Shipping, shippingId=1, proposalId=1)
    await db.add(m.Dewar, dewarId=1, shippingId=1)
    await db.add(m.Container, containerId=1, dewarId=1, code="C1", containerType="Unipuck")
    await db.add(m.Protein, proteinId=1, proposalId=1, acronym="P")
    await db.add(m.Crystal, crystalId=1, proteinId=1)
    for n in (1, 2):
        await db.add(m.BLSession, sessionId=n, proposalId=n, visit_number=1)
        await db.add(m.BLSample, blSampleId=n, crystalId=1, containerId=1, name=f"x{n}", location=str(n))
        await db.add(m.DataCollectionGroup, dataCollectionGroupId=n, sessionId=n, blSampleId=n)
        await db.add(m.DataCollection, dataCollectionId=n, dataCollectionGroupId=n)
    await db.add(m.Session_has_Person, sessionId=1, personId=member)
    visitor = Visitor(maps.app)
    await visitor.log_in("member")
    return maps, visitor


def mark_of(html: str, key: int) -> str:
    """The address of a map's picture, which has a number for its values."""
    found = re.search(rf'<img class="map" src="(/maps/{key}/picture\?mark=\d+)" alt="Map of', html)
    assert found is not None, html
    return found[1]


@pytest.mark.on("sqlite-union", "mariadb-diamond")
async def test_a_map_has_another_address_when_it_has_other_values(make_app: MakeApp) -> None:
    maps, visitor = await opened(make_app)
    await maps.add(7, [1, -1], 2, 1)

    async def now() -> str:
        return mark_of((await visitor.open("/sessions/1/maps")).text, 7)

    known = await now()
    assert await now() == known
    for change in ("data = :data", "points = 2", "max = 9", "colourMap = 'magma'"):
        data = {"data": gzip.compress(b"[1, 2]")} if ":data" in change else {}
        await maps.db.sql(f"UPDATE XRFFluorescenceMapping SET {change}", **data)
        before, known = known, await now()
        assert known != before, change


@pytest.mark.on("sqlite-union", "mariadb-diamond")
async def test_maps_of_a_session_and_of_a_sample(make_app: MakeApp) -> None:
    maps, visitor = await opened(make_app)
    await maps.add(7, [1, 2], 2, 1, points=2, opacity=0.25)
    await maps.add(8, [1, 2], 2, 1, collection=2)
    await maps.db.sql(
        "UPDATE XRFFluorescenceMappingROI SET element = 'Fe', edge = 'K' "
        "WHERE xrfFluorescenceMappingROIId = 7"
    )
    html = (await visitor.open("/sessions/1/maps")).text
    assert (
        "Fe K 6.25 – 6.50 keV Data collection 1 Points 2 × 1, 2 measured Colours gray Opacity 25 %"
        in text_of(html)
    )
    address = mark_of(html, 7)
    assert "/maps/8/" not in html
    shown = await visitor.open(address, Accept="image/*", **{"Sec-Fetch-Site": "same-origin"})
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/png")
    assert mark_of((await visitor.open("/samples/1")).text, 7) == address
    assert "/maps/" not in (await visitor.open("/samples/2")).text  # of a session that the caller is not of
    csv = (await visitor.open("/sessions/1/maps?format=csv")).text.splitlines()
    assert (len(csv), csv[1].split(",")[0]) == (2, "7")


@pytest.mark.four_databases
async def test_a_session_without_maps(make_app: MakeApp) -> None:
    _, visitor = await opened(make_app)
    said = text_of((await visitor.open("/sessions/1/maps")).text)
    assert ("No maps yet." in said) != ("This database has no maps." in said)
    assert (await visitor.open("/sessions/2/maps")).status_code == 404


@pytest.mark.on("sqlite-union", "mariadb-diamond")
async def test_maps_over_the_picture_of_a_sample(make_app: MakeApp, tmp_path: Path) -> None:
    """A grid of 2 cells of 10 µm, 1 µm to a pixel, at 20, 30 on a picture of 100 by 80: three times as much
    is shown, 60 by 48 pixels around its middle at 30, 35, as far as the picture goes."""
    maps, visitor = await opened(make_app, **{"files.roots": [str(tmp_path)]})
    Image.new("RGB", (100, 80)).save(tmp_path / "snapshot.png")
    await maps.add(7, [1, 2], 2, 1, opacity=0.25, max=4)
    await maps.add(9, [3, 1], 2, 1)
    await maps.add(8, [1, 2], 2, 1, collection=2)
    await maps.db.sql(
        "UPDATE XRFFluorescenceMappingROI SET element = 'Fe' WHERE xrfFluorescenceMappingROIId = 7"
    )
    alone = (await visitor.open("/collections/1/maps?map1=7&low1=1")).text
    assert 'viewBox="0 0 2 1"' in alone
    assert "Nobody noted where on the picture of the sample the maps lie." in text_of(alone)
    await maps.db.sql(
        "UPDATE GridInfo SET dx_mm = 0.01, dy_mm = 0.01, micronsPerPixelX = 1, "
        "snapshot_offsetXPixel = 20, snapshot_offsetYPixel = 30"
    )
    path = str(tmp_path / "snapshot.png")
    await maps.db.sql("UPDATE DataCollection SET xtalSnapshotFullPath1 = :path", path=path)
    html = (await visitor.open("/collections/1/maps?map1=7&map2=9&low2=0&opacity2=50")).text
    assert 'viewBox="0 11.0 60.0 48.0"' in html
    assert re.search(r'href="/maps/7/picture\?colours=red&amp;mark=\d+" width="2" height="1"', html)
    assert 'href="/maps/9/picture?colours=green&amp;low=0.0&amp;mark=' in html
    assert html.count('transform="translate(20.0 30.0) scale(10.0 10.0)"') == 2
    assert ('opacity="0.25"' in html, 'opacity="0.5"' in html) == (True, True)
    assert "Fe, 6.25 – 6.50 keV" in text_of(html)
    beside = (await visitor.open("/collections/1/maps?map1=7&map2=9&beside=true&colours=magma")).text
    assert (beside.count("<figure>"), beside.count("colours=magma")) == (2, 2)
    assert (await visitor.open("/collections/1/maps/snapshot")).content == (
        tmp_path / "snapshot.png"
    ).read_bytes()


@pytest.mark.on("sqlite-union", "mariadb-diamond")
async def test_a_map_in_other_colours(make_app: MakeApp) -> None:
    maps, visitor = await opened(make_app)
    await maps.add(7, [1, 2, -1], 3, 1, max=4)

    async def pixels(asked: str) -> list[Any]:
        answer = await visitor.open(f"/maps/7/picture?{asked}", Accept="image/*")
        assert answer.headers["content-type"] == "image/png"
        image = Image.open(BytesIO(answer.content))
        return [image.getpixel((x, 0)) for x in range(3)]

    unmeasured = (255, 255, 255, 0)
    assert await pixels("colours=red&low=0") == [(64, 0, 0, 255), (128, 0, 0, 255), unmeasured]
    assert await pixels("colours=blue&low=1&high=2") == [(0, 0, 0, 255), (0, 0, 255, 255), unmeasured]
    assert await pixels("colours=gray&low=1&high=2") == [(0, 0, 0, 255), (255, 255, 255, 255), unmeasured]


@pytest.mark.on("sqlite-union")
async def test_maps_that_one_may_not_see_and_limits_that_are_none(make_app: MakeApp) -> None:
    maps, visitor = await opened(make_app)
    await maps.add(7, [1, 2], 2, 1)
    await maps.add(8, [1, 2], 2, 1, collection=2)
    for path in (
        "/collections/2/maps",
        "/collections/2/maps/snapshot",
        "/maps/8/picture",
        "/collections/1/maps?map1=8",
    ):
        assert (await visitor.open(path)).status_code == 404, path
    await maps.add(10, b"no list of numbers", 2, 1, dataFormat="json")
    broken = (await visitor.open("/collections/1/maps?map1=10")).text
    assert "The data of the map are not a list of numbers." in text_of(broken)
    assert "/maps/10/picture" not in broken
    for asked in ("low1=nan", "high1=inf", "map1=x", "opacity1=101", "colours=jet"):
        assert (await visitor.open(f"/collections/1/maps?{asked}")).status_code == 422, asked
    assert (await visitor.open("/collections/1/maps?low1=&colours=&map2=")).status_code == 200


@pytest.mark.on("mariadb-community")
async def test_no_maps_over_pictures_where_the_database_has_none(make_app: MakeApp) -> None:
    _, visitor = await opened(make_app)
    assert (await visitor.open("/collections/1/maps")).status_code == 404
