"""The demo's maps."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from random import Random

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from plugins.mapping.conftest import Maps
from starbeam.demo import DemoWorld
from starbeam.testing.fixtures import MakeApp
from starbeam_ispyb import demo as facility
from starbeam_mapping import demo

pytestmark = pytest.mark.anyio


async def test_the_demo_has_finished_maps(make_app: MakeApp, tmp_path: Path) -> None:
    app = await make_app("ispyb", "mapping")
    async with AsyncSession(app.database.engine) as session, session.begin():
        world = DemoWorld(session, Random(1), datetime(2026, 3, 10, 12), tmp_path)
        for generator in (*facility.DATA, demo.DATA):
            await generator.fill(world)
    maps = Maps(app)
    page = await maps.get("/mapping")
    assert page["total"] == demo.MAPPED * len(demo.LINES)
    assert {row["XRFFluorescenceMappingROI"]["element"] for row in page["results"]} == set(demo.LINES)
    pixels = await maps.pixels(page["results"][0]["xrfFluorescenceMappingId"])
    assert (len(pixels), len(pixels[0])) == (demo.NY, demo.NX)
    assert {pixel[3] for row in pixels for pixel in row} == {255}
