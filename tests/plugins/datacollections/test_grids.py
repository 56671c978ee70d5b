"""Grid scans: cells, their place on the snapshot, and the maps on cards."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from plugins.datacollections.test_pages import PLUGINS, collection, images, images_are_keyed
from starbeam_datacollections.grids import Grid, Look, cell_of, draw
from starbeam_ispyb import models as m
from starbeam_ispyb.snapshots import Frame, frame
from starbeam_testing.fixtures import MakeApp
from support.pages import OPEN, Visitor, text_of


def grid(**values: Any) -> Grid:
    """3 columns and 2 rows of 20 × 10 µm that begin at 100, 50 on the snapshot, 0.5 µm to a pixel."""
    known = {
        "across": 0.02,
        "down": 0.01,
        "columns": 3,
        "rows": 2,
        "orientation": "horizontal",
        "snaked": False,
    }
    place = {"microns_per_pixel": 0.5, "pixels_per_micron": None, "left": 100, "top": 50, "snapshot": None}
    return Grid(**{**known, **place, **values})


@pytest.mark.parametrize(
    ("orientation", "snaked", "cells"),
    [
        ("horizontal", False, [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]),
        ("horizontal", True, [(0, 0), (1, 0), (2, 0), (2, 1), (1, 1), (0, 1)]),
        ("vertical", False, [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]),
        ("vertical", True, [(0, 0), (0, 1), (1, 1), (1, 0), (2, 0), (2, 1)]),
        (None, None, [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]),
    ],
)
def test_the_cell_of_an_image(
    orientation: str | None, snaked: bool | None, cells: list[tuple[int, int]]
) -> None:
    one = grid(orientation=orientation, snaked=snaked)
    assert [cell_of(one, number) for number in range(1, 7)] == cells
    assert (cell_of(one, 0), cell_of(one, 7)) == (None, None)


def test_where_a_grid_lies() -> None:
    right = Frame(100, 50, 40, 20)  # 20 µm at half a µm a pixel: 40
    assert frame(grid(), (640, 480)) == right
    assert frame(grid(microns_per_pixel=None, pixels_per_micron=2), (640, 480)) == right
    # read as it says, a cell would be 20 ÷ 0.0625 = 320 pixels wide: three lie on no picture of 640
    assert frame(grid(microns_per_pixel=0.0625), (640, 480)) == Frame(100, 50, 1.25, 0.625)
    assert frame(grid(), (120, 480)) is None
    assert frame(grid(left=-1), (640, 480)) is None
    assert frame(grid(microns_per_pixel=None), (640, 480)) is None
    assert frame(grid(), None) is None


def test_cells_are_coloured_and_those_that_were_not_analysed_are_open() -> None:
    drawn = draw(
        grid(), [Look(1, 0, None, 5), Look(2, 0, 0, 5), Look(3, 7, 2.5, 5), Look(5, 7, 3.5, None)], None
    )
    spots, resolution, signal = drawn.maps
    assert spots.levels == [("#440154", "M0 0h2v1h-2z"), ("#fde725", "M2 0h1v1h-1zM1 1h1v1h-1z")]
    assert (spots.dark, spots.bright) == (0, 7)
    assert (resolution.dark, resolution.bright) == (3.5, 2.5)
    assert resolution.levels[-1] == ("#fde725", "M2 0h1v1h-1z")
    assert signal.levels == [("#440154", "M0 0h3v1h-3z")]
    assert drawn.open == "M0 1h1v1h-1zM2 1h1v1h-1z"
    assert drawn.best == (7, 3, 1, 3)
    assert (drawn.frame, drawn.view) == (None, None)


def test_the_part_of_the_snapshot_around_the_grid_is_shown() -> None:
    drawn = draw(grid(), [], (640, 480))
    # 120 × 40 pixels at 100, 50: a box of 360 × 270 with the grid in its middle begins at -20, -65
    assert drawn.view == pytest.approx((0, 0, 360, 270))
    assert (drawn.maps, drawn.best, drawn.open) == ([], None, "M0 0h3v1h-3zM0 1h3v1h-3z")


@pytest.mark.anyio
@pytest.mark.four_databases
async def test_a_grid_scan_has_its_map_on_the_card(make_app: MakeApp, tmp_path: Path) -> None:
    app = await make_app(*PLUGINS, **OPEN, **{"files.roots": [str(tmp_path)]})
    Image.new("RGB", (640, 480)).save(tmp_path / "snapshot.png")
    db = app.database
    await db.person("proposer")
    await db.add(m.Proposal, proposalId=1, personId=1, proposalCode="mx", proposalNumber="1")
    await db.add(m.BLSession, sessionId=1, proposalId=1, visit_number=1)
    await db.add(m.AutoProcProgram, autoProcProgramId=1)
    await collection(app, 1, xtalSnapshotFullPath1=str(tmp_path / "snapshot.png"))
    await collection(app, 2)
    size = {"dx_mm": 0.02, "dy_mm": 0.01, "steps_x": 3, "steps_y": 2, "orientation": "horizontal"}
    place = {
        "snapshot_offsetXPixel": 100,
        "snapshot_offsetYPixel": 50,
        "pixelspermicronX": 2,
        "micronsPerPixelX": 0.5,
    }
    await db.add(m.GridInfo, gridInfoId=1, dataCollectionGroupId=1, **size, **place)
    await images(app, 1, (1, 3, 2.5), (2, 12, 1.9))
    await app.as_user("root", "all_proposals")
    visitor = Visitor(app)
    await visitor.log_in("root")
    html = (await visitor.open("/collections/1")).text
    assert 'transform="translate(100.0 50.0) scale(40.0 20.0)"' in html
    assert "12 spots in cell 2, 1" in text_of(html)
    assert "spots: 3 12 hatched: not analysed best: column 2, row 1, image 2" in text_of(html)
    card = text_of((await visitor.open("/sessions/1")).text)  # of one grid scan among others
    assert ("12 spots in cell 2, 1" in card) == await images_are_keyed(app)
    await images(app, 1, (4, 0, 0))
    page = (await visitor.open("/collections/1/grid")).text
    assert re.findall(r'data-(microns|images|values)="([^"]*)"', page) == [
        ("microns", "0.5"),
        ("images", "1 2 3 4 5 6 "),
        ("values", "3 12 - 0 - - "),
    ]
    limited = (
        await visitor.open("/collections/1/grid?map=resolution&low=3.1&high=1.9&colours=grey&opacity=20")
    ).text
    assert 'opacity="0.2"' in limited
    assert 'data-values="2.50 1.90 - - - - "' in limited
    # 2.5 of 3.1 to 1.9 is half the way: 3.5 of the seven steps, of which Python makes 4
    assert '<path fill="#929292" d="M0 0h1v1h-1z"/><path fill="#ffffff" d="M1 0h1v1h-1z"/>' in limited
    for wrong in ("map=gold", "low=x", "opacity=101"):
        assert (await visitor.open(f"/collections/1/grid?{wrong}")).status_code == 422
    for other in (2, 9):
        assert (await visitor.open(f"/collections/{other}/grid")).status_code == 404
    await db.add(m.GridInfo, gridInfoId=2, dataCollectionGroupId=2, **size)
    assert "position unknown not analysed" in text_of((await visitor.open("/collections/2")).text)
