"""The tables that this plugin owns."""

from __future__ import annotations

import datetime

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from starbeam.api.models import IspybTable, filled_by_database, optional_column


class Base(IspybTable, DeclarativeBase):
    """The tables of this plugin."""


class Experiment(Base):
    """An experiment in solution scattering."""

    experimentId: Mapped[int] = mapped_column(primary_key=True)
    sessionId: Mapped[int | None]
    proposalId: Mapped[int]
    name: Mapped[str | None]
    creationDate: Mapped[datetime.datetime | None]
    experimentType: Mapped[str | None]
    sourceFilePath: Mapped[str | None]
    dataAcquisitionFilePath: Mapped[str | None]
    status: Mapped[str | None]
    comments: Mapped[str | None]


class PhasingStep(Base):
    """A step of solving a structure from scaled data."""

    phasingStepId: Mapped[int] = mapped_column(primary_key=True)
    previousPhasingStepId: Mapped[int | None]
    programRunId: Mapped[int | None]
    spaceGroupId: Mapped[int | None]
    autoProcScalingId: Mapped[int | None]
    phasingAnalysisId: Mapped[int | None]
    phasingStepType: Mapped[str | None]
    method: Mapped[str | None]
    solventContent: Mapped[str | None]
    enantiomorph: Mapped[str | None]
    lowRes: Mapped[str | None]
    highRes: Mapped[str | None]
    recordTimeStamp: Mapped[datetime.datetime] = filled_by_database()
    groupName: Mapped[str | None] = optional_column()


class SpaceGroup(Base):
    """A space group."""

    spaceGroupId: Mapped[int] = mapped_column(primary_key=True)
    spaceGroupNumber: Mapped[int | None]
    spaceGroupShortName: Mapped[str | None]
    spaceGroupName: Mapped[str | None]
    bravaisLattice: Mapped[str | None]
    bravaisLatticeName: Mapped[str | None]
    pointGroup: Mapped[str | None]
    geometryClassnameId: Mapped[int | None]
    MX_used: Mapped[int] = filled_by_database()


class DiffractionPlan(Base):
    """How a sample is to be measured."""

    diffractionPlanId: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = optional_column()
    experimentKind: Mapped[str | None]
    observedResolution: Mapped[float | None]
    minimalResolution: Mapped[float | None]
    exposureTime: Mapped[float | None]
    oscillationRange: Mapped[float | None]
    maximalResolution: Mapped[float | None]
    screeningResolution: Mapped[float | None]
    radiationSensitivity: Mapped[float | None]
    anomalousScatterer: Mapped[str | None]
    preferredBeamSizeX: Mapped[float | None]
    preferredBeamSizeY: Mapped[float | None]
    preferredBeamDiameter: Mapped[float | None]
    comments: Mapped[str | None]
    diffractionPlanUUID: Mapped[str | None] = mapped_column("DIFFRACTIONPLANUUID")
    aimedCompleteness: Mapped[float | None]
    aimedIOverSigmaAtHighestRes: Mapped[float | None]
    aimedMultiplicity: Mapped[float | None]
    aimedResolution: Mapped[float | None]
    anomalousData: Mapped[int | None]
    complexity: Mapped[str | None]
    estimateRadiationDamage: Mapped[int | None]
    forcedSpaceGroup: Mapped[str | None]
    requiredCompleteness: Mapped[float | None]
    requiredMultiplicity: Mapped[float | None]
    requiredResolution: Mapped[float | None]
    strategyOption: Mapped[str | None]
    kappaStrategyOption: Mapped[str | None]
    numberOfPositions: Mapped[int | None]
    minDimAccrossSpindleAxis: Mapped[float | None]
    maxDimAccrossSpindleAxis: Mapped[float | None]
    radiationSensitivityBeta: Mapped[float | None]
    radiationSensitivityGamma: Mapped[float | None]
    minOscWidth: Mapped[float | None]
    recordTimeStamp: Mapped[datetime.datetime] = filled_by_database()
    monochromator: Mapped[str | None]
    energy: Mapped[float | None]
    transmission: Mapped[float | None]
    boxSizeX: Mapped[float | None]
    boxSizeY: Mapped[float | None]
    kappaStart: Mapped[float | None]
    axisStart: Mapped[float | None]
    axisRange: Mapped[float | None]
    numberOfImages: Mapped[int | None]
    presetForProposalId: Mapped[int | None]
    beamLineName: Mapped[str | None]
    detectorId: Mapped[int | None]
    distance: Mapped[float | None]
    orientation: Mapped[float | None]
    monoBandwidth: Mapped[float | None]
    centringMethod: Mapped[str | None] = optional_column()
    userPath: Mapped[str | None]
    robotPlateTemperature: Mapped[float | None] = optional_column()
    exposureTemperature: Mapped[float | None] = optional_column()
    experimentTypeId: Mapped[int | None] = optional_column()
    purificationColumnId: Mapped[int | None] = optional_column()
    collectionMode: Mapped[str | None] = optional_column()
    priority: Mapped[int | None] = optional_column()
    qMin: Mapped[float | None] = optional_column()
    qMax: Mapped[float | None] = optional_column()
    reductionParametersAveraging: Mapped[str | None] = optional_column()
    scanParameters: Mapped[str | None] = optional_column()
    xmlDocumentId: Mapped[int | None] = optional_column()
    dataCollectionPlanGroupId: Mapped[int | None] = optional_column()
