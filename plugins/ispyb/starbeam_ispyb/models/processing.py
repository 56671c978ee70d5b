"""Automatic processing: programs, their files and results."""

from __future__ import annotations

import datetime

from sqlalchemy.orm import Mapped, mapped_column

from starbeam.api.models import filled_by_database, optional_column, varying_column
from starbeam_ispyb.models.base import Base


class AutoProc(Base):
    """The refined unit cell and space group of automatic processing."""

    autoProcId: Mapped[int] = mapped_column(primary_key=True)
    autoProcProgramId: Mapped[int | None]
    spaceGroup: Mapped[str | None]
    refinedCell_a: Mapped[float | None]
    refinedCell_b: Mapped[float | None]
    refinedCell_c: Mapped[float | None]
    refinedCell_alpha: Mapped[float | None]
    refinedCell_beta: Mapped[float | None]
    refinedCell_gamma: Mapped[float | None]
    recordTimeStamp: Mapped[datetime.datetime | None]


class AutoProcProgram(Base):
    """A run of a processing program."""

    autoProcProgramId: Mapped[int] = mapped_column(primary_key=True)
    processingCommandLine: Mapped[str | None]
    processingPrograms: Mapped[str | None]
    processingStatus: Mapped[int | str | None] = varying_column()
    processingMessage: Mapped[str | None]
    processingStartTime: Mapped[datetime.datetime | None]
    processingEndTime: Mapped[datetime.datetime | None]
    processingEnvironment: Mapped[str | None]
    recordTimeStamp: Mapped[datetime.datetime | None]
    processingJobId: Mapped[int | None] = optional_column()
    processingPipelineId: Mapped[int | None] = optional_column()
    parentAutoProcProgramId: Mapped[int | None] = optional_column()
    dataCollectionId: Mapped[int | None] = optional_column()


class AutoProcProgramAttachment(Base):
    """A file that a processing program wrote."""

    autoProcProgramAttachmentId: Mapped[int] = mapped_column(primary_key=True)
    autoProcProgramId: Mapped[int]
    fileType: Mapped[str | None]
    fileName: Mapped[str | None]
    filePath: Mapped[str | None]
    recordTimeStamp: Mapped[datetime.datetime | None]
    importanceRank: Mapped[int | None] = optional_column()
    deleted: Mapped[int | None] = optional_column()


class AutoProcProgramMessage(Base):
    """A message of a processing program."""

    autoProcProgramMessageId: Mapped[int] = mapped_column(primary_key=True)
    autoProcProgramId: Mapped[int | None]
    recordTimeStamp: Mapped[datetime.datetime] = filled_by_database()
    severity: Mapped[str]
    message: Mapped[str | None]
    description: Mapped[str | None]


class AutoProcIntegration(Base):
    """The integration of one data collection."""

    autoProcIntegrationId: Mapped[int] = mapped_column(primary_key=True)
    dataCollectionId: Mapped[int]
    autoProcProgramId: Mapped[int | None]
    startImageNumber: Mapped[int | None]
    endImageNumber: Mapped[int | None]
    refinedDetectorDistance: Mapped[float | None]
    refinedXBeam: Mapped[float | None]
    refinedYBeam: Mapped[float | None]
    rotationAxisX: Mapped[float | None]
    rotationAxisY: Mapped[float | None]
    rotationAxisZ: Mapped[float | None]
    beamVectorX: Mapped[float | None]
    beamVectorY: Mapped[float | None]
    beamVectorZ: Mapped[float | None]
    cell_a: Mapped[float | None]
    cell_b: Mapped[float | None]
    cell_c: Mapped[float | None]
    cell_alpha: Mapped[float | None]
    cell_beta: Mapped[float | None]
    cell_gamma: Mapped[float | None]
    recordTimeStamp: Mapped[datetime.datetime | None]
    anomalous: Mapped[int | None]


class AutoProcScaling(Base):
    """A scaling of integrated data."""

    autoProcScalingId: Mapped[int] = mapped_column(primary_key=True)
    autoProcId: Mapped[int | None]
    recordTimeStamp: Mapped[datetime.datetime | None]
    resolutionEllipsoidAxis11: Mapped[float | None] = optional_column()
    resolutionEllipsoidAxis12: Mapped[float | None] = optional_column()
    resolutionEllipsoidAxis13: Mapped[float | None] = optional_column()
    resolutionEllipsoidAxis21: Mapped[float | None] = optional_column()
    resolutionEllipsoidAxis22: Mapped[float | None] = optional_column()
    resolutionEllipsoidAxis23: Mapped[float | None] = optional_column()
    resolutionEllipsoidAxis31: Mapped[float | None] = optional_column()
    resolutionEllipsoidAxis32: Mapped[float | None] = optional_column()
    resolutionEllipsoidAxis33: Mapped[float | None] = optional_column()
    resolutionEllipsoidValue1: Mapped[float | None] = optional_column()
    resolutionEllipsoidValue2: Mapped[float | None] = optional_column()
    resolutionEllipsoidValue3: Mapped[float | None] = optional_column()


class AutoProcScaling_has_Int(Base):
    """An integration that went into a scaling."""

    autoProcScaling_has_IntId: Mapped[int] = mapped_column(primary_key=True)
    autoProcScalingId: Mapped[int | None]
    autoProcIntegrationId: Mapped[int]
    recordTimeStamp: Mapped[datetime.datetime | None]


class AutoProcScalingStatistics(Base):
    """Statistics of a scaling, per resolution shell."""

    autoProcScalingStatisticsId: Mapped[int] = mapped_column(primary_key=True)
    autoProcScalingId: Mapped[int | None]
    scalingStatisticsType: Mapped[str] = filled_by_database()
    comments: Mapped[str | None]
    resolutionLimitLow: Mapped[float | None]
    resolutionLimitHigh: Mapped[float | None]
    rMerge: Mapped[float | None]
    rMeasWithinIPlusIMinus: Mapped[float | None]
    rMeasAllIPlusIMinus: Mapped[float | None]
    rPimWithinIPlusIMinus: Mapped[float | None]
    rPimAllIPlusIMinus: Mapped[float | None]
    fractionalPartialBias: Mapped[float | None]
    nTotalObservations: Mapped[int | None]
    nTotalUniqueObservations: Mapped[int | None]
    meanIOverSigI: Mapped[float | None]
    completeness: Mapped[float | None]
    multiplicity: Mapped[float | None]
    anomalousCompleteness: Mapped[float | None]
    anomalousMultiplicity: Mapped[float | None]
    recordTimeStamp: Mapped[datetime.datetime | None]
    anomalous: Mapped[int | None]
    ccHalf: Mapped[float | None]
    ccAnomalous: Mapped[float | None] = optional_column()
    resIOverSigI2: Mapped[float | None] = optional_column()
    ccAno: Mapped[float | None] = optional_column()
    sigAno: Mapped[str | None] = optional_column()
    isa: Mapped[str | None] = optional_column()
    completenessSpherical: Mapped[float | None] = optional_column()
    completenessEllipsoidal: Mapped[float | None] = optional_column()
    anomalousCompletenessSpherical: Mapped[float | None] = optional_column()
    anomalousCompletenessEllipsoidal: Mapped[float | None] = optional_column()


class ProcessingJob(Base):
    """A request to process a data collection."""

    processingJobId: Mapped[int] = mapped_column(primary_key=True)
    dataCollectionId: Mapped[int | None]
    displayName: Mapped[str | None]
    comments: Mapped[str | None]
    recordTimestamp: Mapped[datetime.datetime] = filled_by_database()
    recipe: Mapped[str | None]
    automatic: Mapped[int | None]
