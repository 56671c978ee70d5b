"""Detectors, and what else happens on a beamline: workflows, robot actions, energy scans, spectra."""

from __future__ import annotations

import datetime

from sqlalchemy.orm import Mapped, mapped_column

from starbeam.api.models import filled_by_database, optional_column
from starbeam_ispyb.models.base import Base


class Workflow(Base):
    """A run of a beamline workflow."""

    workflowId: Mapped[int] = mapped_column(primary_key=True)
    workflowTitle: Mapped[str | None]
    workflowType: Mapped[str | None]
    workflowTypeId: Mapped[int | None]
    comments: Mapped[str | None]
    status: Mapped[str | None]
    resultFilePath: Mapped[str | None]
    logFilePath: Mapped[str | None]
    recordTimeStamp: Mapped[datetime.datetime | None]


class WorkflowStep(Base):
    """A step of a workflow, with its results."""

    workflowStepId: Mapped[int] = mapped_column(primary_key=True)
    workflowId: Mapped[int]
    workflowStepType: Mapped[str | None]
    status: Mapped[str | None]
    folderPath: Mapped[str | None]
    imageResultFilePath: Mapped[str | None]
    htmlResultFilePath: Mapped[str | None]
    resultFilePath: Mapped[str | None]
    comments: Mapped[str | None]
    crystalSizeX: Mapped[str | None]
    crystalSizeY: Mapped[str | None]
    crystalSizeZ: Mapped[str | None]
    maxDozorScore: Mapped[str | None]
    recordTimeStamp: Mapped[datetime.datetime | None]


class RobotAction(Base):
    """An action of the sample changer."""

    robotActionId: Mapped[int] = mapped_column(primary_key=True)
    blsessionId: Mapped[int]
    blsampleId: Mapped[int | None]
    actionType: Mapped[str | None]
    startTimestamp: Mapped[datetime.datetime] = filled_by_database()
    endTimestamp: Mapped[datetime.datetime] = filled_by_database()
    status: Mapped[str | None]
    message: Mapped[str | None]
    containerLocation: Mapped[int | None]
    dewarLocation: Mapped[int | None]
    sampleBarcode: Mapped[str | None]
    xtalSnapshotBefore: Mapped[str | None]
    xtalSnapshotAfter: Mapped[str | None]


class EnergyScan(Base):
    """An energy scan over an absorption edge."""

    energyScanId: Mapped[int] = mapped_column(primary_key=True)
    sessionId: Mapped[int]
    blSampleId: Mapped[int | None]
    fluorescenceDetector: Mapped[str | None]
    scanFileFullPath: Mapped[str | None]
    jpegChoochFileFullPath: Mapped[str | None]
    element: Mapped[str | None]
    startEnergy: Mapped[float | None]
    endEnergy: Mapped[float | None]
    transmissionFactor: Mapped[float | None]
    exposureTime: Mapped[float | None]
    axisPosition: Mapped[float | None]
    synchrotronCurrent: Mapped[float | None]
    temperature: Mapped[float | None]
    peakEnergy: Mapped[float | None]
    peakFPrime: Mapped[float | None]
    peakFDoublePrime: Mapped[float | None]
    inflectionEnergy: Mapped[float | None]
    inflectionFPrime: Mapped[float | None]
    inflectionFDoublePrime: Mapped[float | None]
    xrayDose: Mapped[float | None]
    startTime: Mapped[datetime.datetime | None]
    endTime: Mapped[datetime.datetime | None]
    edgeEnergy: Mapped[str | None]
    filename: Mapped[str | None]
    beamSizeVertical: Mapped[float | None]
    beamSizeHorizontal: Mapped[float | None]
    choochFileFullPath: Mapped[str | None]
    crystalClass: Mapped[str | None]
    comments: Mapped[str | None]
    flux: Mapped[float | None]
    flux_end: Mapped[float | None]
    workingDirectory: Mapped[str | None]
    blSubSampleId: Mapped[int | None]
    remoteEnergy: Mapped[float | None] = optional_column()
    remoteFPrime: Mapped[float | None] = optional_column()
    remoteFDoublePrime: Mapped[float | None] = optional_column()


class XFEFluorescenceSpectrum(Base):
    """An X-ray fluorescence spectrum."""

    xfeFluorescenceSpectrumId: Mapped[int] = mapped_column(primary_key=True)
    sessionId: Mapped[int]
    blSampleId: Mapped[int | None]
    jpegScanFileFullPath: Mapped[str | None]
    startTime: Mapped[datetime.datetime | None]
    endTime: Mapped[datetime.datetime | None]
    filename: Mapped[str | None]
    exposureTime: Mapped[float | None]
    axisPosition: Mapped[float | None]
    beamTransmission: Mapped[float | None]
    annotatedPymcaXfeSpectrum: Mapped[str | None]
    fittedDataFileFullPath: Mapped[str | None]
    scanFileFullPath: Mapped[str | None]
    energy: Mapped[float | None]
    beamSizeVertical: Mapped[float | None]
    beamSizeHorizontal: Mapped[float | None]
    crystalClass: Mapped[str | None]
    comments: Mapped[str | None]
    blSubSampleId: Mapped[int | None]
    flux: Mapped[float | None]
    flux_end: Mapped[float | None]
    workingDirectory: Mapped[str | None]


class Detector(Base):
    """A detector of a beamline."""

    detectorId: Mapped[int] = mapped_column(primary_key=True)
    detectorType: Mapped[str | None]
    detectorManufacturer: Mapped[str | None]
    detectorModel: Mapped[str | None]
    detectorPixelSizeHorizontal: Mapped[float | None]
    detectorPixelSizeVertical: Mapped[float | None]
    detectorMaxResolution: Mapped[float | None] = mapped_column("DETECTORMAXRESOLUTION")
    detectorMinResolution: Mapped[float | None] = mapped_column("DETECTORMINRESOLUTION")
    detectorSerialNumber: Mapped[str | None]
    detectorDistanceMin: Mapped[float | None]
    detectorDistanceMax: Mapped[float | None]
    trustedPixelValueRangeLower: Mapped[float | None]
    trustedPixelValueRangeUpper: Mapped[float | None]
    sensorThickness: Mapped[float | None]
    overload: Mapped[float | None]
    XGeoCorr: Mapped[str | None]
    YGeoCorr: Mapped[str | None]
    detectorMode: Mapped[str | None]
    density: Mapped[float | None]
    composition: Mapped[str | None]
    numberOfPixelsX: Mapped[int | None] = optional_column()
    numberOfPixelsY: Mapped[int | None] = optional_column()
    detectorRollMin: Mapped[float | None] = optional_column()
    detectorRollMax: Mapped[float | None] = optional_column()
    localName: Mapped[str | None]
    numberOfROIPixelsX: Mapped[int | None] = optional_column()
    numberOfROIPixelsY: Mapped[int | None] = optional_column()
    CS: Mapped[float | None] = optional_column()
