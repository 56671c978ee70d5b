"""What pages show of events beyond what the API answers."""

from __future__ import annotations

from starbeam_events import schemas


class DataCollection(schemas.DataCollection):
    """A data collection, with what microscopes say: µm or Å, nm, electrons per Å²."""

    minDefocus: float | None = None
    maxDefocus: float | None = None
    pixelSizeOnImage: float | None = None
    totalExposedDose: float | None = None


class RobotAction(schemas.RobotAction):
    """An action of the sample changer."""

    containerLocation: int | None
    dewarLocation: int | None
    sampleBarcode: str | None
    xtalSnapshotBefore: str | None
    xtalSnapshotAfter: str | None


class XFEFluorescenceSpectrum(schemas.XFEFluorescenceSpectrum):
    """An X-ray fluorescence spectrum: keV, s, %."""

    energy: float | None
    exposureTime: float | None
    beamTransmission: float | None
    comments: str | None
    scanFileFullPath: str | None
    jpegScanFileFullPath: str | None


class EnergyScan(schemas.EnergyScan):
    """An energy scan over an absorption edge: keV, electrons, s, %."""

    element: str | None
    edgeEnergy: str | None
    peakEnergy: float | None
    peakFPrime: float | None
    peakFDoublePrime: float | None
    inflectionEnergy: float | None
    inflectionFPrime: float | None
    inflectionFDoublePrime: float | None
    exposureTime: float | None
    transmissionFactor: float | None
    comments: str | None
    scanFileFullPath: str | None
    jpegChoochFileFullPath: str | None
