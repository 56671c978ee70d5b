"""What is measured: data collections, their groups, grids, images and files."""

from __future__ import annotations

import datetime

from sqlalchemy.orm import Mapped, mapped_column

from starbeam.api.models import filled_by_database, optional_column
from starbeam_ispyb.models.base import Base


class DataCollectionGroup(Base):
    """Data collections that belong to one experiment on one sample."""

    dataCollectionGroupId: Mapped[int] = mapped_column(primary_key=True)
    sessionId: Mapped[int]
    comments: Mapped[str | None]
    blSampleId: Mapped[int | None]
    experimentType: Mapped[str | None]
    startTime: Mapped[datetime.datetime | None]
    endTime: Mapped[datetime.datetime | None]
    crystalClass: Mapped[str | None]
    detectorMode: Mapped[str | None]
    actualSampleBarcode: Mapped[str | None]
    actualSampleSlotInContainer: Mapped[int | None]
    actualContainerBarcode: Mapped[str | None]
    actualContainerSlotInSC: Mapped[int | None]
    xtalSnapshotFullPath: Mapped[str | None]
    scanParameters: Mapped[str | None] = optional_column()
    experimentTypeId: Mapped[int | None] = optional_column()
    workflowId: Mapped[int | None] = optional_column()


class DataCollection(Base):
    """A data collection: one series of images, with the parameters it was taken with."""

    dataCollectionId: Mapped[int] = mapped_column(primary_key=True)
    blSampleId: Mapped[int | None] = mapped_column("BLSAMPLEID")
    sessionId: Mapped[int | None] = mapped_column("SESSIONID")
    experimentType: Mapped[str | None] = mapped_column("experimenttype")
    dataCollectionNumber: Mapped[int | None]
    startTime: Mapped[datetime.datetime | None]
    endTime: Mapped[datetime.datetime | None]
    runStatus: Mapped[str | None]
    axisStart: Mapped[float | None]
    axisEnd: Mapped[float | None]
    axisRange: Mapped[float | None]
    overlap: Mapped[float | None]
    numberOfImages: Mapped[int | None]
    startImageNumber: Mapped[int | None]
    numberOfPasses: Mapped[int | None]
    exposureTime: Mapped[float | None]
    imageDirectory: Mapped[str | None]
    imagePrefix: Mapped[str | None]
    imageSuffix: Mapped[str | None]
    imageContainerSubPath: Mapped[str | None]
    fileTemplate: Mapped[str | None]
    wavelength: Mapped[float | None]
    resolution: Mapped[float | None]
    detectorDistance: Mapped[float | None]
    xBeam: Mapped[float | None]
    yBeam: Mapped[float | None]
    comments: Mapped[str | None]
    printableForReport: Mapped[int | None]
    crystalClass: Mapped[str | None] = mapped_column("CRYSTALCLASS")
    slitGapVertical: Mapped[float | None]
    slitGapHorizontal: Mapped[float | None]
    transmission: Mapped[float | None]
    synchrotronMode: Mapped[str | None]
    xtalSnapshotFullPath1: Mapped[str | None]
    xtalSnapshotFullPath2: Mapped[str | None]
    xtalSnapshotFullPath3: Mapped[str | None]
    xtalSnapshotFullPath4: Mapped[str | None]
    rotationAxis: Mapped[str | None]
    phiStart: Mapped[float | None]
    kappaStart: Mapped[float | None]
    omegaStart: Mapped[float | None]
    chiStart: Mapped[float | None]
    resolutionAtCorner: Mapped[float | None]
    detector2Theta: Mapped[float | None]
    detectorMode: Mapped[str | None] = mapped_column("DETECTORMODE")
    undulatorGap1: Mapped[float | None]
    undulatorGap2: Mapped[float | None]
    undulatorGap3: Mapped[float | None]
    beamSizeAtSampleX: Mapped[float | None]
    beamSizeAtSampleY: Mapped[float | None]
    centeringMethod: Mapped[str | None]
    averageTemperature: Mapped[float | None]
    actualSampleBarcode: Mapped[str | None] = mapped_column("ACTUALSAMPLEBARCODE")
    actualSampleSlotInContainer: Mapped[int | None] = mapped_column("ACTUALSAMPLESLOTINCONTAINER")
    actualContainerBarcode: Mapped[str | None] = mapped_column("ACTUALCONTAINERBARCODE")
    actualContainerSlotInSC: Mapped[int | None] = mapped_column("ACTUALCONTAINERSLOTINSC")
    actualCenteringPosition: Mapped[str | None]
    beamShape: Mapped[str | None]
    dataCollectionGroupId: Mapped[int]
    positionId: Mapped[int | None] = mapped_column("POSITIONID")
    detectorId: Mapped[int | None]
    focalSpotSizeAtSampleX: Mapped[float | None] = mapped_column("FOCALSPOTSIZEATSAMPLEX")
    polarisation: Mapped[float | None] = mapped_column("POLARISATION")
    focalSpotSizeAtSampleY: Mapped[float | None] = mapped_column("FOCALSPOTSIZEATSAMPLEY")
    apertureId: Mapped[int | None] = mapped_column("APERTUREID")
    screeningOrigId: Mapped[int | None]
    startPositionId: Mapped[int | None]
    endPositionId: Mapped[int | None]
    flux: Mapped[float | None]
    strategySubWedgeOrigId: Mapped[int | None]
    blSubSampleId: Mapped[int | None]
    flux_end: Mapped[float | None]
    bestWilsonPlotPath: Mapped[str | None]
    processedDataFile: Mapped[str | None]
    datFullPath: Mapped[str | None]
    magnification: Mapped[float | None]
    totalAbsorbedDose: Mapped[float | None]
    binning: Mapped[int | None]
    particleDiameter: Mapped[float | None]
    boxSize_CTF: Mapped[float | None]
    minResolution: Mapped[float | None]
    minDefocus: Mapped[float | None]
    maxDefocus: Mapped[float | None]
    defocusStepSize: Mapped[float | None]
    amountAstigmatism: Mapped[float | None]
    extractSize: Mapped[float | None]
    bgRadius: Mapped[float | None]
    voltage: Mapped[float | None]
    objAperture: Mapped[float | None]
    c1aperture: Mapped[float | None]
    c2aperture: Mapped[float | None]
    c3aperture: Mapped[float | None]
    c1lens: Mapped[float | None]
    c2lens: Mapped[float | None]
    c3lens: Mapped[float | None]
    totalExposedDose: Mapped[float | None] = optional_column()
    nominalMagnification: Mapped[float | None] = optional_column()
    nominalDefocus: Mapped[float | None] = optional_column()
    imageSizeX: Mapped[int | None] = optional_column()
    imageSizeY: Mapped[int | None] = optional_column()
    pixelSizeOnImage: Mapped[float | None] = optional_column()
    phasePlate: Mapped[int | None] = optional_column()
    dataCollectionPlanId: Mapped[int | None] = optional_column()
    xBeamPix: Mapped[float | None] = optional_column()
    yBeamPix: Mapped[float | None] = optional_column()
    imageQualityIndicatorsPlotPath: Mapped[str | None] = optional_column()
    imageQualityIndicatorsCSVPath: Mapped[str | None] = optional_column()


class DataCollectionFileAttachment(Base):
    """A file that belongs to a data collection."""

    dataCollectionFileAttachmentId: Mapped[int] = mapped_column(primary_key=True)
    dataCollectionId: Mapped[int]
    fileFullPath: Mapped[str]
    fileType: Mapped[str | None]
    createTime: Mapped[datetime.datetime] = filled_by_database()


class GridInfo(Base):
    """The grid that a mesh scan runs over."""

    gridInfoId: Mapped[int] = mapped_column(primary_key=True)
    xOffset: Mapped[float | None]
    yOffset: Mapped[float | None]
    dx_mm: Mapped[float | None]
    dy_mm: Mapped[float | None]
    steps_x: Mapped[float | None]
    steps_y: Mapped[float | None]
    meshAngle: Mapped[float | None]
    recordTimeStamp: Mapped[datetime.datetime] = filled_by_database()
    workflowMeshId: Mapped[int | None]
    orientation: Mapped[str | None]
    dataCollectionGroupId: Mapped[int | None]
    snapshot_offsetXPixel: Mapped[float | None]
    snapshot_offsetYPixel: Mapped[float | None]
    snaked: Mapped[int | None] = optional_column()
    dataCollectionId: Mapped[int | None] = optional_column()
    patchesX: Mapped[int | None] = optional_column()
    patchesY: Mapped[int | None] = optional_column()
    micronsPerPixelX: Mapped[float | None] = optional_column()
    micronsPerPixelY: Mapped[float | None] = optional_column()
    pixelspermicronX: Mapped[float | None] = optional_column()
    pixelspermicronY: Mapped[float | None] = optional_column()


class Image(Base):
    """One image of a data collection."""

    imageId: Mapped[int] = mapped_column(primary_key=True)
    dataCollectionId: Mapped[int] = filled_by_database()
    imageNumber: Mapped[int | None]
    fileName: Mapped[str | None]
    fileLocation: Mapped[str | None]
    measuredIntensity: Mapped[float | None]
    jpegFileFullPath: Mapped[str | None]
    jpegThumbnailFileFullPath: Mapped[str | None]
    temperature: Mapped[float | None]
    cumulativeIntensity: Mapped[float | None]
    synchrotronCurrent: Mapped[float | None]
    comments: Mapped[str | None]
    machineMessage: Mapped[str | None]
    BLTIMESTAMP: Mapped[datetime.datetime | None] = optional_column()
    motorPositionId: Mapped[int | None]
    recordTimeStamp: Mapped[datetime.datetime] = filled_by_database()
