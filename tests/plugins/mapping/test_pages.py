"""Maps on pages."""

from __future__ import annotations

import json

import pytest

from plugins.mapping.conftest import GROUPS, Maps
from starbeam.db.models import AdminVar
from starbeam_ispyb import models as m
from starbeam_testing.fixtures import MakeApp
from support.pages import OPEN, Visitor, text_of

pytestmark = pytest.mark.anyio

PLUGINS = ("auth_dummy", "ispyb", "proposals", "samples", "mapping", "web")


async def opened(make_app: MakeApp) -> tuple[Maps, Visitor]:
    """Two sessions of two proposals, with a sample of the first each, and a member of this one, logged in."""
    maps = Maps(await make_app(*PLUGINS, **OPEN))
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
    assert '<img class="map" src="/ispyb/api/v1/mapping/7" alt="Map of Fe K, 2 × 1 points"' in html
    assert "mapping/8" not in html
    shown = await visitor.open(
        "/ispyb/api/v1/mapping/7", Accept="image/*", **{"Sec-Fetch-Site": "same-origin"}
    )
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/png")
    assert "mapping/7" in (await visitor.open("/samples/1")).text
    assert "mapping/" not in (await visitor.open("/samples/2")).text  # of a session that the caller is not of
    csv = (await visitor.open("/sessions/1/maps?format=csv")).text.splitlines()
    assert (len(csv), csv[1].split(",")[0]) == (2, "7")


@pytest.mark.four_databases
async def test_a_session_without_maps(make_app: MakeApp) -> None:
    _, visitor = await opened(make_app)
    said = text_of((await visitor.open("/sessions/1/maps")).text)
    assert ("No maps yet." in said) != ("This database has no maps." in said)
    assert (await visitor.open("/sessions/2/maps")).status_code == 404
