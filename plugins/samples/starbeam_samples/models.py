"""The tables that this plugin owns."""

from __future__ import annotations

import datetime

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from starbeam.api.models import IspybTable, always_named, optional_column


class Base(IspybTable, DeclarativeBase):
    """The tables of this plugin."""


class BLSampleImage(Base):
    """A picture of a sample."""

    blSampleImageId: Mapped[int] = mapped_column(primary_key=True)
    blSampleId: Mapped[int | None] = always_named()
    micronsPerPixelX: Mapped[float | None]
    micronsPerPixelY: Mapped[float | None]
    imageFullPath: Mapped[str | None]
    blSampleImageScoreId: Mapped[int | None]
    comments: Mapped[str | None]
    blTimeStamp: Mapped[datetime.datetime | None]
    containerInspectionId: Mapped[int | None]
    modifiedTimeStamp: Mapped[datetime.datetime | None]
    offsetX: Mapped[int | None] = optional_column()
    offsetY: Mapped[int | None] = optional_column()


class ComponentType(Base):
    """A kind of component: protein, DNA, small molecule …"""

    componentTypeId: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class ContainerQueueSample(Base):
    """A sample, or a sub sample, that waits to be measured."""

    containerQueueSampleId: Mapped[int] = mapped_column(primary_key=True)
    containerQueueId: Mapped[int | None]
    blSubSampleId: Mapped[int | None]
    status: Mapped[str | None] = optional_column()
    startTime: Mapped[datetime.datetime | None] = optional_column()
    endTime: Mapped[datetime.datetime | None] = optional_column()
    dataCollectionPlanId: Mapped[int | None] = optional_column()
    blSampleId: Mapped[int | None] = optional_column()


class Protein_has_PDB(Base):
    """A structure file of a protein."""

    proteinhaspdbid: Mapped[int] = mapped_column(primary_key=True)
    proteinid: Mapped[int]
    pdbid: Mapped[int]
