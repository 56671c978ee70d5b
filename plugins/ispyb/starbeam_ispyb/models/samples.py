"""What is studied: proteins, crystals, samples and places on them."""

from __future__ import annotations

import datetime

from sqlalchemy.orm import Mapped, mapped_column

from starbeam.api.models import always_named, filled_by_database, optional_column
from starbeam_ispyb.models.base import Base


class Protein(Base):
    """A protein or other component that a proposal studies."""

    proteinId: Mapped[int] = mapped_column(primary_key=True)
    proposalId: Mapped[int] = filled_by_database()
    name: Mapped[str | None]
    acronym: Mapped[str | None]
    description: Mapped[str | None]
    hazardGroup: Mapped[int] = filled_by_database()
    containmentLevel: Mapped[int] = filled_by_database()
    safetyLevel: Mapped[str | None]
    molecularMass: Mapped[float | None]
    proteinType: Mapped[str | None]
    personId: Mapped[int | None]
    bltimeStamp: Mapped[datetime.datetime] = filled_by_database()
    isCreatedBySampleSheet: Mapped[int | None]
    sequence: Mapped[str | None]
    MOD_ID: Mapped[str | None] = optional_column()
    componentTypeId: Mapped[int | None]
    concentrationTypeId: Mapped[int | None]
    global_: Mapped[int | None] = mapped_column("global")
    externalId: Mapped[bytes | None]
    density: Mapped[float | None] = optional_column()
    abundance: Mapped[float | None] = optional_column()
    isotropy: Mapped[str | None] = optional_column()
    modId: Mapped[str | None] = optional_column()


class Crystal(Base):
    """A crystal form of a protein, with its unit cell."""

    crystalId: Mapped[int] = mapped_column(primary_key=True)
    diffractionPlanId: Mapped[int | None]
    proteinId: Mapped[int] = filled_by_database()
    crystalUUID: Mapped[str | None]
    name: Mapped[str | None]
    spaceGroup: Mapped[str | None]
    morphology: Mapped[str | None]
    color: Mapped[str | None]
    size_X: Mapped[float | None]
    size_Y: Mapped[float | None]
    size_Z: Mapped[float | None]
    cell_a: Mapped[float | None]
    cell_b: Mapped[float | None]
    cell_c: Mapped[float | None]
    cell_alpha: Mapped[float | None]
    cell_beta: Mapped[float | None]
    cell_gamma: Mapped[float | None]
    comments: Mapped[str | None]
    pdbFileName: Mapped[str | None]
    pdbFilePath: Mapped[str | None]
    recordTimeStamp: Mapped[datetime.datetime] = filled_by_database()
    abundance: Mapped[float | None]
    theoreticalDensity: Mapped[float | None] = optional_column()
    packingFraction: Mapped[float | None] = optional_column()


class BLSample(Base):
    """A sample: a crystal on a pin, a capillary, a grid."""

    blSampleId: Mapped[int] = mapped_column(primary_key=True)
    diffractionPlanId: Mapped[int | None]
    crystalId: Mapped[int | None]
    containerId: Mapped[int | None]
    name: Mapped[str | None]
    code: Mapped[str | None]
    location: Mapped[str | None]
    holderLength: Mapped[float | None]
    loopLength: Mapped[float | None]
    loopType: Mapped[str | None]
    wireWidth: Mapped[float | None]
    comments: Mapped[str | None]
    completionStage: Mapped[str | None]
    structureStage: Mapped[str | None]
    publicationStage: Mapped[str | None]
    publicationComments: Mapped[str | None]
    blSampleStatus: Mapped[str | None]
    isInSampleChanger: Mapped[int | None]
    lastKnownCenteringPosition: Mapped[str | None]
    positionId: Mapped[int | None] = mapped_column("POSITIONID")
    recordTimeStamp: Mapped[datetime.datetime] = filled_by_database()
    SMILES: Mapped[str | None]
    blSubSampleId: Mapped[int | None]
    lastImageURL: Mapped[str | None]
    screenComponentGroupId: Mapped[int | None]
    volume: Mapped[float | None]
    dimension1: Mapped[float | None]
    dimension2: Mapped[float | None]
    dimension3: Mapped[float | None]
    shape: Mapped[str | None]
    packingFraction: Mapped[float | None] = optional_column()
    preparationTemeprature: Mapped[int | None] = optional_column()
    preparationHumidity: Mapped[float | None] = optional_column()
    blottingTime: Mapped[int | None] = optional_column()
    blottingForce: Mapped[float | None] = optional_column()
    blottingDrainTime: Mapped[int | None] = optional_column()
    support: Mapped[str | None] = optional_column()
    subLocation: Mapped[int | None]
    staffComments: Mapped[str | None] = optional_column()
    source: Mapped[str | None] = optional_column()


class BLSubSample(Base):
    """A point, line or area of interest on a sample."""

    blSubSampleId: Mapped[int] = mapped_column(primary_key=True)
    blSampleId: Mapped[int | None] = always_named()
    diffractionPlanId: Mapped[int | None]
    blSampleImageId: Mapped[int | None] = optional_column()
    positionId: Mapped[int | None]
    position2Id: Mapped[int | None]
    motorPositionId: Mapped[int | None]
    blSubSampleUUID: Mapped[str | None]
    imgFileName: Mapped[str | None]
    imgFilePath: Mapped[str | None]
    comments: Mapped[str | None]
    recordTimeStamp: Mapped[datetime.datetime] = filled_by_database()
    source: Mapped[str | None] = optional_column()
    type: Mapped[str | None] = optional_column()


class Position(Base):
    """A position in three dimensions."""

    positionId: Mapped[int] = mapped_column(primary_key=True)
    relativePositionId: Mapped[int | None]
    posX: Mapped[float | None]
    posY: Mapped[float | None]
    posZ: Mapped[float | None]
    scale: Mapped[float | None]
    recordTimeStamp: Mapped[datetime.datetime | None]
    X: Mapped[float | None] = optional_column()
    Y: Mapped[float | None] = optional_column()
    Z: Mapped[float | None] = optional_column()
