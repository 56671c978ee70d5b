"""The tables that this plugin owns. The community schema has none of them."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from starbeam.api.models import IspybTable


class Base(IspybTable, DeclarativeBase):
    """The tables of this plugin."""


class ProcessingJobParameter(Base):
    """A parameter of a request to process a data collection."""

    processingJobParameterId: Mapped[int] = mapped_column(primary_key=True)
    processingJobId: Mapped[int | None]
    parameterKey: Mapped[str | None]
    parameterValue: Mapped[str | None]


class ProcessingJobImageSweep(Base):
    """A range of images that a request is for."""

    processingJobImageSweepId: Mapped[int] = mapped_column(primary_key=True)
    processingJobId: Mapped[int | None]
    dataCollectionId: Mapped[int | None]
    startImage: Mapped[int | None]
    endImage: Mapped[int | None]


class XrayCentring(Base):
    """A search for the crystal by diffraction, in the grids of a group of data collections."""

    xrayCentringId: Mapped[int] = mapped_column(primary_key=True)
    dataCollectionGroupId: Mapped[int]
    status: Mapped[str | None]
    xrayCentringType: Mapped[str | None]


class XrayCentringResult(Base):
    """A crystal that a search found, in one of its grids."""

    xrayCentringResultId: Mapped[int] = mapped_column(primary_key=True)
    xrayCentringId: Mapped[int]
    centreOfMassX: Mapped[float | None]
    centreOfMassY: Mapped[float | None]
    numberOfVoxels: Mapped[int | None]
    totalCount: Mapped[float | None]
    status: Mapped[str | None]
    gridInfoId: Mapped[int | None]
