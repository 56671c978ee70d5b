"""What is scanned before a data collection: an absorption edge, a fluorescence spectrum."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from starbeam_demo.content.job import Job, Made, New
from starbeam_demo.kit import spectra
from starbeam_demo.kit.spectra import Scan, Spectrum
from starbeam_ispyb import models as m

HC = 12.39842
"""Photon energy times wavelength, in keV Å."""
BEAM = 50.0
"""Size of the simulated beam, in µm."""


def scan_row(scan: Scan, stem: Path, beam: float) -> dict[str, Any]:
    """Columns of `EnergyScan`, with the files that `spectra.write_scan` writes; `beam` is its size in µm."""
    edge = spectra.EDGES[scan.element]
    row = {
        "element": scan.element,
        "edgeEnergy": f"{edge * 1000:.0f}",
        "exposureTime": 0.1,
        "transmissionFactor": 5.0,
        "fluorescenceDetector": "Vortex",
        "startEnergy": round(float(scan.energy[0]), 4),
        "endEnergy": round(float(scan.energy[-1]), 4),
        "remoteEnergy": round(edge + 0.2, 4),
        "synchrotronCurrent": 180.0,
        "temperature": 100.0,
        "xrayDose": 0.05,
        "scanFileFullPath": f"{stem}.raw",
        "choochFileFullPath": f"{stem}.efs",
        "jpegChoochFileFullPath": f"{stem}.png",
        "filename": f"{stem.name}.raw",
        **_beam(beam),
    }
    for name, index in (("peak", scan.peak), ("inflection", scan.inflection)):
        row[f"{name}Energy"] = round(float(scan.energy[index]), 4)
        row[f"{name}FPrime"] = round(float(scan.f_prime[index]), 2)
        row[f"{name}FDoublePrime"] = round(float(scan.f_double_prime[index]), 2)
    return row


def spectrum_row(spectrum: Spectrum, stem: Path, wavelength: float, beam: float) -> dict[str, Any]:
    """Columns of `XFEFluorescenceSpectrum`, with the files that `spectra.write_fluorescence` writes;
    `wavelength` is in Å, `beam` the beam's size in µm."""
    return {
        "energy": round(HC / wavelength, 4),
        "exposureTime": 5.0,
        "beamTransmission": 1.0,
        "filename": f"{stem.name}.dat",
        "workingDirectory": str(stem.parent),
        "scanFileFullPath": f"{stem}.dat",
        "fittedDataFileFullPath": f"{stem}_fit.csv",
        "jpegScanFileFullPath": f"{stem}.png",
        "annotatedPymcaXfeSpectrum": f"{stem}.html",
        "comments": "Lines of " + ", ".join(spectrum.elements),
        **_beam(beam),
    }


def _beam(size: float) -> dict[str, float]:
    return {"beamSizeHorizontal": size / 1000, "beamSizeVertical": size / 1000, "flux": 4e10}


def energy_scan(job: Job) -> Made:
    """A scan over the selenium edge, just before the data collection."""
    scan, stem = spectra.edge_scan(job.random("edge"), "Se"), job.folder / "Se_K"
    spectra.write_scan(scan, stem)
    return _before(job, m.EnergyScan, 4, scan_row(scan, stem, BEAM))


def xrf(job: Job) -> Made:
    """A fluorescence spectrum, just before the data collection."""
    spectrum = spectra.fluorescence(job.random("xrf"), round(HC / job.wavelength, 4))
    stem = job.folder / "xrf"
    spectra.write_fluorescence(spectrum, stem)
    return _before(job, m.XFEFluorescenceSpectrum, 2, spectrum_row(spectrum, stem, job.wavelength, BEAM))


def _before(job: Job, model: type[Any], minutes: int, columns: dict[str, Any]) -> Made:
    """A row of what began so many minutes before the data collection, and took one."""
    start = job.start - timedelta(minutes=minutes)
    of_job = {"sessionId": job.session, "blSampleId": job.sample}
    times = {"startTime": start, "endTime": start + timedelta(minutes=1)}
    return Made(rows=(New(model, of_job | times | columns),))
