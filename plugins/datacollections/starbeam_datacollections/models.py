"""The table that this plugin owns."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from starbeam.api.models import IspybTable, always_named, optional_column


class Base(IspybTable, DeclarativeBase):
    """The tables of this plugin."""


class ImageQualityIndicators(Base):
    """What a quick look at one image of a data collection found.

    In the community schema the key is a number of its own, and old rows name an `Image` only.
    """

    dataCollectionId: Mapped[int] = mapped_column(primary_key=True)
    imageNumber: Mapped[int] = mapped_column(primary_key=True)
    imageQualityIndicatorsId: Mapped[int | None] = optional_column()
    autoProcProgramId: Mapped[int | None] = always_named()
    spotTotal: Mapped[int | None]
    goodBraggCandidates: Mapped[int | None]
    method1Res: Mapped[float | None]
    method2Res: Mapped[float | None]
    totalIntegratedSignal: Mapped[float | None]
    dozor_score: Mapped[float | None]
