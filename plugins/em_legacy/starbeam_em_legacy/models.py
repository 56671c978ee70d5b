"""The tables that this plugin owns."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from starbeam.api.models import IspybTable, optional_column


class Base(IspybTable, DeclarativeBase):
    """The tables of this plugin."""


class ParticlePicker(Base):
    """A search for particles in micrographs, from that of one motion correction on."""

    particlePickerId: Mapped[int] = mapped_column(primary_key=True)
    programId: Mapped[int | None]
    firstMotionCorrectionId: Mapped[int | None]
    particlePickingTemplate: Mapped[str | None]
    particleDiameter: Mapped[float | None]
    numberOfParticles: Mapped[int | None]
    summaryImageFullPath: Mapped[str | None]


class ParticleClassificationGroup(Base):
    """A classification of picked particles."""

    particleClassificationGroupId: Mapped[int] = mapped_column(primary_key=True)
    particlePickerId: Mapped[int | None]
    programId: Mapped[int | None]
    type: Mapped[str | None]
    batchNumber: Mapped[int | None]
    numberOfParticlesPerBatch: Mapped[int | None]
    numberOfClassesPerBatch: Mapped[int | None]
    symmetry: Mapped[str | None]
    binnedPixelSize: Mapped[float | None] = optional_column()


class ParticleClassification(Base):
    """A class of particles."""

    particleClassificationId: Mapped[int] = mapped_column(primary_key=True)
    classNumber: Mapped[int | None]
    classImageFullPath: Mapped[str | None]
    particlesPerClass: Mapped[int | None]
    rotationAccuracy: Mapped[float | None]
    translationAccuracy: Mapped[float | None]
    estimatedResolution: Mapped[float | None]
    overallFourierCompleteness: Mapped[float | None]
    particleClassificationGroupId: Mapped[int | None]
    classDistribution: Mapped[float | None]
    selected: Mapped[int | None] = optional_column()
    bFactorFitIntercept: Mapped[float | None] = optional_column()
    bFactorFitLinear: Mapped[float | None] = optional_column()
    bFactorFitQuadratic: Mapped[float | None] = optional_column()
    angularEfficiency: Mapped[float | None] = optional_column()
    suggestedTilt: Mapped[float | None] = optional_column()
