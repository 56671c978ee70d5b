"""Electron microscopy: movies, motion correction, contrast transfer function."""

from __future__ import annotations

import datetime

from sqlalchemy.orm import Mapped, mapped_column

from starbeam.api.models import always_named, filled_by_database, optional_column, varying_column
from starbeam_ispyb.models.base import Base


class Movie(Base):
    """A movie of an electron microscope."""

    movieId: Mapped[int] = mapped_column(primary_key=True)
    dataCollectionId: Mapped[int | None]
    movieNumber: Mapped[int | None]
    movieFullPath: Mapped[str | None]
    createdTimeStamp: Mapped[datetime.datetime] = filled_by_database()
    positionX: Mapped[float | str | None] = varying_column()
    positionY: Mapped[float | str | None] = varying_column()
    nominalDefocus: Mapped[float | None] = optional_column()
    angle: Mapped[float | None] = optional_column()
    fluence: Mapped[float | None] = optional_column()
    numberOfFrames: Mapped[int | None] = optional_column()
    foilHoleId: Mapped[int | None] = optional_column()
    templateLabel: Mapped[int | None] = optional_column()
    micrographFullPath: Mapped[str | None] = optional_column()
    micrographSnapshotFullPath: Mapped[str | None] = optional_column()
    xmlMetaDataFullPath: Mapped[str | None] = optional_column()
    dosePerImage: Mapped[str | None] = optional_column()


class MotionCorrection(Base):
    """The motion correction of a movie."""

    motionCorrectionId: Mapped[int] = mapped_column(primary_key=True)
    dataCollectionId: Mapped[int | None] = optional_column()
    autoProcProgramId: Mapped[int | None] = optional_column()
    imageNumber: Mapped[int | None] = optional_column()
    firstFrame: Mapped[int | str | None] = varying_column()
    lastFrame: Mapped[int | str | None] = varying_column()
    dosePerFrame: Mapped[float | str | None] = varying_column()
    doseWeight: Mapped[float | str | None] = varying_column()
    totalMotion: Mapped[float | str | None] = varying_column()
    averageMotionPerFrame: Mapped[float | str | None] = varying_column()
    driftPlotFullPath: Mapped[str | None]
    micrographFullPath: Mapped[str | None]
    micrographSnapshotFullPath: Mapped[str | None]
    patchesUsedX: Mapped[int | None] = optional_column()
    patchesUsedY: Mapped[int | None] = optional_column()
    fftFullPath: Mapped[str | None] = optional_column()
    fftCorrectedFullPath: Mapped[str | None] = optional_column()
    comments: Mapped[str | None] = optional_column()
    movieId: Mapped[int | None]
    correctedDoseMicrographFullPath: Mapped[str | None] = optional_column()
    patchesUsed: Mapped[str | None] = optional_column()
    logFileFullPath: Mapped[str | None] = optional_column()
    createdTimeStamp: Mapped[datetime.datetime | None] = optional_column()


class CTF(Base):
    """The contrast transfer function fitted to a motion-corrected micrograph."""

    ctfId: Mapped[int] = mapped_column(primary_key=True)
    motionCorrectionId: Mapped[int | None] = always_named()
    autoProcProgramId: Mapped[int | None] = optional_column()
    boxSizeX: Mapped[float | None] = optional_column()
    boxSizeY: Mapped[float | None] = optional_column()
    minResolution: Mapped[float | None] = optional_column()
    maxResolution: Mapped[float | None] = optional_column()
    minDefocus: Mapped[float | None] = optional_column()
    maxDefocus: Mapped[float | None] = optional_column()
    defocusStepSize: Mapped[float | None] = optional_column()
    astigmatism: Mapped[float | None] = optional_column()
    astigmatismAngle: Mapped[float | None] = optional_column()
    estimatedResolution: Mapped[float | None] = optional_column()
    estimatedDefocus: Mapped[float | None] = optional_column()
    amplitudeContrast: Mapped[float | None] = optional_column()
    ccValue: Mapped[float | None] = optional_column()
    fftTheoreticalFullPath: Mapped[str | None] = optional_column()
    comments: Mapped[str | None] = optional_column()
    iceRingDensity: Mapped[float | None] = optional_column()
    spectraImageThumbnailFullPath: Mapped[str | None] = optional_column()
    spectraImageFullPath: Mapped[str | None] = optional_column()
    defocusU: Mapped[str | None] = optional_column()
    defocusV: Mapped[str | None] = optional_column()
    angle: Mapped[str | None] = optional_column()
    crossCorrelationCoefficient: Mapped[str | None] = optional_column()
    resolutionLimit: Mapped[str | None] = optional_column()
    estimatedBfactor: Mapped[str | None] = optional_column()
    logFilePath: Mapped[str | None] = optional_column()
    createdTimeStamp: Mapped[datetime.datetime | None] = optional_column()
