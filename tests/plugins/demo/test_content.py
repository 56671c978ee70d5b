"""Made-up content: the same for the same seed, readable by the libraries of the field, and plausible."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import fabio
import gemmi
import h5py
import hdf5plugin
import numpy as np
import pytest
from PIL import Image

from plugins.demo.opening import open_by_ending
from starbeam_demo.content import CONTENT, recorded
from starbeam_demo.content.job import CELL, SPACE_GROUP, Grid, Job
from starbeam_demo.kit import (
    diffraction,
    maps,
    microscopy,
    pictures,
    reflections,
    spectra,
    statistics,
)
from starbeam_demo.kit.randomness import seeded
from starbeam_ispyb.models import DataCollectionFileAttachment
from starbeam_simulator.folders import Folder
from starbeam_simulator.stopping import Stopped

START = datetime(2026, 3, 10, 12)


def job(folder: Path, data: str = "run_master.h5", seed: str = "one") -> Job:
    folder.mkdir(exist_ok=True)
    return Job(
        folder=folder,
        seed=seed,
        data=data,
        collection=1,
        session=2,
        sample=3,
        start=START,
        end=START,
        images=3,
        wavelength=0.9763,
        grid=Grid(steps_x=12, steps_y=8),
        grid_id=4,
    )


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    def everything(name: str, seed: str) -> dict[str, bytes]:
        recorded._series.cache_clear()
        recorded.views.cache_clear()
        (tmp_path / name).mkdir()
        folder = tmp_path / name / "same"
        for make in CONTENT.values():
            make(job(folder, seed=seed))
        CONTENT["frames"](job(folder, "run.cbf", seed))
        return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}

    first, again, other = everything("a", "one"), everything("b", "one"), everything("c", "two")
    assert [name for name in first if first[name] != again[name]] == []
    alike = {name for name in first if first[name] == other[name]}
    assert alike == {"run.log", "Se_K.efs", "Se_K.png"}  # what theory says has no chance in it
    assert len(first) == 53


def test_frames_in_hdf5_open_as_a_detectors_files_do(tmp_path: Path) -> None:
    made = CONTENT["frames"](job(tmp_path))
    assert made.collection["imageDirectory"] == str(tmp_path)
    with h5py.File(tmp_path / "run_master.h5") as file:
        assert file["/entry"].attrs["NX_class"] == "NXentry"
        assert file["/entry/data"].attrs["signal"] == "data_000001"
        link = file["/entry/data"].get("data_000001", getlink=True)
        assert (link.filename, link.path) == ("run_data_000001.h5", "/entry/data/data")
        frames = file["/entry/data/data_000001"]
        assert (frames.shape, frames.chunks) == ((3, 632, 616), (1, 632, 616))
        assert list(frames._filters) == [str(hdf5plugin.BSHUF_ID)]
        assert (frames.attrs["image_nr_low"], frames.attrs["image_nr_high"]) == (1, 3)
        assert frames[0].max() == diffraction.DEAD
        assert (frames[0] != frames[1]).any()
        instrument = file["/entry/instrument"]
        assert instrument["beam/incident_wavelength"][()] == 0.9763
        assert instrument["detector/detector_distance"][()] == 0.15
        assert instrument["detector/detectorSpecific/x_pixels_in_detector"][()] == 616
        assert file["/entry/data/data_000001"].attrs["interpretation"] == "image"
        assert list(file["/1.1/measurement"].attrs["auxiliary_signals"]) == ["fluo_Ca", "fluo_Zn"]
        assert file["/1.1/measurement/fluo_Fe"].shape == (8, 12)
        assert file["/1.1/measurement/data_000001"].shape == (3, 632, 616)


def test_frames_in_cbf_open_in_fabio(tmp_path: Path) -> None:
    made = CONTENT["frames"](job(tmp_path, "run.cbf"))
    assert made.collection["fileTemplate"] == "run_%04d.cbf"
    images = [fabio.open(str(tmp_path / f"run_{number:04d}.cbf")) for number in (1, 2, 3)]
    assert {image.data.shape for image in images} == {(632, 616)}
    assert images[0].data.min() == -1
    header = images[1].header["_array_data.header_contents"]
    for line in ("Wavelength 0.97630 A", "Detector_distance 0.15000 m", "Beam_xy (308.00, 316.00) pixels"):
        assert f"# {line}" in header
    assert "Pixel_size 3.000000e-04 m x 3.000000e-04 m" in header
    assert "Start_angle 0.1000 deg." in header


def test_reflections_lie_within_the_resolution_and_stand_out() -> None:
    geometry = diffraction.Geometry.centred(300, 300, pixel_size=6e-4, distance=0.2, wavelength=1.0)
    (frame,) = diffraction.frames(seeded(1), geometry, diffraction.Rotation(0, 0.1, 1))
    spacing = diffraction.resolution(geometry)
    assert spacing[150, 150] > 100
    bright = (frame > 60) & (frame < diffraction.DEAD)
    assert 20 < bright.sum() < 2000
    assert spacing[bright].min() > 1.7


def test_pictures_and_thumbnails_open(tmp_path: Path) -> None:
    for name in ("snapshots", "images", "movies"):
        CONTENT[name](job(tmp_path))  # type: ignore[index]
    sizes = {}
    for file in tmp_path.iterdir():
        if file.suffix in (".log", ".xml"):
            continue
        with Image.open(file) as image:
            image.verify()
            sizes[file.name] = image.size
    assert sizes["run_000.snapshot.jpeg"] == (640, 480)
    assert sizes["run_000.snapshott.jpeg"] == pictures.THUMBNAIL
    assert max(sizes["run_0001.jpeg"]) == 632
    assert {"run_0001_drift.png", "run_0001_ctf.png", "run_class_1.png"} <= set(sizes)


def test_maps_are_packed_in_the_order_of_collection() -> None:
    image = np.arange(6).reshape(2, 3)
    assert maps.collected(image) == [0, 1, 2, 3, 4, 5]
    assert maps.collected(image, snaked=True) == [0, 1, 2, 5, 4, 3]
    assert maps.collected(image, vertical=True) == [0, 3, 1, 4, 2, 5]
    assert maps.collected(image, measured=4) == [0, 1, 2, 3, -1, -1]
    assert json.loads(gzip.decompress(maps.packed([1, -1]))) == [1, -1]
    assert maps.element_map(seeded(1), 12, 8).shape == (8, 12)


@pytest.mark.parametrize("element", spectra.EDGES)
def test_an_edge_is_where_it_belongs(element: str) -> None:
    scan = spectra.edge_scan(seeded(element), element)
    edge = spectra.EDGES[element]
    assert abs(scan.energy[scan.inflection] - edge) < 0.002
    assert 0 < scan.energy[scan.peak] - edge < 0.006
    assert scan.counts[-20:].mean() > 3 * scan.counts[:20].mean()


def test_a_spectrum_peaks_at_its_lines() -> None:
    spectrum = spectra.fluorescence(seeded(1), 12.7)
    assert len(spectrum.elements) == 4
    for element in spectrum.elements:
        near = np.abs(spectrum.energy - spectra.LINES[element]) < 0.05
        beside = np.abs(spectrum.energy - spectra.LINES[element] - 0.35) < 0.05
        assert spectrum.fit[near].max() > 1.5 * spectrum.fit[beside].min()
    assert spectrum.energy[-1] == pytest.approx(13.7)


def test_motion_is_the_length_of_the_way() -> None:
    total, average = microscopy.motion(np.array([0.0, 3.0, 3.0]), np.array([0.0, 4.0, 5.0]))
    assert (total, average) == (6.0, 3.0)


def processed(seed: int) -> tuple[reflections.Merged, list[statistics.Shell]]:
    """Reflections to 1.8 Å, and their statistics."""
    rng = seeded(seed)
    completeness, inner, outer = statistics.expected(rng, 1.8)
    data = reflections.merged(rng, SPACE_GROUP, CELL, completeness, inner, outer)
    return data, statistics.shells(rng, data, inner, outer)


@pytest.mark.parametrize("seed", range(5))
def test_statistics_agree_with_each_other(seed: int) -> None:
    _, (overall, inner, outer) = processed(seed)
    for shell in (overall, inner, outer):
        n = shell.nTotalObservations / shell.nTotalUniqueObservations
        assert shell.multiplicity == pytest.approx(n, abs=0.05)
        assert shell.rMeasAllIPlusIMinus == pytest.approx(shell.rMerge * np.sqrt(n / (n - 1)), rel=0.01)
        assert shell.rPimAllIPlusIMinus == pytest.approx(shell.rMerge / np.sqrt(n - 1), rel=0.01)
        assert 90 < shell.completeness <= 100
    assert inner.ccHalf > overall.ccHalf > outer.ccHalf > 0.3
    assert inner.meanIOverSigI > overall.meanIOverSigI > outer.meanIOverSigI
    assert inner.rMerge < overall.rMerge < outer.rMerge
    assert inner.nTotalUniqueObservations + outer.nTotalUniqueObservations < overall.nTotalUniqueObservations
    assert outer.resolutionLimitHigh == overall.resolutionLimitHigh == 1.8


def test_reflections_open_in_gemmi(tmp_path: Path) -> None:
    data, shells = processed(1)
    mtz = gemmi.read_mtz_file(str(data.write(tmp_path / "merged.mtz", 0.9763)))
    assert mtz.column_labels() == ["H", "K", "L", "IMEAN", "SIGIMEAN"]
    assert (mtz.spacegroup.hm, mtz.cell.parameters) == ("P 43 21 2", pytest.approx(CELL))
    assert mtz.datasets[-1].wavelength == pytest.approx(0.9763)
    assert (mtz.resolution_high(), mtz.resolution_low()) == (
        pytest.approx(1.8, abs=0.01),
        pytest.approx(39.45, abs=0.01),  # (2 0 0); (1 0 0) and (0 0 1) are extinct, (1 1 0) is beyond 48 Å
    )
    assert len(np.unique(mtz.array[:, :3], axis=0)) == mtz.nreflections
    spacing, ratio = mtz.make_d_array(), mtz.array[:, 3] / mtz.array[:, 4]
    for shell in shells:
        low, high = shell.resolutionLimitLow, shell.resolutionLimitHigh
        inside = (spacing <= low) & (spacing >= high)
        possible = gemmi.count_reflections(mtz.cell, mtz.spacegroup, high, low)
        assert inside.sum() == shell.nTotalUniqueObservations
        assert shell.completeness == round(100 * inside.sum() / possible, 1)
        assert shell.meanIOverSigI == pytest.approx(ratio[inside].mean(), abs=0.06)


def test_rows_name_the_files_that_were_written(tmp_path: Path) -> None:
    made = [make(job(tmp_path)) for make in CONTENT.values()]
    rows = [new for one in made for new in one.rows]
    names = [(new, column, value) for new in rows for column, value in new.values.items()]
    columns = [value for one in made for name, value in one.collection.items() if name.startswith("xtal")]
    paths = [str(value) for _, column, value in names if column.endswith("FullPath")]
    assert [path for path in (*paths, *columns) if not Path(path).is_file()] == []
    assert DataCollectionFileAttachment in {new.model for new in rows}


def test_files_are_what_their_names_say(tmp_path: Path) -> None:
    for make in CONTENT.values():
        make(job(tmp_path))
    CONTENT["frames"](job(tmp_path, "run.cbf"))
    for file in tmp_path.iterdir():
        open_by_ending(file)
    with Image.open(tmp_path / "run_0001_fractions.tiff") as movie:
        assert (movie.n_frames, movie.size) == (40, (512, 512))  # type: ignore[attr-defined]


def test_images_beyond_the_frames_repeat_them(tmp_path: Path) -> None:
    CONTENT["frames"](replace(job(tmp_path), images=7, most=3, grid=None))
    with h5py.File(tmp_path / "run_master.h5") as file:
        dataset = file["/entry/data/data_000001"]
        assert dataset.shape[0] == dataset.attrs["image_nr_high"] == 7
        shown = [dataset[number].tobytes() for number in range(7)]
        assert [shown.index(one) for one in shown] == [0, 1, 2, 0, 1, 2, 0]
        assert len(file["/entry/sample/goniometer/omega"]) == len(file["/1.1/measurement/photodiode"]) == 7
    CONTENT["frames"](replace(job(tmp_path, "run.cbf"), images=7, most=3))
    first, last = (fabio.open(str(tmp_path / f"run_{number:04d}.cbf")) for number in (1, 7))
    assert (first.data == last.data).all()
    assert "Start_angle 0.6000 deg." in last.header["_array_data.header_contents"]


def test_long_work_ends_when_told_to(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "to")
    folder.stop.set()
    for name in ("frames", "movies"):
        with pytest.raises(Stopped):
            CONTENT[name](replace(job(tmp_path, "run.cbf"), proceed=folder.proceed))  # type: ignore[index]
    assert list(tmp_path.iterdir()) == []
