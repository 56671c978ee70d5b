"""What files say on the cards of robot actions, energy scans and fluorescence spectra."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from plugins.events.test_pages import opened, page
from starbeam_events.spectra import elements, plot
from support.pages import Visitor, text_of

pytestmark = pytest.mark.anyio


def peak(at: float, height: float, channels: int = 200) -> list[tuple[float, float]]:
    """A spectrum from 0 to 20 keV that is flat but for a maximum."""
    return [(n / 10, height if abs(n / 10 - at) < 0.01 else 1.0) for n in range(channels)]


def test_lines_of_elements_are_found() -> None:
    iron = peak(6.4, 100)
    assert elements(iron, 12.7) == {"Fe": 6.4}
    assert elements(iron, 6.6) == {}  # that is the beam
    titanium = [(x, 400 if abs(x - 4.5) < 0.01 else y) for x, y in peak(4.9, 60)]
    assert elements(titanium, 12.7) == {"Ti": 4.5}  # its K-beta line, no vanadium
    assert elements([], 12.7) == {}


def test_a_plot_has_the_ends_of_its_curve() -> None:
    drawn = plot([(10, 0), (11, 50), (12, 100), (14, 25)], {"peak": 12.0, "elsewhere": 15.0, "none": None})
    assert drawn is not None
    assert (drawn.first, drawn.last, drawn.most) == (10, 14, 100)
    assert drawn.line == "M0.0 100.0L25.0 50.0L50.0 0.0L100.0 75.0"
    assert [(mark.name, mark.at) for mark in drawn.marks] == [("peak", 50)]
    assert plot([(1, 1)], {}) is None
    many = plot([(n, n % 7) for n in range(5000)], {})
    assert many is not None
    assert len(re.findall(r"[ML]", many.line)) <= 300


async def test_files_are_drawn(make_app, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "scan.raw").write_text("# energy counts\n12650 100\n12660.0 900\n12670 500\n")
    spectrum = "".join(f"{x:.2f},{y}\n" for x, y in peak(6.4, 100))
    (tmp_path / "xrf.dat").write_text("energy,counts\n" + spectrum)
    (tmp_path / "before.jpg").write_bytes(b"before")
    beamline, visitor = await opened(make_app, **{"files.roots": [str(tmp_path)]})
    await beamline.scan(1, 0, scanFileFullPath=str(tmp_path / "scan.raw"), peakEnergy=12.66)
    await beamline.spectrum(2, 10, energy=12.7, scanFileFullPath=str(tmp_path / "xrf.dat"))
    await beamline.spectrum(3, 20, scanFileFullPath="/etc/passwd")
    before = {
        "xtalSnapshotBefore": str(tmp_path / "before.jpg"),
        "xtalSnapshotAfter": str(tmp_path / "no.jpg"),
    }
    await beamline.robot(4, 30, **before)
    html = await page(visitor)
    assert 'aria-label="Counts from 12.650 to 12.670 keV, at most 900: peak at 12.660 keV"' in html
    assert 'd="M0.0 88.9L50.0 0.0L100.0 44.4"' in html
    assert "Fe" in text_of(html)
    assert html.count('<svg class="plot"') == 2
    assert re.findall(r'src="(/robot[^"]*)"', html) == ["/robot/4/before"]
    assert (await visitor.open("/robot/4/before")).content == b"before"
    assert (await visitor.open("/robot/4/after")).status_code == 404


async def test_nobody_sees_pictures_of_others(make_app, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    for name in ("before", "after", "chooch", "spectrum"):
        (tmp_path / name).write_bytes(name.encode())
    beamline, root = await opened(make_app, **{"files.roots": [str(tmp_path)]})
    robot = {"xtalSnapshotBefore": str(tmp_path / "before"), "xtalSnapshotAfter": str(tmp_path / "after")}
    await beamline.robot(1, 0, **robot)
    await beamline.scan(1, 10, jpegChoochFileFullPath=str(tmp_path / "chooch"))
    await beamline.spectrum(1, 20, jpegScanFileFullPath=str(tmp_path / "spectrum"))
    await beamline.app.as_user("stranger")
    stranger = Visitor(beamline.app)
    await stranger.log_in("stranger")
    for folder, name in (
        ("robot", "before"),
        ("robot", "after"),
        ("energy-scans", "chooch"),
        ("spectra", "spectrum"),
    ):
        assert (await root.open(f"/{folder}/1/{name}")).content == name.encode()
        assert (await stranger.open(f"/{folder}/1/{name}")).status_code == 404, name
