"""What is scanned before a data collection: an absorption edge, a fluorescence spectrum."""

from __future__ import annotations

from datetime import timedelta

from starbeam_demo.content.job import Job, Made, New
from starbeam_demo.kit import spectra
from starbeam_ispyb import models as m

HC = 12.39842
"""Photon energy times wavelength, in keV Å."""


def energy_scan(job: Job) -> Made:
    """A scan over the selenium edge, just before the data collection."""
    scan = spectra.edge_scan(job.random("edge"), "Se")
    raw, factors, plot = spectra.write_scan(scan, job.folder / "Se_K")
    row = {
        "sessionId": job.session,
        "blSampleId": job.sample,
        "element": scan.element,
        "edgeEnergy": "12658",
        "startTime": job.start - timedelta(minutes=4),
        "endTime": job.start - timedelta(minutes=3),
        "exposureTime": 0.1,
        "transmissionFactor": 5.0,
        "beamSizeHorizontal": 0.05,
        "beamSizeVertical": 0.05,
        "flux": 4e10,
        "fluorescenceDetector": "Vortex",
        "startEnergy": round(float(scan.energy[0]), 4),
        "endEnergy": round(float(scan.energy[-1]), 4),
        "scanFileFullPath": str(raw),
        "choochFileFullPath": str(factors),
        "jpegChoochFileFullPath": str(plot),
        "filename": raw.name,
    }
    for name, index in (("peak", scan.peak), ("inflection", scan.inflection)):
        row[f"{name}Energy"] = round(float(scan.energy[index]), 4)
        row[f"{name}FPrime"] = round(float(scan.f_prime[index]), 2)
        row[f"{name}FDoublePrime"] = round(float(scan.f_double_prime[index]), 2)
    return Made(rows=(New(m.EnergyScan, row),))


def xrf(job: Job) -> Made:
    """A fluorescence spectrum, just before the data collection."""
    energy = round(HC / job.wavelength, 4)
    spectrum = spectra.fluorescence(job.random("xrf"), energy)
    data, fit, picture, page = spectra.write_fluorescence(spectrum, job.folder / "xrf")
    row = {
        "sessionId": job.session,
        "blSampleId": job.sample,
        "startTime": job.start - timedelta(minutes=2),
        "endTime": job.start - timedelta(minutes=1),
        "energy": energy,
        "exposureTime": 5.0,
        "beamTransmission": 1.0,
        "beamSizeHorizontal": 0.05,
        "beamSizeVertical": 0.05,
        "flux": 4e10,
        "filename": data.name,
        "workingDirectory": str(job.folder),
        "scanFileFullPath": str(data),
        "fittedDataFileFullPath": str(fit),
        "jpegScanFileFullPath": str(picture),
        "annotatedPymcaXfeSpectrum": str(page),
        "comments": "Lines of " + ", ".join(spectrum.elements),
    }
    return Made(rows=(New(m.XFEFluorescenceSpectrum, row),))
