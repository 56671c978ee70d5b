"""The tables that this plugin owns."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from starbeam.api.models import IspybTable


class Base(IspybTable, DeclarativeBase):
    """The tables of this plugin."""


class BLSample_has_EnergyScan(Base):
    """A sample that an energy scan was made of."""

    blSampleHasEnergyScanId: Mapped[int] = mapped_column(primary_key=True)
    blSampleId: Mapped[int]
    energyScanId: Mapped[int]


class ExperimentType(Base):
    """A type of experiments, by its name; of Diamond's schema."""

    experimentTypeId: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]
