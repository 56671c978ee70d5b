"""The demo's files: what the proposal mx1001, and the newest session of each technique, measured.

Rows of other sessions name files that are not there, as in a facility that has archived them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, inspect, select, update

from starbeam.demo import DemoData, DemoWorld, Row
from starbeam_ispyb.models import DataCollection, EnergyScan, GridInfo, XFEFluorescenceSpectrum
from starbeam_simulator.configuration import Content, Grid

if TYPE_CHECKING:
    from starbeam_ispyb.demo.facility import BeamLine
    from starbeam_simulator.content import Job, Made

CONTENTS: dict[str, tuple[Content, ...]] = {
    "mx": ("frames", "snapshots", "images", "log", "processing"),
    "spectroscopy": ("frames", "snapshots", "map", "log"),
    "em": ("snapshots", "movies", "log"),
}
"""What a data collection has, by technique."""
CRYSTALS = 3
"""How many different crystals there are to see."""
FRAMES = 4
"""How many frames a data collection's file holds."""
GRID = Grid(steps_x=30, steps_y=20, dx_mm=0.002, dy_mm=0.002)


async def fill(world: DemoWorld) -> None:
    """Write files for the data collections in `made["collections"]`, and add the rows that name them."""
    from starbeam_simulator.content import CONTENT  # only now: it takes a second to import

    shown = list(_shown(world))
    grids = await _grids(world, shown)
    changed: list[Row] = []
    made: list[Made] = []
    for number, (collection, session) in enumerate(shown):
        technique = _beamline(world, session).technique
        job = _job(number, collection, session, grids.get(collection["dataCollectionId"]))
        job.folder.mkdir(parents=True, exist_ok=True)
        contents = [CONTENT[name](job) for name in CONTENTS[technique]]
        columns = {name: value for one in contents for name, value in one.collection.items()}
        changed.append({"key": collection["dataCollectionId"], **_kept(columns)})
        made += contents
    await _change(world, changed)
    await add_all(world, made)
    await _write_spectra(world, {session["sessionId"] for _, session in shown})


def _shown(world: DemoWorld) -> Iterator[tuple[Row, Row]]:
    """The data collections that have files, with their sessions."""
    groups = {row["dataCollectionGroupId"]: row["sessionId"] for row in world.made["groups"]}
    sessions = {row["sessionId"]: row for row in world.made["sessions"]}
    chosen = set(_chosen(world, sessions, groups.values()))
    for collection in world.made["collections"]:
        session = sessions[groups[collection["dataCollectionGroupId"]]]
        if session["sessionId"] in chosen:
            yield collection, session


def _chosen(world: DemoWorld, sessions: dict[int, Row], measured: Iterable[int]) -> Iterator[int]:
    """The sessions of mx1001, and the newest of each technique in which something was measured."""
    newest: dict[str, Row] = {}
    for key in Counter(measured):
        session = sessions[key]
        if session["proposalId"] == world.made["proposals"][0]["proposalId"]:
            yield key
            continue
        technique = _beamline(world, session).technique
        known = newest.get(technique)
        if known is None or session["startDate"] > known["startDate"]:
            newest[technique] = session
    yield from (session["sessionId"] for session in newest.values())


def _beamline(world: DemoWorld, session: Row) -> BeamLine:
    found: BeamLine = world.made["beamlines"][session["beamLineName"]]
    return found


def _job(number: int, collection: Row, session: Row, grid: int | None) -> Job:
    from starbeam_simulator.content import Job

    return Job(
        folder=Path(collection["imageDirectory"]),
        seed=f"demo {number % CRYSTALS}",
        data=collection["fileTemplate"],
        collection=collection["dataCollectionId"],
        session=session["sessionId"],
        sample=collection["blSampleId"],
        start=collection["startTime"],
        end=collection["endTime"],
        images=collection["numberOfImages"],
        wavelength=collection["wavelength"],
        exposure=collection["exposureTime"],
        sub_path=collection["imageContainerSubPath"],
        axis=(collection["axisStart"] or 0.0, collection["axisRange"] or 0.0),
        grid=GRID if grid else None,
        grid_id=grid,
        snaked=True,
        most=FRAMES,
    )


async def _grids(world: DemoWorld, shown: Iterable[tuple[Row, Row]]) -> dict[int, int]:
    """A grid for each data collection of spectroscopy; keys by `dataCollectionId`."""
    rows = [
        {
            "dataCollectionId": collection["dataCollectionId"],
            "dataCollectionGroupId": collection["dataCollectionGroupId"],
            "orientation": "horizontal",
            "snaked": 1,
            "steps_x": GRID.steps_x,
            "steps_y": GRID.steps_y,
            "dx_mm": GRID.dx_mm,
            "dy_mm": GRID.dy_mm,
            "xOffset": 0.0,
            "yOffset": 0.0,
            "meshAngle": 0.0,
            "micronsPerPixelX": 0.8,
            "micronsPerPixelY": 0.8,
            "pixelspermicronX": 1.25,
            "pixelspermicronY": 1.25,
            "snapshot_offsetXPixel": 200.0,
            "snapshot_offsetYPixel": 160.0,
        }
        for collection, session in shown
        if _beamline(world, session).technique == "spectroscopy"
    ]
    made = await world.add(GridInfo, rows)
    return {row["dataCollectionId"]: row["gridInfoId"] for row in made}


def _kept(columns: Row) -> Row:
    """What the files say of a data collection that the row did not know: its pictures, and its detector."""
    own = ("detectorDistance", "imageSizeX", "imageSizeY", "xBeam", "yBeam")
    return {name: value for name, value in columns.items() if name in own or name.startswith("xtal")}


async def _change(world: DemoWorld, changed: Iterable[Row]) -> None:
    """Set columns of data collections, given by `key`."""
    alike = defaultdict(list)
    for row in changed:
        alike[tuple(row)].append(row)
    table = DataCollection.__table__
    connection = await world.session.connection()
    for names, rows in alike.items():
        values: dict[str, Any] = {name: bindparam(name) for name in names if name != "key"}
        query = update(DataCollection).where(table.c.dataCollectionId == bindparam("key")).values(values)
        await connection.execute(query, rows)


async def add_all(world: DemoWorld, made: Iterable[Made]) -> None:
    """Add the rows of several data collections, each model's together: the parents before what names them."""
    from starbeam_simulator.content import Ref

    waiting: dict[type[Any], list[tuple[int, str, Row]]] = defaultdict(list)
    for number, one in enumerate(made):
        for new in one.rows:
            waiting[new.model].append((number, new.name, dict(new.values)))
    keys: dict[tuple[int, str], int] = {}
    for model, rows in waiting.items():
        (key,) = inspect(model).primary_key
        resolved = [
            {name: keys[number, value] if isinstance(value, Ref) else value for name, value in row.items()}
            for number, _, row in rows
        ]
        for (number, name, _), row in zip(rows, await world.add(model, resolved), strict=True):
            keys[number, name] = row[key.key]


async def _write_spectra(world: DemoWorld, sessions: set[int]) -> None:
    """The files of the energy scans and fluorescence spectra of these sessions."""
    from starbeam_simulator.generators import spectra
    from starbeam_simulator.generators.randomness import seeded

    scans = (
        select(EnergyScan)
        .where(EnergyScan.sessionId.in_(sessions), EnergyScan.scanFileFullPath.is_not(None))
        .order_by(EnergyScan.energyScanId)
    )
    for scan in await world.session.scalars(scans):
        chance = seeded("demo edge", scan.energyScanId)
        spectra.write_scan(spectra.edge_scan(chance, scan.element or "Se"), _stem(scan.scanFileFullPath))
    xfe = XFEFluorescenceSpectrum
    found = (
        select(xfe)
        .where(xfe.sessionId.in_(sessions), xfe.scanFileFullPath.is_not(None))
        .order_by(xfe.xfeFluorescenceSpectrumId)
    )
    for one in await world.session.scalars(found):
        chance = seeded("demo spectrum", one.xfeFluorescenceSpectrumId)
        spectrum = spectra.fluorescence(chance, one.energy or 12.7)
        spectra.write_fluorescence(spectrum, _stem(one.scanFileFullPath))


def _stem(path: str | None) -> Path:
    """The file without its ending, in a folder that is there."""
    stem = Path(path or "").with_suffix("")
    stem.parent.mkdir(parents=True, exist_ok=True)
    return stem


DATA = DemoData("Frames, pictures and maps", fill)
"""Run last: it builds on the rows of all others."""
