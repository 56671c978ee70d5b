"""One data collection, with its rows and its files."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from plugins.simulator.conftest import settings
from starbeam_ispyb import models as m
from starbeam_simulator import simulation
from starbeam_simulator.configuration import EXAMPLE, load
from starbeam_simulator.errors import SimulationError
from starbeam_simulator.folders import Folder
from starbeam_simulator.stopping import Stopped

if TYPE_CHECKING:
    from plugins.simulator.conftest import Simulating
    from support.schemas import Kind

pytestmark = pytest.mark.anyio


@pytest.mark.four_databases
@pytest.mark.fix(159)
@pytest.mark.fix(160)
@pytest.mark.fix(161)
async def test_a_data_collection_and_all_it_hangs_on(simulating: Simulating, kind: Kind) -> None:
    made = await simulating.run("id01", "scan")
    sql = simulating.sql
    assert await sql("SELECT acronym, name, description, proposalId FROM Protein") == [
        ("Lyso", "Lysozyme", "Simulated component", 1)
    ]
    places = await sql(
        "SELECT s.name, s.location, c.code, c.containerType, c.capacity, c.containerStatus, d.code,"
        " d.dewarStatus, h.shippingName, h.proposalId FROM BLSample s"
        " JOIN Container c ON c.containerId = s.containerId JOIN Dewar d ON d.dewarId = c.dewarId"
        " JOIN Shipping h ON h.shippingId = d.shippingId"
    )
    assert places == [
        (
            *("sample one", "1", "Simulation_Container", "Box", 25, "at facility"),
            *("Simulation_Dewar", "processing", "Simulation_Shipment", 1),
        )
    ]
    assert await sql("SELECT containerId, status, location FROM ContainerHistory") == [
        (1, "at facility", "1")
    ]
    if kind.flavour != "community":
        assert await sql("SELECT beamlineName FROM ContainerHistory") == [("id01",)]
        assert await sql("SELECT type FROM BLSubSample") == [("roi",)]
    assert await sql("SELECT positionId, position2Id, comments FROM BLSubSample") == [
        (1, None, "Simulated sample")
    ]
    assert await sql("SELECT posX, posY FROM Position") == [(0, 7)]
    assert await sql("SELECT sessionId, blSampleId, experimentType FROM DataCollectionGroup") == [
        (1, 1, "Mesh")
    ]
    (row,) = await sql(
        "SELECT dataCollectionId, blSubSampleId, fileTemplate, imageContainerSubPath, numberOfImages,"
        " wavelength, exposureTime, runStatus, comments, imageDirectory, xtalSnapshotFullPath1,"
        " xtalSnapshotFullPath2, xtalSnapshotFullPath3, xtalSnapshotFullPath4, BLSAMPLEID FROM DataCollection"
    )
    folder = simulating.folder / "data" / "id01" / "mx1" / "s1" / "s1_1"
    assert made.folder == folder
    assert row[:5] == (1, 1, "scan.h5", "1.1/measurement", 12)
    assert row[5:7] == (pytest.approx(0.98), pytest.approx(0.1))
    assert row[7:10] == ("Successful", "Simulated datacollection", str(folder))
    assert row[10:] == (str(folder / "one.png"), str(folder / "two.jpeg"), None, str(folder / "four.png"), 1)
    assert simulating.files()[4:] == [
        f"data/id01/mx1/s1/s1_1/{name}"
        for name in ("four.png", "one.png", "onet.png", "scan.h5", "two.jpeg", "twot.jpeg")
    ]
    assert (folder / "twot.jpeg").read_text() == "twot.jpeg"
    raw = simulating.folder / "raw"
    assert simulating.warnings == [
        f"there is no snapshot {raw / 'three.png'}",
        f"there is no thumbnail {raw / 'fourt.png'}",
    ]
    link = "dataCollectionGroupId" if kind.flavour == "community" else "dataCollectionId"
    assert await sql(f"SELECT {link}, steps_x, steps_y, dx_mm, dy_mm FROM GridInfo") == [
        (1, 4, 3, 0.02, 0.03)
    ]
    if kind.flavour != "diamond":
        assert await sql("SELECT pixelspermicronX, pixelspermicronY FROM GridInfo") == [(0.5, 0.25)]
    times = await sql("SELECT startTime, endTime FROM DataCollection")
    assert [str(time)[:19] for time in times[0]] == ["2026-03-10 12:00:00", "2026-03-10 12:05:00"]


async def test_parents_are_found_again_and_sub_samples_are_new(simulating: Simulating) -> None:
    await simulating.run("id01", "scan")
    await simulating.run("id01", "scan")
    await simulating.run("id01", "plain")
    once = dict.fromkeys(("Protein", "Shipping", "Dewar", "Container", "ContainerHistory"), 1)
    twice = dict.fromkeys(("Crystal", "BLSample", "BLSubSample", "Position", "GridInfo"), 2)
    always = dict.fromkeys(("DataCollectionGroup", "DataCollection"), 3)
    assert await simulating.counts() == {**once, **twice, **always}
    assert await simulating.sql("SELECT location FROM BLSample ORDER BY blSampleId") == [("1",), ("2",)]


@pytest.mark.fix(158)
async def test_samples_and_components_of_other_proposals_are_not_taken(simulating: Simulating) -> None:
    await simulating.run("id01", "scan")
    await simulating.run("id02", "scan")
    assert await simulating.sql(
        "SELECT p.proposalId, s.name FROM DataCollectionGroup g"
        " JOIN BLSample s ON s.blSampleId = g.blSampleId"
        " JOIN Crystal c ON c.crystalId = s.crystalId JOIN Protein p ON p.proteinId = c.proteinId"
        " ORDER BY g.dataCollectionGroupId"
    ) == [(1, "sample one"), (2, "sample one")]


async def test_the_next_place_counts_locations_as_numbers(simulating: Simulating) -> None:
    await simulating.run("id01", "scan")
    await simulating.sql("UPDATE BLSample SET location = '10', name = 'nine'")
    await simulating.app.database.add(m.BLSample, crystalId=1, containerId=1, name="odd", location="9a")
    await simulating.run("id01", "scan")
    assert await simulating.sql("SELECT location FROM BLSample ORDER BY blSampleId") == [
        ("10",),
        ("9a",),
        ("11",),
    ]


async def test_files_may_be_linked(simulating: Simulating) -> None:
    made = await simulating.run("id01", "plain", settings(simulating.folder) | {"copy_method": "link"})
    assert (made.folder / "scan.h5").samefile(simulating.folder / "raw" / "scan.h5")


@pytest.mark.four_databases
@pytest.mark.fix(162)
async def test_a_failure_after_the_rows_leaves_nothing(
    simulating: Simulating, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await simulating.counts()
    for step in ("_write", "_name_files"):
        with monkeypatch.context() as patch:
            original = getattr(simulation._Collection, step)
            patch.setattr(simulation._Collection, step, failing_after(original))
            with pytest.raises(SimulationError, match="No space left on device"):
                await simulating.run("id01", "scan")
        assert await simulating.counts() == before
        assert not (simulating.folder / "data").exists()


def failing_after(original: Any) -> Any:
    """What does its work and then fails."""

    def work(self: Any, *arguments: Any) -> Any:
        result = original(self, *arguments)
        if not asyncio.iscoroutine(result):
            raise OSError("No space left on device")

        async def fail() -> None:
            await result
            raise OSError("No space left on device")

        return fail()

    return work


@pytest.mark.fix(162)
async def test_parents_that_others_use_meanwhile_stay(
    simulating: Simulating, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = simulation._Collection._write

    def with_another_sample(self: Any) -> Any:
        loop = self.loop
        insert = simulating.app.database.add(
            m.BLSample, crystalId=1, containerId=1, name="theirs", location="2"
        )
        asyncio.run_coroutine_threadsafe(insert, loop).result()
        raise OSError("cannot write")

    monkeypatch.setattr(simulation._Collection, "loop", asyncio.get_running_loop(), raising=False)
    monkeypatch.setattr(simulation._Collection, "_write", with_another_sample)
    with pytest.raises(SimulationError):
        await simulating.run("id01", "scan")
    monkeypatch.setattr(simulation._Collection, "_write", original)
    kept = {table for table, number in (await simulating.counts()).items() if number}
    assert kept == {"Protein", "Crystal", "BLSample", "Shipping", "Dewar", "Container"}
    assert await simulating.sql("SELECT name FROM BLSample") == [("theirs",)]


async def test_other_files_in_the_folders_above_stay(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "a" / "b" / "c")
    folder.create()
    (tmp_path / "a" / "theirs").touch()
    folder.remove()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["theirs"]


@pytest.mark.fix(162)
async def test_a_folder_of_somebody_else_stays(simulating: Simulating) -> None:
    theirs = simulating.folder / "data" / "id01" / "mx1" / "s2" / "s2_1" / "theirs"
    theirs.parent.mkdir(parents=True)
    theirs.touch()
    with pytest.raises(SimulationError, match="File exists"):
        await simulating.run("id01", "plain")
    assert theirs.is_file()
    assert (await simulating.counts())["DataCollection"] == 0


async def test_a_copy_ends_when_told_to(tmp_path: Path) -> None:
    (tmp_path / "raw").write_bytes(b"x")
    folder = Folder(tmp_path / "to")
    folder.create()
    folder.stop.set()
    with pytest.raises(Stopped):
        folder.bring(tmp_path / "raw", "copy")


@pytest.mark.four_databases
async def test_every_experiment_of_the_example_is_simulated(
    simulating: Simulating, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(simulating.folder)
    await simulating.sql("UPDATE Proposal SET proposalNumber = '1001' WHERE proposalId = 1")
    await simulating.app.database.add(
        m.BLSession, sessionId=3, proposalId=1, visit_number=2, beamLineName="ID27-1"
    )
    for experiment in load(EXAMPLE).simulation.experiments:
        made = await simulating.run("ID27-1", experiment, EXAMPLE)
        await check_files(simulating, made.dataCollectionId)
    assert simulating.warnings == []
    expected = {
        "EnergyScan": 1,
        "XFEFluorescenceSpectrum": 1,
        "Image": 2,
        "DataCollectionFileAttachment": 5,
        "Movie": 3,
        "MotionCorrection": 3,
        "CTF": 3,
        "ParticleClassification": 4,
        "AutoProcIntegration": 1,
        "AutoProcScalingStatistics": 3,
        "AutoProcProgramAttachment": 2,
        "XRFFluorescenceMapping": 0 if kind.flavour == "community" else 3,
    }
    found = {table: (await simulating.sql(f"SELECT count(*) FROM {table}"))[0][0] for table in expected}
    assert found == expected


def test_the_example_in_toml_says_the_same() -> None:
    assert load(EXAMPLE.with_suffix(".toml")).simulation == load(EXAMPLE).simulation


async def check_files(simulating: Simulating, key: int) -> None:
    """Every path that the data collection's row has leads to a file."""
    (row,) = await simulating.sql(
        "SELECT imageDirectory, fileTemplate, xtalSnapshotFullPath1, xtalSnapshotFullPath2,"
        f" xtalSnapshotFullPath3, xtalSnapshotFullPath4 FROM DataCollection WHERE dataCollectionId = {key}"
    )
    template = row[1] % 1 if "%" in row[1] else row[1]
    paths = [Path(row[0]) / template, *map(Path, row[2:])]
    assert [path for path in paths if not path.is_file()] == []
    assert all(path.with_name(f"{path.stem}t{path.suffix}").is_file() for path in paths[1:])
