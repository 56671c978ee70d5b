"""The tables that this plugin owns, as the flavour that holds map data has them."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from starbeam.api.models import IspybTable, optional_column


class Base(IspybTable, DeclarativeBase):
    """The tables of this plugin."""


class XRFFluorescenceMapping(Base):
    """A map: the values of one region of interest over a grid."""

    xrfFluorescenceMappingId: Mapped[int] = mapped_column(primary_key=True)
    xrfFluorescenceMappingROIId: Mapped[int]
    gridInfoId: Mapped[int] = optional_column()
    dataFormat: Mapped[str] = optional_column()
    data: Mapped[bytes] = optional_column()
    points: Mapped[int | None] = optional_column()
    opacity: Mapped[float] = optional_column()
    colourMap: Mapped[str | None] = optional_column()
    min: Mapped[int | None] = optional_column()
    max: Mapped[int | None] = optional_column()


class XRFFluorescenceMappingROI(Base):
    """A region of interest: the energies around a line of an element, or a scalar counter."""

    xrfFluorescenceMappingROIId: Mapped[int] = mapped_column(primary_key=True)
    element: Mapped[str | None]
    edge: Mapped[str | None]
    startEnergy: Mapped[float]
    endEnergy: Mapped[float]
    scalar: Mapped[str | None] = optional_column()
    blSampleId: Mapped[int | None] = optional_column()
