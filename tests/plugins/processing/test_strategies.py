"""What characterisations found, on the cards of data collections."""

from __future__ import annotations

import pytest

from plugins.processing.test_pages import opened
from starbeam_ispyb import models as m
from starbeam_testing.app import Statements
from starbeam_testing.fixtures import MakeApp
from support.pages import text_of

pytestmark = pytest.mark.anyio

CELL = {"unitCell_a": 78.5, "unitCell_b": 78.5, "unitCell_c": 37.2}
LINE = {
    "rotationAxis": "Omega", "axisStart": 20, "axisEnd": 110, "oscillationRange": 0.1, "numberOfImages": 900,
    "exposureTime": 0.02, "transmission": 25, "RESOLUTION": 1.9, "completeness": 99.2, "multiplicity": 4.1,
    "doseTotal": 3.2,
}  # fmt: skip


@pytest.mark.four_databases
async def test_a_strategy_has_a_line_for_each_part_of_a_wedge(make_app: MakeApp) -> None:
    app, visitor = await opened(make_app)
    db = app.database
    await db.sql("update DataCollectionGroup set experimentType = 'Characterization'")
    for key, indexed in ((1, 1), (2, 0)):
        await db.add(m.Screening, screeningId=key, dataCollectionGroupId=key, programVersion="mosflm")
        output = {"screeningOutputId": key, "screeningId": key, "indexingSuccess": indexed}
        await db.add(m.ScreeningOutput, **output, strategySuccess=indexed)
    for key in (1, 2):
        await db.add(
            m.ScreeningOutputLattice,
            screeningOutputLatticeId=key,
            screeningOutputId=1,
            spaceGroup="P 43 21 2",
            **CELL,
        )
    await db.add(m.ScreeningStrategy, screeningStrategyId=1, screeningOutputId=1, rankingResolution=1.93)
    await db.add(m.ScreeningStrategyWedge, screeningStrategyWedgeId=1, screeningStrategyId=1, wedgeNumber=1)
    for key, start in ((1, 20), (2, 110)):
        part = {"screeningStrategySubWedgeId": key, "screeningStrategyWedgeId": 1, "subWedgeNumber": key}
        await db.add(
            m.ScreeningStrategySubWedge, **part, **(LINE | {"axisStart": start, "axisEnd": start + 90})
        )
    with Statements(app) as statements:
        said = text_of((await visitor.open("/sessions/1")).text)
    rest = "0.10° 900 20 ms 25.0 % 1.90 Å 99.2 % 4.1 3.2"
    assert "Strategy mosflm P 4₃ 2₁ 2 78.5, 78.5, 37.2 Å Axis Osc." in said
    assert f"Omega 20 – 110° {rest} Omega 110 – 200° {rest}" in said
    assert "1.93 Å P 4₃ 2₁ 2" in said
    assert "not indexed" in said
    assert len([text for text in statements.texts if "ScreeningStrategy" in text]) == 1
