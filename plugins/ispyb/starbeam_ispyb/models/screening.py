"""Characterisation of samples and the strategies it proposes."""

from __future__ import annotations

import datetime

from sqlalchemy.orm import Mapped, mapped_column

from starbeam.api.models import filled_by_database, optional_column
from starbeam_ispyb.models.base import Base


class Screening(Base):
    """A characterisation of a sample from a few images."""

    screeningId: Mapped[int] = mapped_column(primary_key=True)
    dataCollectionId: Mapped[int | None]
    bltimeStamp: Mapped[datetime.datetime] = filled_by_database()
    programVersion: Mapped[str | None]
    comments: Mapped[str | None]
    shortComments: Mapped[str | None]
    diffractionPlanId: Mapped[int | None]
    dataCollectionGroupId: Mapped[int | None]
    xmlSampleInformation: Mapped[bytes | None]
    autoProcProgramId: Mapped[int | None] = optional_column()


class ScreeningOutput(Base):
    """The result of a screening."""

    screeningOutputId: Mapped[int] = mapped_column(primary_key=True)
    screeningId: Mapped[int] = filled_by_database()
    statusDescription: Mapped[str | None]
    rejectedReflections: Mapped[int | None]
    resolutionObtained: Mapped[float | None]
    spotDeviationR: Mapped[float | None]
    spotDeviationTheta: Mapped[float | None]
    beamShiftX: Mapped[float | None]
    beamShiftY: Mapped[float | None]
    numSpotsFound: Mapped[int | None]
    numSpotsUsed: Mapped[int | None]
    numSpotsRejected: Mapped[int | None]
    mosaicity: Mapped[float | None]
    iOverSigma: Mapped[float | None]
    diffractionRings: Mapped[int | None]
    screeningSuccess: Mapped[int | None] = mapped_column("SCREENINGSUCCESS")
    mosaicityEstimated: Mapped[int] = filled_by_database()
    rankingResolution: Mapped[float | None]
    program: Mapped[str | None]
    doseTotal: Mapped[float | None]
    totalExposureTime: Mapped[float | None]
    totalRotationRange: Mapped[float | None]
    totalNumberOfImages: Mapped[int | None]
    rFriedel: Mapped[float | None]
    indexingSuccess: Mapped[int] = filled_by_database()
    strategySuccess: Mapped[int] = filled_by_database()
    alignmentSuccess: Mapped[int | None] = optional_column()


class ScreeningOutputLattice(Base):
    """The lattice that a screening found."""

    screeningOutputLatticeId: Mapped[int] = mapped_column(primary_key=True)
    screeningOutputId: Mapped[int] = filled_by_database()
    spaceGroup: Mapped[str | None]
    pointGroup: Mapped[str | None]
    bravaisLattice: Mapped[str | None]
    rawOrientationMatrix_a_x: Mapped[float | None]
    rawOrientationMatrix_a_y: Mapped[float | None]
    rawOrientationMatrix_a_z: Mapped[float | None]
    rawOrientationMatrix_b_x: Mapped[float | None]
    rawOrientationMatrix_b_y: Mapped[float | None]
    rawOrientationMatrix_b_z: Mapped[float | None]
    rawOrientationMatrix_c_x: Mapped[float | None]
    rawOrientationMatrix_c_y: Mapped[float | None]
    rawOrientationMatrix_c_z: Mapped[float | None]
    unitCell_a: Mapped[float | None]
    unitCell_b: Mapped[float | None]
    unitCell_c: Mapped[float | None]
    unitCell_alpha: Mapped[float | None]
    unitCell_beta: Mapped[float | None]
    unitCell_gamma: Mapped[float | None]
    bltimeStamp: Mapped[datetime.datetime | None] = filled_by_database()
    labelitIndexing: Mapped[int | None]


class ScreeningStrategy(Base):
    """A data collection strategy that a screening proposes."""

    screeningStrategyId: Mapped[int] = mapped_column(primary_key=True)
    screeningOutputId: Mapped[int] = filled_by_database()
    phiStart: Mapped[float | None]
    phiEnd: Mapped[float | None]
    rotation: Mapped[float | None]
    exposureTime: Mapped[float | None]
    resolution: Mapped[float | None]
    completeness: Mapped[float | None]
    multiplicity: Mapped[float | None]
    anomalous: Mapped[int] = filled_by_database()
    program: Mapped[str | None]
    rankingResolution: Mapped[float | None]
    transmission: Mapped[float | None]


class ScreeningStrategyWedge(Base):
    """A wedge of a strategy."""

    screeningStrategyWedgeId: Mapped[int] = mapped_column(primary_key=True)
    screeningStrategyId: Mapped[int | None]
    wedgeNumber: Mapped[int | None]
    resolution: Mapped[float | None]
    completeness: Mapped[float | None]
    multiplicity: Mapped[float | None]
    doseTotal: Mapped[float | None]
    numberOfImages: Mapped[int | None]
    phi: Mapped[float | None]
    kappa: Mapped[float | None]
    chi: Mapped[float | None]
    comments: Mapped[str | None]
    wavelength: Mapped[float | None]


class ScreeningStrategySubWedge(Base):
    """A part of a wedge, collected with one set of parameters."""

    screeningStrategySubWedgeId: Mapped[int] = mapped_column(primary_key=True)
    screeningStrategyWedgeId: Mapped[int | None]
    subWedgeNumber: Mapped[int | None]
    rotationAxis: Mapped[str | None]
    axisStart: Mapped[float | None]
    axisEnd: Mapped[float | None]
    exposureTime: Mapped[float | None]
    transmission: Mapped[float | None]
    oscillationRange: Mapped[float | None]
    completeness: Mapped[float | None]
    multiplicity: Mapped[float | None]
    RESOLUTION: Mapped[float | None]
    doseTotal: Mapped[float | None]
    numberOfImages: Mapped[int | None]
    comments: Mapped[str | None]
